"""Images of a snapshot: physical films and scans through the real readers, into the files a model reads."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from cohort.datasets.building import folder_of
from cohort.datasets.intensity import ATTENUATION
from cohort.datasets.models import DatasetRow, Snapshot
from cohort.datasets.services import build_snapshot
from cohort.imaging.models import Series, StoredFile, Upload
from cohort.participants.models import Participant, Visit
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.worlds import make_person
from portal.core.storage import put_file
from tests.cast import Cast, hands, make_cast
from tests.cohort.datasets.people import HEALTHY, enrol, fill, in_part, work_on

pytestmark = pytest.mark.usefixtures("fresh_database", "home")
WHO = Identity("SIM-EXB-0001-K", "Example^Ann", date(1960, 5, 4), datetime(2026, 5, 4, 10, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture
def cast(fresh_database: dict[str, str]) -> Cast:
    return make_cast()


@pytest.fixture
def trained(cast: Cast) -> Participant:
    """Somebody whom the draw put into training, with a baseline."""
    people = [enrol(cast, number) for number in range(5)]
    chosen = in_part(people, test=False)[0]
    fill(cast, chosen, HEALTHY)
    return chosen


def take_in(cast: Cast, participant: Participant, images: Images, folder: Path, **changes: str) -> None:
    """Keep a person's phantom images as series of the baseline, as an ingest does."""
    files: dict[str, list[Path]] = {}
    for path in write_dicom(images, WHO, folder):
        files.setdefault(path.stem.partition("-")[0], []).append(path)
    visit = Visit.objects.get(participant=participant, code="BLI")
    with hands(cast.nora):
        for modality, paths in files.items():
            whole = {"participant": participant, "visit": visit, "origin": participant.origin, "modality": modality}
            upload = Upload.objects.create(**whole, side=images.side, attempt=1, made_by_id=cast.nora.user_pk)
            series = Series.objects.create(
                **whole,
                upload=upload,
                side=images.side,
                attempt=1,
                kind="intensity",
                n_instances=len(paths),
                rows=1,
                columns=1,
                spacing_is="patient",
                pixel_sha256="0" * 64,
                value_min=0,
                value_max=1,
                **changes,
            )
            for number, path in enumerate(paths, start=1):
                sha256 = put_file(path)
                n_bytes = path.stat().st_size
                StoredFile.objects.create(
                    series=series, role="image", number=number, name=path.name, sha256=sha256, n_bytes=n_bytes
                )


def list_images(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    with (folder_of(snapshot) / "images.csv").open(encoding="utf-8", newline="") as stream:
        return {row["modality"]: row for row in csv.DictReader(stream)}


def build(cast: Cast, **changes: object) -> Snapshot:
    snapshot = build_snapshot(actor=cast.ana, study=cast.study, task="OP_WHO", **changes)  # type: ignore[arg-type]
    job = work_on(snapshot)
    assert (job.state, job.failure_text) == ("finished", "")
    return snapshot


def test_a_film_becomes_the_attenuation_it_was_made_from(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    images = make_images(make_person(3, 0), "R")
    take_in(cast, trained, images, tmp_path / "scans")
    snapshot = build(cast)
    rows = list_images(snapshot)
    assert set(rows) == {"film", "dxa", "pqct"}
    token = DatasetRow.objects.using("snapshot").get(snapshot_id=snapshot.pk).token
    assert {row["token"] for row in rows.values()} == {token}
    assert (rows["film"]["unit"], rows["film"]["flipped"]) == (ATTENUATION, "0")
    film = np.load(folder_of(snapshot) / rows["film"]["file"])
    # The phantom's grey is 10,000 per unit of -ln(I / I0); the open field beside the arm is 0 in both.
    assert np.corrcoef(film[0].ravel(), images.film.values[0].ravel())[0, 1] > 0.999
    assert film.max() == pytest.approx(images.film.values.max() * 1e-4, abs=0.05)


def test_left_wrists_are_mirrored_and_say_so(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    images = make_images(make_person(3, 0), "L")
    take_in(cast, trained, images, tmp_path / "scans")
    snapshot = build(cast, modalities=["dxa"])
    row = list_images(snapshot)["dxa"]
    assert (row["side"], row["flipped"], row["unit"]) == ("L", "1", "g/cm2")
    dxa = np.load(folder_of(snapshot) / row["file"])
    assert np.allclose(dxa[:, :, ::-1], images.dxa.values, atol=1e-3)


def test_slices_come_as_one_volume_in_their_own_unit(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    images = make_images(make_person(3, 0), "R")
    take_in(cast, trained, images, tmp_path / "scans")
    snapshot = build(cast, modalities=["pqct"])
    row = list_images(snapshot)["pqct"]
    volume = np.load(folder_of(snapshot) / row["file"])
    assert volume.shape[0] == len(images.pqct_z_mm)
    assert row["unit"] == "mg HA/cm3"


def test_a_series_nobody_may_use_stays_out(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans", state="unusable")
    assert list_images(build(cast)) == {}
