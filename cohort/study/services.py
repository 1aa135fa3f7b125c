"""Writes of the study: set-up, sites, approvals, consent forms, devices."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from cohort.study.models import ConsentForm, Device, EthicsApproval, Study, StudySite, StudyState
from modelling.engine.features.step_wedge import Wedge
from portal.audit.context import name_subject, service
from portal.core.dates import write_day
from portal.core.errors import Refused, WrongState
from portal.roles.actors import Actor
from portal.roles.policy import require
from portal.sites.models import Site


@service("study.set_up")
def set_up_study(*, actor: Actor, code: str, title: str, origin: str, **settings: Any) -> Study:
    """Add a study. Its origin never changes; its other rules may, until enrolment opens."""
    require(actor, "study.set_up")
    study = Study(code=code, title=title, origin=origin, **settings)
    _save_new(study, f"the study '{code}'")
    name_subject(study.code)
    return study


@service("study.set_up")
def change_study(*, actor: Actor, study: Study, **settings: Any) -> None:
    """Change the rules of a study that is still being set up."""
    require(actor, "study.set_up")
    if study.state != StudyState.SETTING_UP:
        raise WrongState(f"the rules of '{study.code}' are fixed since enrolment opened; change needs an amendment")
    for name, value in settings.items():
        setattr(study, name, value)
    study.full_clean(exclude=["opened_at"])
    study.save()
    name_subject(study.code)


@service("site.add")
def add_site(*, actor: Actor, name: str, prefix: str) -> Site:
    """Add a site. Its prefix begins the codes of its participants and is never given twice."""
    require(actor, "site.add")
    site = Site(name=name.strip(), prefix=prefix.strip().upper())
    _save_new(site, f"the site '{name}' with prefix '{prefix}'")
    name_subject(site.prefix, site.pk)
    return site


@service("study.set_up")
def join_site(*, actor: Actor, study: Study, site: Site, joined_on: date) -> StudySite:
    """Let a site take part in a study."""
    require(actor, "study.set_up")
    joined = StudySite(study=study, site=site, joined_on=joined_on)
    _save_new(joined, f"{site} in '{study.code}'")
    name_subject(study.code, site.pk)
    return joined


@service("study.add_approval")
def add_approval(*, actor: Actor, study: Study, **facts: Any) -> EthicsApproval:
    """Record a favourable opinion of an ethics committee."""
    require(actor, "study.add_approval")
    approval = EthicsApproval(study=study, **facts)
    _save_new(approval, f"the approval '{approval.reference}'")
    name_subject(study.code)
    return approval


@service("study.add_approval")
def add_consent_form(*, actor: Actor, study: Study, approval: EthicsApproval, **facts: Any) -> ConsentForm:
    """Add a version of the consent form. It is valid only from the day its ethics approval allows."""
    require(actor, "study.add_approval")
    form = ConsentForm(study=study, approval=approval, **facts)
    if approval.study_id != study.pk:
        raise Refused(f"the approval {approval.reference} belongs to another study")
    if form.valid_from < approval.approved_on:
        raise Refused(
            f"consent form {form.version} cannot be valid from {write_day(form.valid_from)}: "
            f"the committee approved it on {write_day(approval.approved_on)}"
        )
    _save_new(form, f"the consent form {form.version}")
    name_subject(study.code)
    return form


@service("study.add_device")
def add_device(*, actor: Actor, site: Site, **facts: Any) -> Device:
    """Add a scanner or X-ray unit of a site."""
    require(actor, "study.add_device", site.pk)
    device = Device(site=site, added_by_id=actor.person_pk, **facts)
    _save_new(device, f"the device {device.serial}")
    name_subject(device.serial, site.pk)
    return device


@service("study.name_wedge")
def name_wedge(*, actor: Actor, device: Device, steps_mm: Sequence[float], length_mm: float) -> Wedge:
    """Name the aluminium step wedge that lies on an X-ray unit's films from now on.

    Raises Refused for another kind of device, and for steps that make no wedge.
    """
    require(actor, "study.name_wedge", device.site_id)
    if device.kind != Device.Kind.RADIOGRAPH:
        raise Refused(f"a step wedge lies on films; {device} takes none")
    try:
        wedge = Wedge(tuple(steps_mm), length_mm)
    except ValueError as error:
        raise Refused(str(error)) from None
    device.wedge_steps_mm, device.wedge_length_mm = list(wedge.steps_mm), wedge.length_mm
    device.save(update_fields=["wedge_steps_mm", "wedge_length_mm"])
    name_subject(device.serial, device.site_id)
    return wedge


def _save_new(row: models.Model, words: str) -> None:
    """Save a new row whose values come from a person; what cannot be becomes one readable sentence."""
    try:
        row.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            row.save(force_insert=True)
    except ValidationError as error:
        raise Refused(f"{words} cannot be added: {'; '.join(error.messages)}") from None
    except IntegrityError:
        raise Refused(f"{words} cannot be added: it is there already, or its dates do not fit") from None
