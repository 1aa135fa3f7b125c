"""The monitor's pages: what was done, who looked, and how it is proved."""

import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from modelling.engine.verify import Exit, verify_bundle
from portal.audit.context import OTHER_ACTIONS
from portal.audit.models import Act, LedgerEntry, Read
from portal.audit.record import record_read
from portal.audit.sealer import seal
from portal.audit.words import ACTIONS, ONLY_LOOKING
from portal.proof import ledger
from portal.roles.models import Role
from portal.roles.policy import WHO_MAY
from tests.cast import Cast, act_as, days_ago, make_cast, make_participant
from tests.cohort.pages import look_as, read, words, written
from tests.database import rolls_back
from tests.services import SERVICES, superuser


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def test_every_act_has_its_words():
    assert (set(WHO_MAY) | OTHER_ACTIONS) - ONLY_LOOKING == set(ACTIONS)


@rolls_back
def test_an_act_is_listed_with_who_what_on_what_and_when(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.mona).get(reverse("audit")))
    assert f"| Nora Nurse | enrolled a participant | {ann.code} |" in page
    assert "| Paula Principal | opened enrolment | wrist |" in page


@rolls_back
def test_the_list_narrows_by_person_thing_and_day(cast: Cast):
    ann = make_participant(cast)
    monitor = look_as(cast.mona)

    def found(**asked: str) -> str:
        return words(monitor.get(reverse("audit"), asked))

    assert "opened enrolment" not in found(actor=cast.nora.label)
    assert "enrolled a participant" in found(actor=cast.nora.label)
    assert "screened somebody" not in found(subject=ann.code)
    assert "enrolled a participant" in found(day=written(days_ago(0)))
    assert "Nothing was done that fits." in found(day=written(days_ago(1)))


@rolls_back
def test_an_act_shows_the_rows_it_touched_before_and_after(cast: Cast):
    ann = make_participant(cast)
    act = Act.objects.get(action="participant.enrol")
    page = words(look_as(cast.mona).get(reverse("act", args=[act.pk])))
    assert "Nora Nurse enrolled a participant" in page
    assert "Screening: changed" in page
    assert "State | Eligible | Enrolled |" in page
    assert f"Code | \N{EN DASH} | {ann.code} |" in page
    assert "Sex | \N{EN DASH} | Female |" in page
    assert "Images used to train and test AI | \N{EN DASH} | yes |" in page
    assert "Taken by | \N{EN DASH} | Nora Nurse |" in page


@rolls_back
def test_what_was_written_in_closed_zones_is_sealed_there_too(cast: Cast):
    make_participant(cast, "Zephyrine")
    act = Act.objects.get(action="participant.enrol")
    response = look_as(cast.mona).get(reverse("act", args=[act.pk]))
    page = words(response)
    assert "Written in the zone “identity” sealed" in page
    assert "Written in the zone “draw and labels” sealed" in page
    assert "Zephyrine" not in read(response)
    assert "is_test" not in read(response)


@rolls_back
def test_a_monitor_of_one_site_sees_the_acts_of_that_site(cast: Cast):
    make_participant(cast)
    act = Act.objects.get(action="participant.enrol")
    here, there = (
        act_as(f"{name} Monitor", Role.MONITOR, site=site)
        for name, site in (("Hedy", cast.exeter), ("Tess", cast.plymouth))
    )
    assert look_as(here).get(reverse("act", args=[act.pk])).status_code == 200
    assert look_as(there).get(reverse("act", args=[act.pk])).status_code == 404
    assert "enrolled a participant" not in words(look_as(there).get(reverse("audit")))


@rolls_back
@pytest.mark.parametrize("page", ["audit", "audit-reads", "audit-proof"])
def test_the_audit_is_for_those_who_oversee(cast: Cast, page: str):
    assert look_as(cast.dan).get(reverse(page)).status_code == 200
    for stranger in (cast.nora, cast.ana, cast.carl, cast.adam):
        assert look_as(stranger).get(reverse(page)).status_code == 403


@rolls_back
def test_looks_are_counted_by_person_and_quarter_of_an_hour(cast: Cast):
    for _ in range(3):
        record_read(cast.nora, "identity", "EXB-0001-K")
    n_reads = Read.objects.get().n_reads
    page = words(look_as(cast.mona).get(reverse("audit-reads")))
    assert f"| Nora Nurse | who a participant is | EXB-0001-K | {n_reads} |" in page
    assert n_reads == 3


