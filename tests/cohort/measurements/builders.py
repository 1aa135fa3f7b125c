"""Series as an ingest leaves them, without their files: for tests of what is written and shown about them."""

from pathlib import Path
from typing import Any

from PIL import Image

from cohort.imaging.models import Series, Upload
from cohort.measurements.models import StrengthTest
from cohort.measurements.strength import record_strength
from cohort.participants.models import Participant
from modelling.engine.fe.recipe import Recipe
from modelling.engine.features.catalogue import STRENGTHS
from modelling.measuring.strength import ask_strength
from portal.core.hashing import sha256_file
from portal.roles.actors import WORKER
from tests.cast import Cast, hands


def lay_series(cast: Cast, participant: Participant, modality: str = "pqct", **changes: Any) -> Series:
    """Enter an accepted series of a left forearm by hand."""
    visit = changes.pop("visit", None) or participant.visits.get(code="BLI")
    attempt = changes.pop("attempt", 1)
    facts = {
        "participant": participant,
        "visit": visit,
        "origin": participant.origin,
        "modality": modality,
        "side": "L",
    }
    with hands(cast.nora):
        upload = Upload.objects.create(**facts, attempt=attempt, made_by_id=cast.nora.user_pk)
        held = {
            "kind": "density",
            "n_instances": 1,
            "rows": 10,
            "columns": 10,
            "spacing_mm": [1.0, 0.5, 0.5],
            "spacing_is": "patient",
            "pixel_sha256": "a" * 64,
            "value_min": 0.0,
            "value_max": 1.0,
        }
        return Series.objects.create(**facts, upload=upload, attempt=attempt, **held | changes)


def lay_strength(cast: Cast, series: Series, folder: Path, direction: str = "z") -> StrengthTest:
    """Ask for a mechanical test of a volume and write down what it might have given."""
    recipe = Recipe(8748.0, direction)
    test = ask_strength(actor=cast.dan, series=series, recipe=recipe)
    picture, field = folder / f"{direction}.png", folder / f"{direction}.nii.gz"
    Image.new("RGB", (640, 480), "#203040").save(picture)
    field.write_bytes(b"a field")
    names = [one.name for one in STRENGTHS.values() if (one.site or "z") == direction]
    record_strength(
        actor=WORKER,
        test=test,
        values=[(name, 2439.4 / (number + 1)) for number, name in enumerate(names)],
        facts={"residual": 3e-6, "iterations": 6, "elements": 176_768, "segmentation": "xct2"},
        files={name: (path, sha256_file(path)) for name, path in (("picture", picture), ("field", field))},
    )
    test.refresh_from_db()
    return test
