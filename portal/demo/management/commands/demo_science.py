"""`manage.py demo_science`: runs and blinded evaluations of the demo, as its people would have made them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cohort.study.models import Study
from modelling.blinded.models import Evaluation
from modelling.engine.training.admissible import FX_FRAG, FX_INC, OP_WHO
from portal.demo import science
from portal.demo.papers import take_along
from portal.demo.public import bring_public_study
from portal.demo.study import CODE
from portal.demo.suggesting import mark_made
from portal.demo.waiting import NotDone


class Command(BaseCommand):
    help = "Train the demo's models and bring its evaluations to where a visitor finds them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the portal is served")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is for a demo only (TRABECULA_DEMO=1)")
        study = Study.objects.get(code=CODE)
        if Evaluation.objects.filter(study=study).exists():
            self.stdout.write("      runs and evaluations are there already")
            return
        try:
            revealed = self._make(study)
            public = bring_public_study(self._say)
            take_along(revealed or public, options["url"], settings.HOME / "demo" / "evaluation")
            mark_made()
        except NotDone as error:
            raise CommandError(str(error)) from None

    def _make(self, study: Study) -> Evaluation | None:
        """Bring the simulated study's evaluations on their way; return the revealed one, if it could be learned."""
        science.make_cards()
        opened = {task: science.open_evaluation(study, task, title) for task, title in science.TITLES.items()}
        locked = {task: opened[task] for task in (OP_WHO, FX_FRAG) if self._bring_to_lock(study, task, opened[task])}
        science.leave_runs(study)
        if OP_WHO in locked:
            science.reveal_evaluation(opened[OP_WHO])
            science.report(opened[OP_WHO])
            self._say(f"{opened[OP_WHO]} is revealed")
        if FX_FRAG in locked:
            science.give_one_share(opened[FX_FRAG], "carl")
            self._say(f"{opened[FX_FRAG]} waits for the second custodian")
        self._say(f"{opened[FX_INC]} is still enrolling")
        return locked.get(OP_WHO)

    def _bring_to_lock(self, study: Study, task: str, evaluation: Evaluation) -> bool:
        """Train, seal, rehearse, submit and lock; return False where the draw left nothing to learn from."""
        try:
            models = science.train(study, task, self._say)
        except science.NothingToLearn as error:
            self._say(f"{evaluation} stays open, with no model: {error}")
            return False
        science.lock_evaluation(evaluation, models, primary="fusion")
        self._say(f"{evaluation} is locked")
        return True

    def _say(self, words: str) -> None:
        self.stdout.write(f"      {words}")
        self.stdout.flush()