@rolls_back
def test_a_monitor_of_one_site_sees_the_looks_at_that_site(cast: Cast):
    record_read(cast.nora, "identity", "EXB-0001-K")
    there = act_as("Tess Monitor", Role.MONITOR, site=cast.plymouth)
    assert "EXB-0001-K" in words(look_as(cast.mona).get(reverse("audit-reads")))
    assert "EXB-0001-K" not in words(look_as(there).get(reverse("audit-reads")))


@rolls_back
def test_a_withdrawal_shows_why_if_a_reason_was_given(cast: Cast):
    ann = make_participant(cast)
    withdraw_consent(
        actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0), why="moved away"
    )
    assert f"recorded a withdrawal | {ann.code} | moved away |" in words(look_as(cast.mona).get(reverse("audit")))


@pytest.fixture
def sealed(fresh_database: dict[str, str]) -> Cast:
    """A study in which somebody was enrolled and everything is sealed, in a database of its own."""
    cast = make_cast()
    make_participant(cast)
    assert seal() > 20
    return cast


def proof_as(cast: Cast, **asked: str) -> str:
    return words(look_as(cast.mona).get(reverse("audit-proof"), asked))


def test_the_head_is_shown_as_an_anchor_that_the_checks_read(sealed: Cast):
    head = LedgerEntry.objects.order_by("-seq")[0]
    page = read(look_as(sealed.mona).get(reverse("audit-proof")))
    anchor = page.split('id="anchor" value="')[1].split('"')[0].replace("&quot;", '"')
    assert ledger.read_anchor(anchor.encode()) == ledger.Anchor(head.seq, head.hash)


def test_an_untouched_chain_holds(sealed: Cast):
    assert "holds, and" not in proof_as(sealed)
    assert f"The chain of {LedgerEntry.objects.count()} entries holds, and" in proof_as(sealed, check="1")


def test_what_is_not_sealed_yet_is_counted(sealed: Cast):
    # Signing in to look leaves no event of its own in this database.
    before = int(proof_as(sealed).split("Not yet sealed, open zone ")[1].split()[0])
    make_participant(sealed, "Bea")
    after = int(proof_as(sealed).split("Not yet sealed, open zone ")[1].split()[0])
    assert after > before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_ledgerentry SET body = replace(body, 'study.opened', 'study.closed')",
        "DELETE FROM audit_ledgerentry WHERE seq = 1",
        "UPDATE audit_batch SET leaves = substring(leaves FROM 33)",
    ],
)
def test_a_changed_ledger_is_said_to_be_changed(sealed: Cast, fresh_database: dict[str, str], statement: str):
    database = fresh_database["DATABASE_URL"].split("/")[-1].split("?")[0]
    with superuser(SERVICES, database) as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
    assert "The ledger does not hold." in proof_as(sealed, check="1")


def take(client: Client) -> bytes:
    """Return the bundle a page hands out."""
    response = client.post(reverse("audit-bundle"))
    assert response["Content-Type"] == "application/zip"
    return io.BytesIO(b"".join(response.streaming_content)).getvalue()


def test_the_ledger_taken_along_is_proved_without_the_portal(sealed: Cast, tmp_path: Path):
    target, anchor = tmp_path / "public.zip", tmp_path / "anchor.json"
    target.write_bytes(take(look_as(sealed.mona)))
    head = LedgerEntry.objects.order_by("-seq")[0]
    anchor.write_bytes(ledger.write_anchor(ledger.Anchor(head.seq, head.hash)))
    verdict = verify_bundle(target, anchor=anchor)
    assert verdict.exit is Exit.PROVED, verdict.summary
    assert {check.name: check.state.value for check in verdict.checks}["batches"] == "proved"
    assert b"Nora" not in target.read_bytes()
    assert b"Example" not in target.read_bytes()


def test_that_somebody_took_the_ledger_is_recorded(sealed: Cast):
    take(look_as(sealed.mona))
    assert Read.objects.get(what="audit.bundle").actor == sealed.mona.label


@rolls_back
@pytest.mark.parametrize("who", ["dan", "paula", "nora"])
def test_who_may_not_take_the_ledger_along(cast: Cast, who: str):
    browser = look_as(getattr(cast, who))
    assert browser.post(reverse("audit-bundle")).status_code == 403
    if who != "nora":
        assert "Take the ledger along" not in words(browser.get(reverse("audit-proof")))


@rolls_back
def test_taking_the_ledger_is_an_act_and_no_page_to_visit(cast: Cast):
    assert look_as(cast.mona).get(reverse("audit-bundle")).status_code == 405
