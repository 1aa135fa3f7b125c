"""The only way to get studies and what belongs to them."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from cohort.study.models import ConsentForm, Device, Study
from modelling.engine.features.step_wedge import Wedge
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, may, require
from portal.sites.models import Site


def list_studies_for(actor: Actor) -> QuerySet[Study]:
    """Return the studies the actor has a site in; a role at every site sees all.

    A study that no site has joined yet is seen by those who may set it up, or its own maker could not go on.
    """
    require(actor, "study.view")
    sites = actor.sites_as(WHO_MAY["study.view"])
    if sites is None:
        return Study.objects.all()
    seen = Q(study_sites__site__in=sites)
    if may(actor, "study.set_up"):
        seen |= Q(study_sites=None)
    return Study.objects.filter(seen).distinct()


def get_study_for(actor: Actor, code: str) -> Study:
    """Return one study; another's is a 404 like any unknown one."""
    return get_object_or_404(list_studies_for(actor), code=code)


def list_sites_for(actor: Actor) -> QuerySet[Site]:
    """Return every site: which clinics take part is no secret among the staff."""
    require(actor, "site.view")
    return Site.objects.all()


def list_consent_forms(study: Study) -> QuerySet[ConsentForm]:
    """Return all versions, the newest first."""
    return ConsentForm.objects.filter(study=study).select_related("approval")


def find_wedge(site_pk: Any, serial: str) -> Wedge | None:
    """Return the step wedge on the films of a site's X-ray unit; None where the unit or a wedge is not known."""
    found = Device.objects.filter(site=site_pk, kind=Device.Kind.RADIOGRAPH, serial=serial).first()
    return found.wedge if found and serial else None


def list_devices(study: Study) -> QuerySet[Device]:
    """Return the devices of the study's sites."""
    return Device.objects.filter(Q(site__in=study.study_sites.values("site"))).select_related("site")
