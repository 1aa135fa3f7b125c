"""Mechanical tests by finite elements: what one will need is told, somebody asks for it, a worker's child makes it."""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from cohort.imaging.models import Series, StoredFile
from cohort.measurements.models import Measurement, StrengthTest
from cohort.measurements.strength import record_strength, refuse_untestable
from modelling.engine.fe.foretelling import Foretold, foretell
from modelling.engine.fe.quantities import VERSION
from modelling.engine.fe.recipe import Recipe, read_recipe, tissue_modulus
from modelling.measuring.laying import lay_series
from modelling.measuring.warming import warm_loops
from portal.audit.context import name_subject, service
from portal.core.errors import Refused
from portal.core.hashing import sha256_hex
from portal.jobs.leases import Held
from portal.jobs.models import Job
from portal.jobs.services import launch_job
from portal.roles.actors import WORKER, Actor
from portal.roles.policy import require

KIND = "measuring.strength"
QUEUE = "gpu"
RESULT, FIELD, PICTURE = "strength.json", "field.nii.gz", "failure.png"
"""What `modelling.engine.fe.job` leaves in result/."""

BYTES_PER_VALUE = 2
"""Of a stored volume: the scanner's own integers."""


def propose_recipe(series: Series) -> Recipe:
    """Return the usual test of a series: its scanner's tissue modulus, compressed along the axis."""
    z, y, x = series.spacing_mm
    return Recipe(tissue_modulus((z, y, x)))


def foretell_test(series: Series) -> Foretold | None:
    """Return what a test will need, from the indices measured in the series; None while they are not known."""
    rows = Measurement.objects.filter(series=series, name__startswith="hrpqct.").order_by("made_at")
    found = dict(rows.values_list("name", "value"))
    names = ("hrpqct.tt_ar", "hrpqct.tb_ar", "hrpqct.ct_ar", "hrpqct.bvtv", "hrpqct.ct_po")
    if any(name not in found for name in names):
        return None
    total, trabecular, cortical, share, pores = (found[name] for name in names)
    z, y, x = series.spacing_mm
    bone = trabecular * share + cortical * (1.0 - pores)
    return foretell(bone, total, (z, y, x), count_slices(series))


def count_slices(series: Series) -> int:
    """Return how many slices a stored volume has: a single file holds as many as its bytes."""
    if series.n_instances > 1:
        return int(series.n_instances)
    files = StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE)
    n_bytes = files.aggregate(n=Sum("n_bytes"))["n"] or 0
    return max(1, int(n_bytes // (BYTES_PER_VALUE * series.rows * series.columns)))


@service("strength.ask")
def ask_strength(*, actor: Actor, series: Series, recipe: Recipe) -> StrengthTest:
    """Ask for a mechanical test of a series; return it. The same test asked for again while it runs is the same one.

    Raises NotAllowed; Refused for what cannot be tested, what needs more memory than a job is given, and a test
    that was made already.
    """
    participant = series.participant
    require(actor, "strength.ask", participant.site_id)
    refuse_untestable(series)
    foretold = foretell_test(series)
    if foretold is not None and foretold.n_bytes > settings.JOB_MEMORY_MB * 2**20:
        raise Refused(
            f"about {foretold.n_elements} elements need {foretold.n_bytes / 1e9:.1f} GB; a job is given "
            f"{settings.JOB_MEMORY_MB * 2**20 / 1e9:.1f} GB (JOB_MEMORY_MB)"
        )
    same = StrengthTest.objects.filter(series=series, version=VERSION, recipe=recipe.describe())
    if same.exclude(tested_at=None).exists():
        raise Refused("this test was made already, and would give the same; it stands below")
    job = launch_job(
        actor=actor,
        kind=KIND,
        spec={"series": str(series.pk), "version": VERSION, "recipe": recipe.describe()},
        queue=QUEUE,
        site=participant.site,
        origin=series.origin,
    )
    test, _ = StrengthTest.objects.get_or_create(
        job=job,
        defaults={
            "series": series,
            "participant": participant,
            "origin": series.origin,
            "version": VERSION,
            "recipe": recipe.describe(),
            "pixel_sha256": series.pixel_sha256,
        },
    )
    name_subject(participant.code, participant.site_id)
    return test


def check_spec(spec: Mapping[str, Any]) -> None:
    """Raise ValueError unless the spec names a series, a version and a recipe that can be tested by."""
    if set(spec) != {"series", "version", "recipe"}:
        raise ValueError("wanted 'series', 'version' and 'recipe'")
    UUID(str(spec["series"]))
    read_recipe(dict(spec["recipe"]))


def prepare(held: Held, folder: Path) -> None:
    """Lay the volume and the recipe of a test into its folder. Raises Refused."""
    if held.spec["version"] != VERSION:
        raise Refused(f"version {held.spec['version']} of the test was asked for; this is version {VERSION}")
    series = Series.objects.select_related("participant").get(pk=held.spec["series"])
    # A consent may have been withdrawn, or the series found unusable, between the wish and the beginning.
    refuse_untestable(series)
    warm_loops()
    lay_series(series, folder)
    asked = {
        "recipe": held.spec["recipe"],
        "memory_mb": settings.JOB_MEMORY_MB,
        "max_iterations": settings.STRENGTH_MAX_ITERATIONS,
    }
    (folder / "test.json").write_text(json.dumps(asked) + "\n", "utf-8")


def finish(job: Job, folder: Path, result: Mapping[str, Any]) -> None:
    """Write down what a test gave, in the transaction that finishes its job. Raises Refused for a foreign result."""
    test = StrengthTest.objects.select_for_update(of=("self",)).select_related("series__participant").get(job=job)
    content = (folder / "result" / RESULT).read_bytes()
    if sha256_hex(content) != result.get("sha256"):
        raise Refused("the test that was written is not the one that was reported")
    written = json.loads(content)
    if written["version"] != test.version or written["recipe"] != test.recipe:
        raise Refused("the test is of another recipe, or another version, than was asked for")
    place = folder / "result"
    record_strength(
        actor=WORKER,
        test=test,
        values=[(one["name"], float(one["value"])) for one in written["values"]],
        facts=written["facts"],
        files={name: (place / file, written["files"][file]) for name, file in (("field", FIELD), ("picture", PICTURE))},
    )
    transaction.on_commit(lambda: _drop(folder))


def _drop(folder: Path) -> None:
    """Remove the copy of the volume and of what is kept in the store now."""
    rmtree(folder / "result", ignore_errors=True)
    (folder / "volume.npy").unlink(missing_ok=True)
