"""A public table becomes a study of human origin: whole or not at all, and then a snapshot."""

import csv
import uuid
from pathlib import Path

import pytest

from cohort.crf.models import OutcomeRecord, Record
from cohort.datasets.building import folder_of
from cohort.datasets.models import DatasetRow
from cohort.datasets.services import build_snapshot
from cohort.enrolment import allocate
from cohort.enrolment.draw import is_test
from cohort.enrolment.models import Assignment, DrawSeed
from cohort.exchange.models import TableImport
from cohort.exchange.services import import_table
from cohort.participants.models import Participant
from cohort.study.models import Study
from portal.core.errors import NotAllowed, Refused
from portal.sites.models import Site
from tests.cast import Cast, hands
from tests.cohort.datasets.people import work_on
from tests.cohort.exchange.tables import SHIPPED, change, make_public_study, read_shipped

pytestmark = pytest.mark.usefixtures("fresh_database", "home")


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture
def public(cast: Cast) -> tuple[Study, Site]:
    return make_public_study(cast)


def test_everybody_is_taken_in_with_human_origin_and_without_consent(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    done = import_table(actor=cast.paula, study=study, site=site, content=read_shipped(40))
    people = Participant.objects.filter(study=study)
    assert (done.n_rows, people.count()) == (40, 40)
    assert set(people.values_list("origin", flat=True)) == {"human"}
    assert people.filter(consents__isnull=False).count() == 0
    assert {code[:4] for code in people.values_list("code", flat=True)} == {"NHA-"}


def test_outcome_columns_go_to_the_closed_schema_alone(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    import_table(actor=cast.paula, study=study, site=site, content=read_shipped(40))
    closed = {name for row in OutcomeRecord.objects.all() for name in row.answers}
    opened = {name for row in Record.objects.all() for name in row.answers}
    assert {"OSQ010B", "OSQ010A", "OSQ060", "OSQ080"} <= closed
    assert {"RIDAGEYR", "BMXBMI", "OSQ150", "WT_COMBINED"} <= opened
    assert not closed & opened


def test_the_draw_is_the_same_as_one_by_one(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    import_table(actor=cast.paula, study=study, site=site, content=read_shipped(200))
    drawn = Assignment.objects.filter(study_id=study.pk)
    seed = bytes(DrawSeed.objects.get(study_id=study.pk).seed)
    assert drawn.count() == 200
    assert {is_test(seed, one.stratum, one.position, 3) is one.is_test for one in drawn} == {True}
    for stratum in set(drawn.values_list("stratum", flat=True)):
        block = drawn.filter(stratum=stratum).order_by("position")
        assert [one.position for one in block] == list(range(len(block)))
        for start in range(0, len(block) - 9, 10):
            assert sum(one.is_test for one in block[start : start + 10]) == 3


def test_a_later_draw_goes_on_where_the_first_ended(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    import_table(actor=cast.paula, study=study, site=site, content=read_shipped(30))
    newcomers = [(uuid.uuid4(), "F", 66) for _ in range(25)]
    with hands(cast.paula):
        allocate.assign_many(study, site.prefix, newcomers)
        allocate.assign_many(study, site.prefix, newcomers)
    stratum = Assignment.objects.filter(study_id=study.pk, stratum="NHA/F/60-69").order_by("position")
    assert [one.position for one in stratum] == list(range(len(stratum)))
    assert Assignment.objects.filter(study_id=study.pk).count() == 55


@pytest.mark.parametrize("name", ["ana", "nora", "carl", "adam"])
def test_only_the_pi_and_the_data_manager_import(cast: Cast, public: tuple[Study, Site], name: str) -> None:
    study, site = public
    with pytest.raises(NotAllowed, match=r"'study\.import' is for"):
        import_table(actor=getattr(cast, name), study=study, site=site, content=read_shipped(3))


def test_a_problem_leaves_nothing_behind(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    content = change(read_shipped(5), 4, OSQ010B="5.0")
    with pytest.raises(Refused, match=r"1 problem\(s\); the first, line 6, column 'OSQ010B': found 5, wanted one of"):
        import_table(actor=cast.paula, study=study, site=site, content=content)
    assert not Participant.objects.filter(study=study).exists()
    assert not OutcomeRecord.objects.exists()
    assert not Assignment.objects.filter(study_id=study.pk).exists()


def test_a_second_table_is_refused(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    import_table(actor=cast.paula, study=study, site=site, content=read_shipped(5))
    with pytest.raises(Refused, match="has its table already"):
        import_table(actor=cast.paula, study=study, site=site, content=read_shipped(6))
    assert TableImport.objects.count() == 1


def test_a_study_with_consent_takes_no_table(cast: Cast) -> None:
    with pytest.raises(Refused, match="'wrist' is no study of a public-use data set"):
        import_table(actor=cast.paula, study=cast.study, site=cast.exeter, content=read_shipped(5))


def test_a_study_that_is_not_open_takes_no_table(cast: Cast) -> None:
    study, site = make_public_study(cast, is_open=False)
    with pytest.raises(Refused, match="is not open for enrolment"):
        import_table(actor=cast.paula, study=study, site=site, content=read_shipped(5))


def test_a_site_that_does_not_take_part_is_refused(cast: Cast, public: tuple[Study, Site]) -> None:
    with pytest.raises(Refused, match="Exeter does not take part in 'nhanes'"):
        import_table(actor=cast.paula, study=public[0], site=cast.exeter, content=read_shipped(5))


def break_import_off(cast: Cast, public: tuple[Study, Site], monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let an import end after the closed roles have committed and before anybody can be seen."""

    def break_off(_content: bytes) -> str:
        raise OSError("the disk went away")

    with monkeypatch.context() as patched:
        patched.setattr("cohort.exchange.services.put_bytes", break_off)
        with pytest.raises(OSError, match="went away"):
            import_table(actor=cast.paula, study=public[0], site=public[1], content=content)
    assert OutcomeRecord.objects.count() == 20, "the closed role had committed already"
    assert not Participant.objects.filter(study=public[0]).exists()


def test_an_import_that_broke_off_is_simply_tried_again(
    cast: Cast, public: tuple[Study, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, site = public
    break_import_off(cast, public, monkeypatch, read_shipped(20))
    import_table(actor=cast.paula, study=study, site=site, content=read_shipped(20))
    assert (OutcomeRecord.objects.count(), Assignment.objects.filter(study_id=study.pk).count()) == (20, 20)


def test_a_corrected_file_takes_the_place_of_one_whose_import_broke_off(
    cast: Cast, public: tuple[Study, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, site = public
    break_import_off(cast, public, monkeypatch, read_shipped(20))
    broken = OutcomeRecord.objects.filter(answers__OSQ010B="1")
    before = set(broken.values_list("participant_id", flat=True))
    drawn = dict(Assignment.objects.filter(study_id=study.pk).values_list("participant_id", "is_test"))
    import_table(actor=cast.paula, study=study, site=site, content=change(read_shipped(20), 0, OSQ010B="1.0"))
    (added,) = set(broken.values_list("participant_id", flat=True)) - before
    assert Record.objects.get(participant_id=added).answers["SEQN"] == 73557, "whose answer was corrected"
    assert OutcomeRecord.objects.count() == 20
    assert dict(Assignment.objects.filter(study_id=study.pk).values_list("participant_id", "is_test")) == drawn


def test_the_whole_public_table_becomes_a_snapshot(cast: Cast, public: tuple[Study, Site]) -> None:
    study, site = public
    import_table(actor=cast.paula, study=study, site=site, content=SHIPPED.read_bytes())
    snapshot = build_snapshot(actor=cast.ana, study=study, task="FX_WRIST_PAST")
    job = work_on(snapshot)
    assert (job.state, job.failure_text) == ("finished", "")
    n_test = Assignment.objects.filter(study_id=study.pk, is_test=True).count()
    assert 2600 <= n_test <= 2680
    assert snapshot.flow[3]["n"] == 8802 - n_test
    assert DatasetRow.objects.using("snapshot").filter(snapshot_id=snapshot.pk).count() == snapshot.n
    assert snapshot.origin == "human"
    assert snapshot.manifest is not None
    assert {one["name"] for one in snapshot.manifest["columns"]} == {
        "RIAGENDR", "RIDAGEYR", "AGE_TOP_CODED", "RIDRETH3", "BMXWT", "BMXHT", "BMXBMI", "SMQ020", "SMQ040", "OSQ130",
        "OSQ150", "OSQ170", "OSQ200",
    }  # fmt: skip
    left_out = {one["name"] for one in snapshot.manifest["left_out"]}
    assert {"OSQ010A", "OSQ010B", "OSQ010C", "OSQ060", "OSQ072", "OSQ080", "SEQN", "WT_COMBINED"} <= left_out
    with (folder_of(snapshot) / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all(float(row["weight"]) > 0 for row in rows)
    assert sum(row["label"] == "1" for row in rows) == snapshot.n_events
