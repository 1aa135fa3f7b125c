"""The demo's second study, of human origin: the public NHANES table, through the same path as the study's own data.

It never meets the simulated study: its origin comes down to its snapshot, run, model and report.
"""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from cohort.enrolment.services import give_draw_share, open_enrolment
from cohort.exchange.access import SHIPPED
from cohort.exchange.services import import_table
from cohort.participants.models import Participant
from cohort.study.models import Basis, Origin, Study
from cohort.study.services import add_site, join_site, set_up_study
from modelling.blinded.models import Evaluation
from modelling.engine.training.admissible import FX_WRIST_PAST
from portal.demo import science

CODE = "wrist-nhanes"
TITLE = "NHANES fracture history"
PREFIX = "NHA"


def bring_public_study(say: Callable[[str], None]) -> Evaluation:
    """Set the study up, take the table in, train a clinical model of past wrist fracture, evaluate and report it.

    Return its revealed evaluation.
    """
    study = _set_up()
    dan = science.someone("dan")
    site = study.study_sites.get().site
    import_table(actor=dan, study=study, site=site, content=SHIPPED.read_bytes())
    say(f"{Participant.objects.filter(study=study).count()} adults of the public NHANES table taken in")
    evaluation = science.open_evaluation(study, FX_WRIST_PAST, "Past wrist fracture from clinical history")
    models = science.train(study, FX_WRIST_PAST, say)
    science.lock_evaluation(evaluation, models, primary="clinical")
    science.reveal_evaluation(evaluation)
    science.report(evaluation)
    say(f"{evaluation} is revealed")
    return evaluation


def _set_up() -> Study:
    paula = science.someone("paula")
    study = set_up_study(
        actor=paula,
        code=CODE,
        title=TITLE,
        origin=Origin.HUMAN,
        basis=Basis.PUBLIC_USE,
        min_age_years=40,
        target_participants=8802,
    )
    site = add_site(actor=paula, name="NHANES, public use", prefix=PREFIX)
    join_site(actor=paula, study=study, site=site, joined_on=timezone.localdate() - timedelta(days=1))
    for name in ("carl", "cora"):
        give_draw_share(actor=science.someone(name), study=study)
    open_enrolment(actor=paula, study=study)
    return study
