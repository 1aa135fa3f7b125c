"""Measuring by itself: the clock looks for series nobody has measured, a worker measures, its finish writes down."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cohort.consent.models import Level
from cohort.imaging.models import Series
from cohort.measurements.services import record_measurements, record_pictures, record_remarks
from modelling.engine.features.catalogue import DXA, HRPQCT, MEASURED, PQCT, VERSION, NotMeasured, Value
from modelling.measuring.laying import USABLE, find_forearms_mm, lay_series
from modelling.measuring.models import SeriesMeasuring
from modelling.measuring.warming import warm_loops
from portal.audit.context import name_subject, service
from portal.core.errors import Refused
from portal.core.hashing import sha256_hex
from portal.jobs.leases import Held
from portal.jobs.models import Job
from portal.jobs.services import launch_job
from portal.jobs.states import OPEN
from portal.roles.actors import CLOCK, WORKER, Actor
from portal.roles.policy import require

KIND = "measuring.series"
QUEUE = "gpu"
RESULT = "measurements.json"
PICTURES = "pictures"

MOST_AT_ONCE = 4
"""Jobs that wait or run: training shares their queue and must get its turn."""
MOST_SERIES = 12
"""Series of one participant in one job."""
NEEDS_LENGTH = (DXA, PQCT)
"""Without the length of the forearm the 33 % of a DXA and the shaft of a pQCT have no place."""
WAIT_FOR_LENGTH = timedelta(days=7)
"""How long such a series waits for somebody to write that length down."""


def launch_missing() -> int:
    """Have the series measured that nobody has measured by this version; return how many jobs were started."""
    n_free = MOST_AT_ONCE - Job.objects.filter(kind=KIND, state__in=OPEN).count()
    if n_free <= 0:
        return 0
    todo: dict[UUID, list[Series]] = defaultdict(list)
    for one in _keep_ready(list_unmeasured()):
        if len(todo[one.participant_id]) < MOST_SERIES:
            todo[one.participant_id].append(one)
    return sum(_launch(actor=CLOCK, series=one) for one in list(todo.values())[:n_free])


def list_unmeasured() -> list[Series]:
    """Return the usable series that no job of this version was given, the oldest first; of the withdrawn, none."""
    found = Series.objects.filter(modality__in=MEASURED, state__in=USABLE)
    found = found.exclude(pk__in=SeriesMeasuring.objects.filter(version=VERSION).values("series_id"))
    found = found.exclude(participant__withdrawals__level=Level.NO_FURTHER_USE)
    return list(found.select_related("participant__site").order_by("made_at", "pk"))


def _keep_ready(series: Sequence[Series]) -> list[Series]:
    """Return the series that can be measured now: what needs the length of its forearm waits, but not for ever."""
    since = timezone.now() - WAIT_FOR_LENGTH
    waiting = [one for one in series if one.modality in NEEDS_LENGTH and one.made_at > since]
    lengths = find_forearms_mm(one.participant_id for one in waiting)
    without = {one.pk for one in waiting if (one.participant_id, one.side) not in lengths}
    return [one for one in series if one.pk not in without]


@service("measuring.launch")
def _launch(*, actor: Actor, series: Sequence[Series]) -> bool:
    """Give one participant's series to a job; False where somebody was faster."""
    require(actor, "measuring.launch")
    locked = Series.objects.select_for_update().filter(pk__in=[one.pk for one in series])
    pks = sorted(one.pk for one in locked)
    if SeriesMeasuring.objects.filter(series__in=pks, version=VERSION).exists():
        return False
    first = series[0]
    job = launch_job(
        actor=actor,
        kind=KIND,
        spec={"series": [str(pk) for pk in pks], "version": VERSION},
        queue=QUEUE,
        site=first.participant.site,
        origin=first.origin,
    )
    SeriesMeasuring.objects.bulk_create(
        [
            SeriesMeasuring(series=one, participant_id=one.participant_id, origin=one.origin, version=VERSION, job=job)
            for one in series
        ]
    )
    name_subject(first.participant.code, first.participant.site_id)
    return True


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names some series and a version."""
    if set(spec) != {"series", "version"} or not spec["series"]:
        raise ValueError("wanted 'series', some keys, and 'version'")
    for one in spec["series"]:
        UUID(str(one))


def prepare(held: Held, folder: Path) -> None:
    """Lay the images of a job into its folder. Raises Refused where the version has moved on."""
    if held.spec["version"] != VERSION:
        raise Refused(f"version {held.spec['version']} of the measuring was asked for; this is version {VERSION}")
    found = list(Series.objects.filter(pk__in=held.spec["series"]))
    if any(one.modality == HRPQCT for one in found):
        warm_loops()
    for one in found:
        place = folder / "series" / str(one.pk)
        place.mkdir(mode=0o700, parents=True)
        lay_series(one, place)


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Write down what was measured, in the transaction that finishes the job. Raises Refused for a foreign result."""
    content = (folder / "result" / RESULT).read_bytes()
    if sha256_hex(content) != result.get("sha256"):
        raise Refused("the measurements that were written are not those that were reported")
    written = json.loads(content)
    found = written["series"]
    if written["version"] != job.spec["version"] or set(found) != set(job.spec["series"]):
        raise Refused("the measurements are of other series, or another version, than were asked for")
    now = timezone.now()
    for row in SeriesMeasuring.objects.select_related("series").filter(job=job, version=written["version"]):
        _write_down(row, found[str(row.series_id)], folder / "result" / PICTURES)
        SeriesMeasuring.objects.filter(pk=row.pk).update(measured_at=now)
    # What lies there tells outcomes, and has served.
    transaction.on_commit(lambda: _drop(folder))


def _write_down(row: SeriesMeasuring, found: Mapping[str, Any], pictures: Path) -> None:
    """Write down values, remarks and pictures of one series."""
    about: dict[str, Any] = {"actor": WORKER, "series": row.series, "version": row.version}
    record_measurements(**about, values=[Value(one["name"], float(one["value"])) for one in found["values"]])
    left_out = [NotMeasured(one["name"], one["why"]) for one in found["left_out"]]
    record_remarks(**about, notes=found["notes"], left_out=left_out)
    # A file's name alone: what a child wrote never leads out of its folder.
    kept = {one["kind"]: (pictures / Path(one["file"]).name, one["sha256"]) for one in found["pictures"]}
    record_pictures(**about, pictures=kept)


def _drop(folder: Path) -> None:
    for name in ("series", "result"):
        rmtree(folder / name, ignore_errors=True)
