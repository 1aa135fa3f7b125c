"""The only way to get jobs for somebody: those of no site, and those of the actor's own sites."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from portal.jobs.models import Job
from portal.roles.actors import Actor
from portal.roles.policy import WHO_MAY, require


def list_jobs_for(actor: Actor) -> QuerySet[Job]:
    """Return the jobs the actor may see, the newest first."""
    require(actor, "job.view")
    found = Job.objects.select_related("lease", "created_by", "site")
    sites = actor.sites_as(WHO_MAY["job.view"])
    return found if sites is None else found.filter(Q(site=None) | Q(site__in=sites))


def get_job_for(actor: Actor, job_pk: UUID) -> Job:
    """Return the job if the actor may see it; another site's job is a 404 like any unknown one."""
    return get_object_or_404(list_jobs_for(actor), pk=job_pk)
