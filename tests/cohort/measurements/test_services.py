"""Measured values are written once, by the worker alone, each where it belongs."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from cohort.measurements.access import list_measurements_for
from cohort.measurements.models import Measurement, OutcomeMeasurement, Picture, Remark
from cohort.measurements.services import record_measurements, record_pictures, record_remarks
from cohort.participants.models import Participant
from modelling.engine.features.catalogue import Value
from portal.core.errors import NotAllowed, Refused
from portal.core.hashing import sha256_file
from portal.embedded.environment import variable_of
from portal.roles.actors import CLOCK, WORKER
from tests.cast import Cast, hands, make_cast, make_participant
from tests.cohort.measurements.builders import lay_series
from tests.database import rolls_back

SSI = Value("pqct.ssi@33", 182.5)
ABMD = Value("dxa.abmd_33", 0.612)


@pytest.fixture
def ann(cast: Cast) -> Participant:
    return make_participant(cast)


@rolls_back
def test_a_value_is_kept_with_unit_version_and_what_it_was_measured_in(cast: Cast, ann: Participant):
    series = lay_series(cast, ann)
    assert record_measurements(actor=WORKER, series=series, version="1", values=[SSI]) == 1
    row = Measurement.objects.get()
    assert (row.name, row.value, row.unit, row.version) == ("pqct.ssi@33", 182.5, "mm3", "1")
    assert (row.pixel_sha256, row.origin, row.participant_id) == (series.pixel_sha256, "simulated", ann.pk)


@rolls_back
def test_what_a_dxa_gave_lies_in_the_closed_schema_alone(cast: Cast, ann: Participant):
    record_measurements(actor=WORKER, series=lay_series(cast, ann, "dxa"), version="1", values=[ABMD])
    assert not Measurement.objects.exists()
    assert OutcomeMeasurement.objects.get().value == 0.612


@rolls_back
def test_the_open_table_takes_no_value_of_a_dxa(cast: Cast, ann: Participant):
    series = lay_series(cast, ann, "dxa")
    with pytest.raises(IntegrityError, match="measurement_tells_of_no_outcome"), hands(cast.nora):
        Measurement.objects.create(
            participant=ann, series=series, origin="simulated", name="dxa.abmd_33", unit="g/cm2", value=0.6,
            version="1", pixel_sha256="a" * 64,
        )  # fmt: skip


@rolls_back
@pytest.mark.parametrize("who", ["nora", "paula", "dan", "ana"])
def test_nobody_but_the_worker_records_a_measurement(cast: Cast, ann: Participant, who: str):
    series = lay_series(cast, ann)
    with pytest.raises(NotAllowed, match=r"measurement\.record"):
        record_measurements(actor=getattr(cast, who), series=series, version="1", values=[SSI])
    with pytest.raises(NotAllowed):
        record_measurements(actor=CLOCK, series=series, version="1", values=[SSI])


@rolls_back
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Value("pqct.magic@4", 1.0), "no quantity of the catalogue"),
        (Value("film.cortical_index", 0.3), "not measured in an image of the kind 'pqct'"),
        (Value("pqct.ssi@33", float("nan")), "not finite"),
    ],
)
def test_a_value_that_cannot_be_is_refused(cast: Cast, ann: Participant, value: Value, why: str):
    with pytest.raises(Refused, match=why):
        record_measurements(actor=WORKER, series=lay_series(cast, ann), version="1", values=[value])
    assert not Measurement.objects.exists()


@rolls_back
def test_a_value_is_written_once_a_version(cast: Cast, ann: Participant):
    series = lay_series(cast, ann)
    record_measurements(actor=WORKER, series=series, version="1", values=[SSI])
    with pytest.raises(IntegrityError, match="measurement_once"), transaction.atomic():
        record_measurements(actor=WORKER, series=series, version="1", values=[SSI])
    assert record_measurements(actor=WORKER, series=series, version="2", values=[SSI]) == 1


@rolls_back
@pytest.mark.parametrize("change", ["UPDATE {} SET value = 0", "DELETE FROM {}"])
@pytest.mark.parametrize(
    ("alias", "table"), [("default", "measurements_measurement"), ("clinical", "outcome.measurement")]
)
def test_a_value_is_never_changed(cast: Cast, ann: Participant, change: str, alias: str, table: str):
    record_measurements(actor=WORKER, series=lay_series(cast, ann), version="1", values=[SSI])
    record_measurements(actor=WORKER, series=lay_series(cast, ann, "dxa"), version="1", values=[ABMD])
    with pytest.raises(DatabaseError, match="append-only"), connections[alias].cursor() as cursor:
        cursor.execute(change.format(table))


@rolls_back
def test_a_picture_that_is_not_the_reported_one_is_refused(
    cast: Cast, ann: Participant, tmp_path: Path, settings: Any
) -> None:
    settings.HOME = tmp_path / "home"
    series, path = lay_series(cast, ann), tmp_path / "one.png"
    path.write_bytes(b"a picture")
    for kind, sha256, why in (("portrait", "0" * 64, "no kind of picture"), ("segmentation", "0" * 64, "not the one")):
        with pytest.raises(Refused, match=why):
            record_pictures(actor=WORKER, series=series, version="1", pictures={kind: (path, sha256)})
    assert not Picture.objects.exists()


@rolls_back
@pytest.mark.parametrize("table", ["picture", "remark"])
def test_a_picture_and_a_remark_stay_as_they_were_written(
    cast: Cast, ann: Participant, table: str, tmp_path: Path, settings: Any
) -> None:
    settings.HOME = tmp_path / "home"
    series, path = lay_series(cast, ann), tmp_path / "one.png"
    path.write_bytes(b"a picture")
    kept = {"segmentation": (path, sha256_file(path))}
    record_pictures(actor=WORKER, series=series, version="1", pictures=kept)
    record_remarks(actor=WORKER, series=series, version="1", notes=["odd"], left_out=[])
    assert (Picture.objects.count(), Remark.objects.count()) == (1, 1)
    with pytest.raises(DatabaseError, match="append-only"), connections["default"].cursor() as cursor:
        cursor.execute(f"DELETE FROM measurements_{table}")


@rolls_back
def test_nobody_but_the_worker_keeps_pictures_and_remarks(cast: Cast, ann: Participant):
    series = lay_series(cast, ann)
    with pytest.raises(NotAllowed, match=r"measurement\.record"):
        record_pictures(actor=cast.nora, series=series, version="1", pictures={})
    with pytest.raises(NotAllowed, match=r"measurement\.record"):
        record_remarks(actor=cast.nora, series=series, version="1", notes=["odd"], left_out=[])


@rolls_back
def test_the_nurse_sees_every_value_and_the_newest_version_of_each(cast: Cast, ann: Participant):
    series = lay_series(cast, ann)
    record_measurements(actor=WORKER, series=series, version="1", values=[SSI])
    record_measurements(actor=WORKER, series=series, version="2", values=[Value("pqct.ssi@33", 190.0)])
    record_measurements(actor=WORKER, series=lay_series(cast, ann, "dxa"), version="1", values=[ABMD])
    found = {one.measurement.name: one.measurement.value for one in list_measurements_for(cast.nora, ann)}
    assert found == {"pqct.ssi@33": 190.0, "dxa.abmd_33": 0.612}


@rolls_back
def test_the_principal_investigator_sees_no_value_of_a_dxa(cast: Cast, ann: Participant):
    record_measurements(actor=WORKER, series=lay_series(cast, ann), version="1", values=[SSI])
    record_measurements(actor=WORKER, series=lay_series(cast, ann, "dxa"), version="1", values=[ABMD])
    assert len(list_measurements_for(cast.nora, ann)) == 2
    assert [one.measurement.name for one in list_measurements_for(cast.paula, ann)] == ["pqct.ssi@33"]


@rolls_back
def test_an_analyst_sees_no_measurement_of_a_participant(cast: Cast, ann: Participant):
    with pytest.raises(NotAllowed, match=r"measurement\.view"):
        list_measurements_for(cast.ana, ann)


def test_a_worker_adds_to_the_closed_schema_and_reads_nothing_there(fresh_database: dict[str, str]):
    cast = make_cast()
    ann = make_participant(cast)
    series = lay_series(cast, ann, "dxa")
    record_measurements(actor=WORKER, series=series, version="1", values=[ABMD])
    row = (
        "INSERT INTO outcome.measurement (id, origin, name, unit, value, version, pixel_sha256, made_at, "
        "participant_id, series_id) VALUES (gen_random_uuid(), 'simulated', 'dxa.abmd_ud', 'g/cm2', 0.4, '1', "
        f"repeat('a', 64), now(), '{ann.pk}', '{series.pk}')"
    )
    with psycopg.connect(fresh_database[variable_of("tb_worker")]) as connection:
        connection.execute(f"SELECT set_config('trabecula.act_id', '{ann.pk}', true)")
        connection.execute(row)
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT value FROM outcome.measurement")
    with psycopg.connect(fresh_database[variable_of("tb_web")]) as connection:
        for statement in ("SELECT value FROM outcome.measurement", row):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()
    assert OutcomeMeasurement.objects.count() == 2
