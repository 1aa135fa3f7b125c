"""Participants with filled-in baseline forms, as a snapshot wants them; and a worker that runs its job."""

from datetime import date
from typing import Any

from cohort.crf.models import OutcomeRecord, Record
from cohort.datasets.models import Snapshot
from cohort.enrolment.models import Assignment
from cohort.enrolment.services import enrol_participant
from cohort.participants.models import Participant, Visit
from portal.audit.context import joined
from portal.jobs.leases import claim_job
from portal.jobs.models import Job
from portal.jobs.supervise import run_held_job
from tests.cast import Cast, hands, make_identity, make_screening, make_signing

OSTEOPOROTIC = {"LS_L1L4": -2.8, "FN_L": -2.1, "TH_L": -1.9}
HEALTHY = {"LS_L1L4": -0.6, "FN_L": -0.4, "TH_L": 0.1}
FOREARM_ONLY = {"R_33": -2.9, "R_UD": -3.0}


def enrol(cast: Cast, number: int, **answers: bool | None) -> Participant:
    """Enrol the number-th woman of Exeter; the draw puts three of each ten aside."""
    return enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast),
        identity=make_identity(f"Ann{number}"),
        signing=make_signing(cast, **answers),
    )


def fill(cast: Cast, participant: Participant, t_scores: dict[str, float], **forms: dict[str, Any]) -> None:
    """Have the baseline done with these answers, and the DXA of hip and spine with these T-scores."""
    with hands(cast.nora):
        visit = Visit.objects.get(participant=participant, code="BL")
        Visit.objects.filter(pk=visit.pk).update(state="done", happened_on=date(2026, 5, 4), age_y=66)
        whole = {"ant": {"weight_kg": 61.5, "height_cm": 160.0}, "fal": {"fal_12m": 1}, **forms}
        for form, answers in whole.items():
            add_record(participant, visit, form, answers)
        with joined("clinical"):
            for number, (region, t_score) in enumerate(t_scores.items(), start=1):
                add_outcome(participant, visit, "dxa", {"dxa_roi": region, "dxa_t": t_score}, number)


def add_record(participant: Participant, visit: Visit, form: str, answers: dict[str, Any], number: int = 1) -> None:
    """Add a completed form. Inside `hands`."""
    Record.objects.create(
        participant=participant,
        visit=visit,
        origin=participant.origin,
        form=form,
        number=number,
        state="complete",
        answers=answers,
    )


def add_outcome(participant: Participant, visit: Visit, form: str, answers: dict[str, Any], number: int = 1) -> None:
    """Add a completed form that tells of an outcome. Inside `hands` and `joined("clinical")`."""
    OutcomeRecord.objects.create(
        participant_id=participant.pk,
        visit_id=visit.pk,
        origin=participant.origin,
        form=form,
        number=number,
        state="complete",
        answers=answers,
    )


def make_ten(cast: Cast) -> list[Participant]:
    """Enrol ten women with a baseline; every second one has osteoporosis."""
    people = [enrol(cast, number) for number in range(10)]
    for number, one in enumerate(people):
        fill(cast, one, OSTEOPOROTIC if number % 2 else HEALTHY)
    return people


def in_part(people: list[Participant], *, test: bool) -> list[Participant]:
    """Return those whom the draw put into the test, or into training."""
    drawn = dict(Assignment.objects.values_list("participant_id", "is_test"))
    return [one for one in people if drawn[one.pk] is test]


def work_on(snapshot: Snapshot) -> Job:
    """Run a snapshot's job to its end, as a worker does; return it as it ended."""
    assert snapshot.job is not None
    held = claim_job(snapshot.job.pk, owner="the test", sandbox=[])
    assert held is not None
    run_held_job(held)
    snapshot.refresh_from_db()
    return Job.objects.get(pk=snapshot.job_id)
