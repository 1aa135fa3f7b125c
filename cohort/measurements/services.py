"""The writes of measurements: what a measuring job found in one series, its pictures, and what it has to say."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.db import router

from cohort.imaging.models import Series
from cohort.measurements.models import (
    OUTCOME_FAMILY,
    BaseMeasurement,
    Measurement,
    OutcomeMeasurement,
    Picture,
    Remark,
)
from modelling.engine.features.catalogue import QUANTITIES, NotMeasured, Value
from portal.audit.context import joined, name_subject, service
from portal.core.errors import Refused
from portal.core.hashing import sha256_file
from portal.core.storage import put_file
from portal.roles.actors import Actor
from portal.roles.policy import require

MOST_WORDS = 300
"""Characters of a remark that are kept."""


@service("measurement.record")
def record_measurements(*, actor: Actor, series: Series, version: str, values: Sequence[Value]) -> int:
    """Write the values measured in a series and return how many; those of a DXA go to the closed schema.

    Raises Refused for a name that is not of the catalogue or not of this modality, and for a value that is not
    finite; a value that was written before by this version is the database's to refuse.
    """
    require(actor, "measurement.record")
    for one in values:
        _refuse_unfit(one, series)
    name_subject(f"series {series.pk}")
    rows = [_make_row(one, series, version) for one in values]
    Measurement.objects.bulk_create([one for one in rows if isinstance(one, Measurement)])
    closed = [one for one in rows if isinstance(one, OutcomeMeasurement)]
    if closed:
        # A worker has no address of the clinic's role: it inserts as itself, and may not read what it inserted.
        alias = router.db_for_write(OutcomeMeasurement)
        with joined(alias):
            OutcomeMeasurement.objects.using(alias).bulk_create(closed)
    return len(rows)


@service("measurement.record")
def record_pictures(*, actor: Actor, series: Series, version: str, pictures: Mapping[str, tuple[Path, str]]) -> None:
    """Keep the pictures of a measuring: kind -> file and its SHA-256 as it was reported.

    Raises Refused for a kind nobody knows, and for a file that is not the one that was reported.
    """
    require(actor, "measurement.record")
    name_subject(f"series {series.pk}")
    for kind, (path, sha256) in pictures.items():
        if kind not in Picture.Kind.values:
            raise Refused(f"'{kind}' is no kind of picture of a measuring")
        if sha256_file(path) != sha256:
            raise Refused(f"the picture '{kind}' that was written is not the one that was reported")
        Picture.objects.create(**_about(series, version), kind=kind, sha256=put_file(path), n_bytes=path.stat().st_size)


@service("measurement.record")
def record_remarks(
    *, actor: Actor, series: Series, version: str, notes: Sequence[str], left_out: Sequence[NotMeasured]
) -> None:
    """Write down what is odd about a series, and what could not be measured in it."""
    require(actor, "measurement.record")
    name_subject(f"series {series.pk}")
    told = [("", words) for words in notes] + [(one.name, one.why) for one in left_out]
    Remark.objects.bulk_create(
        [Remark(**_about(series, version), name=name, words=words[:MOST_WORDS]) for name, words in told]
    )


def _about(series: Series, version: str) -> dict[str, object]:
    return {
        "participant_id": series.participant_id, "series_id": series.pk, "origin": series.origin, "version": version,
    }  # fmt: skip


def _refuse_unfit(value: Value, series: Series) -> None:
    known = QUANTITIES.get(value.name)
    if known is None:
        raise Refused(f"'{value.name}' is no quantity of the catalogue")
    if known.modality != series.modality:
        raise Refused(f"'{value.name}' is not measured in an image of the kind '{series.modality}'")
    if not math.isfinite(value.value):
        raise Refused(f"'{value.name}' is not finite")


def _make_row(value: Value, series: Series, version: str) -> BaseMeasurement:
    kind = OutcomeMeasurement if value.name.startswith(OUTCOME_FAMILY) else Measurement
    return kind(
        participant_id=series.participant_id,
        series_id=series.pk,
        origin=series.origin,
        name=value.name,
        unit=QUANTITIES[value.name].unit,
        value=value.value,
        version=version,
        pixel_sha256=series.pixel_sha256,
    )
