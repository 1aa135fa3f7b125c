"""Writes of enrolment: the draw's shares, opening, screening, enrolling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from cohort.consent.models import Mode
from cohort.consent.services import give_consent, refuse_unfit_signing
from cohort.enrolment import allocate
from cohort.enrolment.eligibility import AgeRule, Answers, judge
from cohort.enrolment.models import Screening
from cohort.enrolment.opening import SHARES_WANTED, list_conditions
from cohort.enrolment.states import TABLE
from cohort.identity.matching import is_known_person
from cohort.identity.sealing import Identity
from cohort.identity.services import KNOWN_ALREADY, keep_identity
from cohort.participants.models import Participant
from cohort.participants.services import add_participant, plan_visits
from cohort.study.models import ConsentForm, Study, StudyState
from cohort.study.protocol import compute_protocol_sha256
from cohort.study.states import TABLE as STUDY_TABLE
from portal.audit.context import name_subject, service
from portal.audit.record import append_to_ledger
from portal.audit.ties import COOLING, is_tied
from portal.core.dates import write_day
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.sites.models import Site
from portal.workflow import move


@dataclass(frozen=True)
class Signing:
    """What was signed, when, and the answers to the items."""

    form: ConsentForm
    signed_on: date
    answers: Mapping[str, bool | None]
    copy_given: bool
    mode: str = Mode.PAPER


@service("draw.give_nonce")
def give_draw_share(*, actor: Actor, study: Study) -> None:
    """Let a custodian give a share of the draw's seed; by it the custodian agrees to the protocol as it stands."""
    require(actor, "draw.give_nonce")
    if study.state != StudyState.SETTING_UP or actor.user_pk is None:
        raise Refused(f"the draw of '{study.code}' was fixed when its enrolment opened")
    protocol_sha256 = compute_protocol_sha256(study)
    commitment = allocate.keep_nonce(study, actor.user_pk, protocol_sha256)
    append_to_ledger(
        "draw.nonce",
        {
            "study": str(study.pk),
            "custodian": str(actor.user_pk),
            "protocol_sha256": protocol_sha256,
            "commitment": commitment,
        },
    )
    name_subject(study.code)


@service("study.open_enrolment")
def open_enrolment(*, actor: Actor, study: Study) -> None:
    """Open enrolment: from here on the protocol is fixed, and the draw's seed with it."""
    require(actor, "study.open_enrolment")
    protocol_sha256 = compute_protocol_sha256(study)
    if missing := list_missing_for_opening(study):
        raise Refused("enrolment cannot open yet: " + "; ".join(missing))
    _refuse_signers_who_count_as_one(actor, study, allocate.list_givers(study, protocol_sha256)[:SHARES_WANTED])
    allocate.keep_seed(study, protocol_sha256)
    move(
        study,
        "open_enrolment",
        table=STUDY_TABLE,
        actor=actor,
        opened_at=timezone.now(),
        protocol_sha256=protocol_sha256,
    )
    append_to_ledger("study.opened", {"study": str(study.pk), "protocol_sha256": protocol_sha256})
    name_subject(study.code)


@service("study.close_enrolment")
def close_enrolment(*, actor: Actor, study: Study) -> None:
    """Close enrolment for good: nobody is screened or enrolled any more; those enrolled go on."""
    move(study, "close_enrolment", table=STUDY_TABLE, actor=actor)
    append_to_ledger("study.closed", {"study": str(study.pk), "protocol_sha256": study.protocol_sha256})
    name_subject(study.code)


def _refuse_signers_who_count_as_one(actor: Actor, study: Study, givers: Sequence[UUID]) -> None:
    """Raise Refused unless opener and custodians are different people, none of whom let another in of late."""
    if actor.person_pk in givers and not study.small_team:
        raise Refused("who opens enrolment must be another person than the two custodians of the draw")
    now = timezone.now()
    for one, other in combinations(dict.fromkeys([actor.person_pk, *givers]), 2):
        if is_tied(one, other, now):
            raise Refused(
                "of those who open enrolment and gave shares of the draw, one let another in within the last "
                f"{COOLING.days} days, so the two count as one person: wait, or ask another custodian"
            )


def list_missing_for_opening(study: Study) -> list[str]:
    """Return what is still missing before enrolment can open, as sentences; empty when nothing is."""
    return [one.missing for one in list_conditions(study) if not one.is_met]


