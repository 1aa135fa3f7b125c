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
from cohort.measurements.services import record_measurements
from cohort.participants.models import Participant, Visit
from modelling.engine.features.catalogue import VERSION, Value
from modelling.engine.phantom.dicom_writer import Identity, write_dicom
from modelling.engine.phantom.images import Images, make_images
from modelling.engine.phantom.worlds import make_person
from portal.core.storage import put_file
from portal.roles.actors import WORKER
from tests.cast import Cast, hands
from tests.cohort.datasets.people import HEALTHY, enrol, fill, in_part, work_on

pytestmark = pytest.mark.usefixtures("fresh_database", "home")
WHO = Identity("SIM-EXB-0001-K", "Example^Ann", date(1960, 5, 4), datetime(2026, 5, 4, 10, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return tmp_path


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


def measure(modality: str, version: str = VERSION, **values: float) -> None:
    """Write values measured in the newest series of a modality. values: the name's end → value, in its unit."""
    series = Series.objects.filter(modality=modality).latest("made_at")
    named = [Value(f"{modality}.{name}", value) for name, value in values.items()]
    record_measurements(actor=WORKER, series=series, version=version, values=named)


def read_row(snapshot: Snapshot) -> dict[str, str]:
    with (folder_of(snapshot) / "table.csv").open(encoding="utf-8", newline="") as stream:
        [row] = csv.DictReader(stream)
    return row


def test_what_was_measured_in_the_images_comes_as_columns_with_units(
    cast: Cast, trained: Participant, tmp_path: Path
) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans")
    measure("pqct", **{"total_density@4": 301.5, "cortical_thickness@33": 2.25})
    snapshot = build(cast)
    row = read_row(snapshot)
    assert (row["pqct.total_density@4"], row["pqct.cortical_thickness@33"]) == ("301.5", "2.25")
    assert snapshot.manifest is not None
    columns = {one["name"]: one for one in snapshot.manifest["columns"]}
    density = columns["pqct.total_density@4"]
    assert (density["kind"], density["unit"], density["group"]) == ("number", "mg HA/cm3", "pqct")


def test_one_of_many_measured_values_comes_when_it_is_asked_for(
    cast: Cast, trained: Participant, tmp_path: Path
) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans")
    measure("film", cortical_index=0.31)
    unasked = build(cast)
    assert unasked.manifest is not None
    left_out = {one["name"]: one["reason"] for one in unasked.manifest["left_out"]}
    assert left_out["film.cortical_index"] == "a measured value that comes when it is asked for by its name"
    asked = build(cast, columns=["film.cortical_index"])
    assert asked.manifest is not None
    assert read_row(asked)["film.cortical_index"] == "0.31"
    assert [one["unit"] for one in asked.manifest["columns"]] == ["1"]


def test_what_a_dxa_gave_is_no_column_and_the_manifest_says_why(
    cast: Cast, trained: Participant, tmp_path: Path
) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans")
    measure("dxa", abmd_ud=0.41)
    snapshot = build(cast)
    assert "dxa.abmd_ud" not in read_row(snapshot)
    assert snapshot.manifest is not None
    left_out = {one["name"]: one["reason"] for one in snapshot.manifest["left_out"]}
    assert left_out["dxa.abmd_ud"] == "lies in the closed schema, so it could not be read for test participants"


def test_a_value_of_an_older_measuring_is_not_taken(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans")
    measure("pqct", version="0", **{"total_density@4": 111.0, "bsi@4": 40.0})
    measure("pqct", **{"total_density@4": 301.5})
    row = read_row(build(cast))
    assert row["pqct.total_density@4"] == "301.5"
    assert "pqct.bsi@4" not in row


def test_what_was_measured_in_an_image_nobody_asked_for_stays_out(
    cast: Cast, trained: Participant, tmp_path: Path
) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans")
    measure("pqct", **{"total_density@4": 301.5})
    snapshot = build(cast, modalities=["film"])
    assert "pqct.total_density@4" not in read_row(snapshot)
    assert snapshot.manifest is not None
    left_out = {one["name"]: one["reason"] for one in snapshot.manifest["left_out"]}
    assert left_out["pqct.total_density@4"] == "measured in an image that was not asked for (pqct)"
    by_name = build(cast, modalities=["film"], columns=["pqct.total_density@4"])
    assert list(read_row(by_name)) == ["token", "pqct.total_density@4"]


def test_what_was_measured_in_an_unusable_scan_stays_out(cast: Cast, trained: Participant, tmp_path: Path) -> None:
    take_in(cast, trained, make_images(make_person(3, 0), "R"), tmp_path / "scans", state="unusable")
    measure("pqct", **{"total_density@4": 301.5})
    assert "pqct.total_density@4" not in read_row(build(cast))
