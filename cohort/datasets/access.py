"""The only way to get snapshots for somebody: those for training. Test inputs are on no page and in no answer."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from cohort.datasets.models import Purpose, Snapshot
from cohort.datasets.usability import is_usable
from cohort.study.access import list_studies_for
from cohort.study.models import Study
from portal.roles.actors import Actor
from portal.roles.policy import require


def list_snapshots_for(actor: Actor) -> QuerySet[Snapshot]:
    """Return the training snapshots of the studies the actor sees, the newest first."""
    require(actor, "snapshot.view")
    found = Snapshot.objects.filter(purpose=Purpose.TRAIN, study__in=list_studies_for(actor))
    return found.select_related("study", "job__lease", "made_by")


def get_snapshot_for(actor: Actor, pk: UUID) -> Snapshot:
    """Return one snapshot; another study's, or one of test inputs, is a 404 like any unknown one."""
    return get_object_or_404(list_snapshots_for(actor), pk=pk)


def newest_training_snapshot(study: Study, task: str) -> Snapshot | None:
    """Return the newest training snapshot of a task that may be learned from; None if there is none.

    study: one that the actor was let in to.
    """
    built = Snapshot.objects.filter(study=study, task=task, purpose=Purpose.TRAIN).exclude(sha256="")
    return next((one for one in built.order_by("-built_at") if is_usable(one).is_usable), None)
