"""Series as an ingest leaves them, without their files: for tests of what is written and shown about them."""

from typing import Any

from cohort.imaging.models import Series, Upload
from cohort.participants.models import Participant
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
        return Series.objects.create(
            **facts,
            upload=upload,
            attempt=attempt,
            kind="density",
            n_instances=1,
            rows=10,
            columns=10,
            spacing_mm=[1.0, 0.5, 0.5],
            spacing_is="patient",
            pixel_sha256="a" * 64,
            value_min=0.0,
            value_max=1.0,
            **changes,
        )