@service("participant.screen")
def screen_person(*, actor: Actor, study: Study, site: Site, scr_source: str, **answers: Any) -> Screening:
    """Keep one screening with its verdict and every criterion that failed; no name is asked."""
    require(actor, "participant.screen", site.pk)
    _refuse_closed(study)
    if not study.study_sites.filter(site=site).exists():
        raise Refused(f"{site} does not take part in '{study.code}'")
    if answers["scr_date"] > timezone.localdate():
        raise Refused(f"a screening cannot be dated {write_day(answers['scr_date'])}, after today")
    verdict = judge(
        Answers(**{one.name: answers[one.name] for one in dataclass_fields(Answers)}),
        AgeRule(study.min_age_years, study.min_age_counts),
    )
    screening = Screening.objects.create(
        study=study,
        site=site,
        origin=study.origin,
        number=_next_number(study),
        state=verdict.outcome,
        failed=verdict.failed,
        defer_until=verdict.defer_until,
        screened_by_id=actor.person_pk,
        scr_source=scr_source,
        **answers,
    )
    name_subject(screening, site.pk)
    return screening


@service("participant.screen")
def decline_screening(*, actor: Actor, screening: Screening, why: str = "") -> None:
    """Record that the person does not want to take part; a reason is never asked for."""
    move(screening, "decline", table=TABLE, actor=actor, site_pk=screening.site_id, defer_until=None)


@service("participant.screen")
def clear_deferral(*, actor: Actor, screening: Screening) -> None:
    """Make a deferred person eligible once the wait is over."""
    if screening.defer_until and timezone.localdate() < screening.defer_until:
        raise Refused(f"{screening} is deferred until {write_day(screening.defer_until)}")
    move(screening, "clear", table=TABLE, actor=actor, site_pk=screening.site_id, defer_until=None)


@service("participant.enrol")
def enrol_participant(*, actor: Actor, screening: Screening, identity: Identity, signing: Signing) -> Participant:
    """Enrol a consented person: identity kept, code given, set drawn and concealed.

    All or nothing for everything that anyone can see. What is kept under other roles (identity, draw) is keyed by
    the screening, so that an enrolment that broke off is simply tried again.
    """
    require(actor, "participant.enrol", screening.site_id)
    study, site = screening.study, screening.site
    _refuse_closed(study)
    _refuse_unfit_person(screening, identity, signing.signed_on)
    refuse_unfit_signing(actor, study.pk, site.pk, signing.form, signing.signed_on, signing.answers, signing.copy_given)
    # First of all the move: of two enrolments at once, one ends here. The key it names is checked at the commit.
    new_pk = screening.participant_id_to_be
    move(screening, "enrol", table=TABLE, actor=actor, site_pk=site.pk, participant_id=new_pk)
    participant = add_participant(
        actor=actor,
        participant_pk=new_pk,
        study=study,
        site=site,
        sex=screening.sex,
        birth_year=identity.birth_date.year,
    )
    give_consent(
        actor=actor,
        participant=participant,
        form=signing.form,
        signed_on=signing.signed_on,
        answers=signing.answers,
        copy_given=signing.copy_given,
        mode=signing.mode,
    )
    plan_visits(actor=actor, participant=participant, baseline_on=signing.signed_on)
    keep_identity(participant_pk=participant.pk, study_pk=study.pk, identity=identity)
    allocate.assign(study, participant.pk, site.prefix, screening.sex, screening.scr_age)
    name_subject(participant.code, site.pk)
    return participant


def _refuse_closed(study: Study) -> None:
    if study.state != StudyState.ENROLLING:
        raise Refused(f"'{study.code}' is not open for enrolment")


def _refuse_unfit_person(screening: Screening, identity: Identity, signed_on: date) -> None:
    study = screening.study
    age = completed_years(identity.birth_date, signed_on)
    if not AgeRule(study.min_age_years, study.min_age_counts).is_met(age):
        raise Refused(
            f"the birth date makes an age of {age} years on {write_day(signed_on)}; the protocol's age rule is not met"
        )
    if abs(age - screening.scr_age) > 1:
        raise Refused(
            f"the birth date makes an age of {age} years, but {screening} was screened at {screening.scr_age}: "
            "check both before enrolling"
        )
    if is_known_person(study.pk, identity, other_than=screening.participant_id_to_be):
        raise Refused(KNOWN_ALREADY)


def completed_years(birth_date: date, day: date) -> int:
    """Return the age in completed years on a day; somebody born on 29 February ages on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _next_number(study: Study) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('screening.' || %s::text))", [str(study.pk)])
    return (Screening.objects.filter(study=study).aggregate(last=Max("number"))["last"] or 0) + 1
