"""Who is in a snapshot: enrolled, baseline done, consent, the draw, the label; each step counted, in that order.

This runs in a worker, as the snapshot builder's role; nobody else can ask the draw, and no count here is by outcome
but over training participants.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from cohort.consent.purposes import Purpose as ConsentPurpose
from cohort.consent.rules import Decision, decide_each
from cohort.datasets.models import Purpose, Snapshot
from cohort.datasets.telling import round_flow
from cohort.imaging.models import Series
from cohort.labels.rules import Label
from cohort.labels.services import BASELINE, label_participants, part_of
from cohort.participants.models import Participant, Visit
from cohort.study.models import Basis
from portal.core.errors import Refused

ALIAS = "snapshot"
USABLE_SERIES = ("accepted", "in_use")

CONSENT_NEEDED = {Purpose.TRAIN: ConsentPurpose.TRAIN, Purpose.TEST: ConsentPurpose.EVALUATE}
PART_WANTED = {Purpose.TRAIN: "train", Purpose.TEST: "test"}


@dataclass(frozen=True)
class Chosen:
    """One participant who is in, on what consent, with the label where there is one to know."""

    participant: Participant
    decision: Decision
    label: Label


@dataclass
class Flow:
    """The steps so far: words, how many are left, and how many left out by reason."""

    steps: list[tuple[str, int, dict[str, int]]] = field(default_factory=list)

    def note(self, words: str, n_left: int, left_out: Mapping[str, int] | None = None) -> None:
        """Add a step."""
        self.steps.append((words, n_left, dict(left_out or {})))

    def as_json(self) -> list[dict[str, Any]]:
        """Return the steps as the manifest has them."""
        return [
            {"step": words, "n": n_left, "left_out": [{"reason": why, "n": n} for why, n in sorted(out.items())]}
            for words, n_left, out in self.steps
        ]


def choose(snapshot: Snapshot, day: date) -> tuple[list[Chosen], Flow]:
    """Return who is in, and the flow of counts. Raises Refused where nobody is left."""
    flow = Flow()
    enrolled = _list_enrolled(snapshot)
    flow.note("enrolled", len(enrolled))
    ready = _keep_with_baseline(snapshot, enrolled, flow)
    allowed = _keep_consented(snapshot, ready, day, flow)
    drawn = _keep_drawn(snapshot, allowed, flow)
    chosen = _keep_labelled(snapshot, _keep_with_film(snapshot, drawn, flow), flow)
    if not chosen:
        steps = "; ".join(f"{one['step']}: {one['n']}" for one in round_flow(flow.as_json()))
        raise Refused(f"nobody is left for this snapshot ({steps})")
    return chosen, flow


def classify_reason(decision: Decision) -> str:
    """Return a decision's reason without its day, so that people can be counted by it."""
    words = decision.reason
    if words.startswith("withdrawn on"):
        return f"withdrawn: {words.partition(': ')[2]}"
    return words.partition(" on ")[0] if words.startswith("'") else words


def _list_enrolled(snapshot: Snapshot) -> list[Participant]:
    found: QuerySet[Participant] = Participant.objects.filter(study=snapshot.study).select_related("study")
    return list(found.prefetch_related("consents__form", "withdrawals").order_by("code"))


def _keep_with_baseline(snapshot: Snapshot, people: Sequence[Participant], flow: Flow) -> list[Participant]:
    done = set(
        Visit.objects.filter(participant__study=snapshot.study, code="BL", state="done").values_list(
            "participant_id", flat=True
        )
    )
    kept = [one for one in people if one.pk in done]
    flow.note("baseline visit done", len(kept), _out({"not seen at baseline yet": len(people) - len(kept)}))
    return kept


def _keep_consented(
    snapshot: Snapshot, people: Sequence[Participant], day: date, flow: Flow
) -> list[tuple[Participant, Decision]]:
    purpose = CONSENT_NEEDED[Purpose(snapshot.purpose)]
    decided = [(one, decide_each(one, day, (purpose,))[purpose]) for one in people]
    kept = [(one, decision) for one, decision in decided if decision.allowed]
    reasons = Counter(classify_reason(decision) for _, decision in decided if not decision.allowed)
    words = (
        "may be used: public-use data set" if snapshot.study.basis == Basis.PUBLIC_USE else "consent covers this use"
    )
    flow.note(words, len(kept), reasons)
    return kept


def _keep_drawn(
    snapshot: Snapshot, people: Sequence[tuple[Participant, Decision]], flow: Flow
) -> list[tuple[Participant, Decision]]:
    wanted = PART_WANTED[Purpose(snapshot.purpose)]
    parts = part_of((one.pk for one, _ in people), alias=ALIAS)
    kept = [(one, decision) for one, decision in people if parts[one.pk] == wanted]
    words, why = {
        "train": ("drawn into training", "kept aside by the draw"),
        "test": ("drawn into the test", "in training"),
    }[wanted]
    flow.note(words, len(kept), _out({why: len(people) - len(kept)}))
    return kept


def _keep_with_film(
    snapshot: Snapshot, people: Sequence[tuple[Participant, Decision]], flow: Flow
) -> list[tuple[Participant, Decision]]:
    """Keep, of those to be tested, who has a radiograph: models are judged by it, and all on the same people."""
    if snapshot.purpose != Purpose.TEST or "film" not in snapshot.modalities:
        return list(people)
    imaged = set(
        Series.objects.filter(
            participant__study=snapshot.study, visit__code__in=BASELINE, modality="film", state__in=USABLE_SERIES
        ).values_list("participant_id", flat=True)
    )
    kept = [(one, decision) for one, decision in people if one.pk in imaged]
    flow.note("has a radiograph", len(kept), _out({"no usable radiograph": len(people) - len(kept)}))
    return kept


def _keep_labelled(snapshot: Snapshot, people: Sequence[tuple[Participant, Decision]], flow: Flow) -> list[Chosen]:
    if snapshot.purpose == Purpose.TEST:
        return [Chosen(one, decision, Label(None)) for one, decision in people]
    labels: dict[uuid.UUID, Label] = label_participants(snapshot.study, snapshot.task, alias=ALIAS)
    chosen = [Chosen(one, decision, labels[one.pk]) for one, decision in people]
    kept = [one for one in chosen if one.label.value is not None]
    reasons = Counter(one.label.why for one in chosen if one.label.value is None)
    flow.note("has a label", len(kept), reasons)
    return kept


def _out(counts: Mapping[str, int]) -> dict[str, int]:
    return {why: n for why, n in counts.items() if n}
