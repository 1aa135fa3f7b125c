"""Writes of consent: give and withdraw."""

from collections.abc import Mapping
from datetime import date

from django.utils import timezone

from cohort.consent.models import ITEMS, Consent, ConsentState, Level, Mode, Withdrawal
from cohort.consent.states import TABLE
from cohort.participants.models import Participant
from cohort.study.models import ConsentForm
from portal.audit.context import name_subject, service
from portal.core.dates import write_day
from portal.core.errors import Refused
from portal.roles.actors import Actor
from portal.roles.models import Membership
from portal.roles.policy import WHO_MAY, require
from portal.workflow import move


@service("consent.give")
def give_consent(
    *,
    actor: Actor,
    participant: Participant,
    form: ConsentForm,
    signed_on: date,
    answers: Mapping[str, bool | None],
    copy_given: bool,
    mode: str = Mode.PAPER,
) -> Consent:
    """Record a signing. The one before it is kept and marked as replaced."""
    require(actor, "consent.give", participant.site_id)
    refuse_unfit_signing(actor, participant.study_id, participant.site_id, form, signed_on, answers, copy_given)
    current = participant.consents.filter(state=ConsentState.GIVEN).first()
    if participant.withdrawals.exists():
        raise Refused(f"{participant.code} has withdrawn; a new consent needs the PI and a new enrolment")
    if current is not None:
        if signed_on < current.signed_on:
            raise Refused(
                f"a consent of {write_day(signed_on)} cannot replace the one signed on {write_day(current.signed_on)}"
            )
        move(current, "supersede", table=TABLE, actor=actor, site_pk=participant.site_id)
    name_subject(participant.code, participant.site_id)
    return Consent.objects.create(
        participant=participant,
        form=form,
        signed_on=signed_on,
        taken_by_id=actor.person_pk,
        mode=mode,
        copy_given=copy_given,
        **{item: answers.get(item) for item in ITEMS},
    )


@service("consent.withdraw")
def withdraw_consent(
    *, actor: Actor, participant: Participant, level: Level, withdrawn_on: date, why: str = ""
) -> Withdrawal:
    """Record a withdrawal. It may go further than an earlier one, never back."""
    require(actor, "consent.withdraw", participant.site_id)
    if withdrawn_on > timezone.localdate():
        raise Refused(f"a withdrawal cannot be dated {write_day(withdrawn_on)}, after today")
    earlier = participant.withdrawals.order_by("-level").first()
    if earlier is not None and earlier.level >= level:
        raise Refused(f"{participant.code} has already withdrawn: {earlier.get_level_display().lower()}")
    current = participant.consents.filter(state=ConsentState.GIVEN).first()
    if current is not None and level == Level.NO_FURTHER_USE:
        move(current, "withdraw", table=TABLE, actor=actor, site_pk=participant.site_id)
    name_subject(participant.code, participant.site_id)
    return Withdrawal.objects.create(
        participant=participant,
        level=level,
        withdrawn_on=withdrawn_on,
        why=why,
        recorded_by_id=actor.person_pk,
    )


def refuse_unfit_signing(
    actor: Actor,
    study_pk: object,
    site_pk: int,
    form: ConsentForm,
    signed_on: date,
    answers: Mapping[str, bool | None],
    copy_given: bool,
) -> None:
    """Raise Refused unless this signing can stand (CLINICAL 1.4, rules a to d)."""
    if unknown := set(answers) - set(ITEMS):
        raise Refused(f"the consent form has no item '{sorted(unknown)[0]}'")
    if form.study_id != study_pk:
        raise Refused(f"consent form {form.version} belongs to another study")
    if signed_on > timezone.localdate():
        raise Refused(f"a consent cannot be signed on {write_day(signed_on)}, after today")
    if not form.is_valid_on(signed_on):
        raise Refused(
            f"consent form {form.version} was not valid on {write_day(signed_on)}: "
            f"it is valid from {write_day(form.valid_from)}"
            f"{f' to {write_day(form.valid_to)}' if form.valid_to else ''}, under approval {form.approval.reference}"
        )
    if not copy_given:
        raise Refused("the participant must be given a copy of the signed form first")
    if answers.get("con_i_part") is not True:
        raise Refused(f"'{ITEMS['con_i_part']}' must be yes to enrol")
    delegated = Membership.objects.filter(user=actor.user_pk, role__in=WHO_MAY["consent.give"]).on(signed_on)
    if not (delegated.filter(site=site_pk) | delegated.filter(site=None)).exists():
        raise Refused(f"{actor.name} was not delegated to take consent at this site on {write_day(signed_on)}")
