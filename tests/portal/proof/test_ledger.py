"""The ledger: each way to tamper with it is found and named; only an anchor finds a tail that was cut off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.proof import jcs, ledger
from portal.proof.findings import Unreadable
from tests.portal.proof.builders import at, change_body, make_ledger, relink

# From hand: SHA-256 of b"trabecula.ledger.v1\0" and the canonical JSON of seq, prev_hash and body, by sha256sum.
FIRST_BODY = {"at": "2026-03-01T09:00:00.000000Z", "kind": "act 0"}
FIRST_HASH = "317daca38546d379b688569e41a7a0551bff162facf57a8a8e08fa7400b58dfc"


def test_the_hash_of_an_entry_is_the_one_sha256sum_gives() -> None:
    entry = ledger.append(None, FIRST_BODY)
    assert (entry.seq, entry.prev_hash, entry.hash) == (1, "0" * 64, FIRST_HASH)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_sound_ledger_has_no_findings(n: int) -> None:
    assert ledger.verify_chain(make_ledger(n)) == []


def test_a_changed_body_is_named_with_what_was_found_and_wanted() -> None:
    entries = make_ledger()
    entries[2] = change_body(entries[2], "something else")
    (finding,) = ledger.verify_chain(entries)
    assert finding.where == "ledger entry 3"
    assert entries[2].hash in finding.found
    assert ledger.compute_hash(3, entries[1].hash, entries[2].body) in finding.wanted


def test_a_changed_body_with_a_hash_made_anew_breaks_the_next_entry() -> None:
    entries = make_ledger()
    changed = change_body(entries[2], "something else")
    entries[2] = replace(changed, hash=ledger.compute_hash(3, changed.prev_hash, changed.body))
    (finding,) = ledger.verify_chain(entries)
    assert finding.where == "ledger entry 4"
    assert "previous hash" in finding.found


def test_an_entry_deleted_in_the_middle_is_found() -> None:
    entries = make_ledger()
    del entries[2]
    findings = ledger.verify_chain(entries)
    assert (findings[0].where, findings[0].found) == ("ledger entry 4", "number 4")
    assert findings[0].wanted == "number 3"


def test_the_first_entry_deleted_is_found() -> None:
    findings = ledger.verify_chain(make_ledger()[1:])
    assert findings[0].wanted == "number 1"
    assert findings[1].wanted == f"previous hash {ledger.GENESIS}"


def test_two_entries_in_another_order_are_found() -> None:
    entries = make_ledger()
    entries[1], entries[2] = entries[2], entries[1]
    assert {finding.where for finding in ledger.verify_chain(entries)} >= {"ledger entry 2", "ledger entry 3"}


def test_an_entry_that_comes_twice_is_found() -> None:
    entries = make_ledger()
    entries.insert(2, entries[1])
    assert ledger.verify_chain(entries)[0].where == "ledger entry 2"


def test_a_time_that_goes_backwards_is_found_in_a_chain_that_holds() -> None:
    first = ledger.append(None, {"at": at(5), "kind": "later"})
    body: jcs.Json = {"at": at(4), "kind": "earlier"}
    second = ledger.Entry(2, first.hash, body, ledger.compute_hash(2, first.hash, body))
    (finding,) = ledger.verify_chain([first, second])
    assert finding.found == f"time {at(4)}"
    assert finding.wanted == f"a time not before {at(5)}"


def test_after_a_time_that_went_backwards_the_latest_one_stays_the_measure() -> None:
    entries = make_ledger(1)
    for minute in (5, 3, 4):
        body: jcs.Json = {"at": at(minute)}
        seq, prev_hash = entries[-1].seq + 1, entries[-1].hash
        entries.append(ledger.Entry(seq, prev_hash, body, ledger.compute_hash(seq, prev_hash, body)))
    assert [finding.where for finding in ledger.verify_chain(entries)] == ["ledger entry 3", "ledger entry 4"]


def test_an_entry_without_a_time_is_found() -> None:
    body: jcs.Json = {"kind": "timeless"}
    entry = ledger.Entry(1, ledger.GENESIS, body, ledger.compute_hash(1, ledger.GENESIS, body))
    (finding,) = ledger.verify_chain([entry])
    assert finding.found == "no well-formed time"


def test_a_body_that_is_no_json_is_found() -> None:
    (first,) = make_ledger(1)
    findings = ledger.verify_chain([replace(first, body={"at": at(0), "value": float("nan")})])
    assert "a body that is no JSON" in findings[0].found


@given(st.integers(0, 7), st.sampled_from(["body", "hash", "prev_hash", "seq"]))
def test_any_one_change_anywhere_is_found(place: int, part: str) -> None:
    entries = make_ledger(8)
    changes: dict[str, object] = {"body": {"at": at(place)}, "hash": "f" * 64, "prev_hash": "f" * 64, "seq": 99}
    entries[place] = replace(entries[place], **{part: changes[part]})  # type: ignore[arg-type]
    assert ledger.verify_chain(entries)


def test_a_tail_cut_off_is_found_by_an_anchor_only() -> None:
    entries = make_ledger()
    anchor = ledger.Anchor(entries[-1].seq, entries[-1].hash)
    assert ledger.check_anchor(entries, anchor) == []
    assert ledger.verify_chain(entries[:3]) == []
    (finding,) = ledger.check_anchor(entries[:3], anchor)
    assert (finding.found, finding.wanted) == ("the last entry is 3", "entry 5, as anchored outside")


def test_a_ledger_written_anew_is_found_by_an_anchor_only() -> None:
    entries = make_ledger()
    anchor = ledger.Anchor(entries[3].seq, entries[3].hash)
    forged = relink([change_body(entries[0], "never happened"), *entries[1:]])
    assert ledger.verify_chain(forged) == []
    (finding,) = ledger.check_anchor(forged, anchor)
    assert finding.where == "ledger entry 4"
    assert anchor.hash in finding.wanted


def test_an_entry_that_only_claims_the_anchored_hash_is_found() -> None:
    entries = make_ledger()
    anchor = ledger.Anchor(5, entries[4].hash)
    assert ledger.check_anchor([*entries[:4], change_body(entries[4], "another")], anchor)


def test_an_empty_ledger_does_not_meet_an_anchor() -> None:
    (finding,) = ledger.check_anchor([], ledger.Anchor(1, FIRST_HASH))
    assert finding.found == "no entry"


def test_an_entry_may_have_the_time_of_the_previous_one_but_not_an_earlier_one() -> None:
    first = ledger.append(None, {"at": at(5)})
    assert ledger.append(first, {"at": at(5)}).seq == 2
    with pytest.raises(ValueError, match="before that of the previous one"):
        ledger.append(first, {"at": at(4)})


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"at": 5},
        {"at": "2026-03-01"},
        {"at": "2026-03-01T09:00:00Z"},
        {"at": "2026-13-01T09:00:00.000000Z"},
    ],
)
def test_a_body_without_a_well_formed_time_is_refused(body: jcs.Json) -> None:
    with pytest.raises(ValueError, match="needs `at`"):
        ledger.append(None, body)


def test_a_time_is_written_in_utc_with_six_decimals() -> None:
    instant = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert ledger.write_time(instant) == "2026-07-01T10:00:00.000000Z"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        ledger.write_time(datetime(2026, 7, 1))  # noqa: DTZ001  (the very thing that is refused)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_written_times_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (ledger.write_time(one) < ledger.write_time(other)) == (one < other)


def test_a_line_reads_back_as_its_entry() -> None:
    for entry in make_ledger():
        assert ledger.read_line(ledger.write_line(entry)) == entry


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json", "cannot be read"),
        (b'{"seq": 1}', "not in its canonical form"),
        (b'{"seq":1}', "exactly the fields body, hash, prev_hash, seq"),
        (b"[]", "exactly the fields"),
        (b'{"body":{},"hash":"a","prev_hash":"b","seq":0}', "a number from 1"),
        (b'{"body":{},"hash":"a","prev_hash":"b","seq":true}', "a number from 1"),
        (b'{"body":{},"hash":1,"prev_hash":"b","seq":1}', "two hashes as text"),
    ],
)
def test_a_line_that_is_no_entry_is_unreadable(line: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        ledger.read_line(line)


@pytest.mark.parametrize("manifest", [None, "a" * 64])
def test_an_anchor_reads_back(manifest: str | None) -> None:
    anchor = ledger.Anchor(7, FIRST_HASH, manifest)
    assert ledger.read_anchor(ledger.write_anchor(anchor)) == anchor


def test_an_anchor_typed_from_paper_may_have_white_space() -> None:
    text = f'{{ "format": "trabecula.anchor.v1",\n "seq": 7, "hash": "{FIRST_HASH}" }}'
    assert ledger.read_anchor(text.encode()) == ledger.Anchor(7, FIRST_HASH)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "is not 'trabecula.anchor.v1'"),
        ('{"format":"trabecula.anchor.v1"}', "needs a number `seq`"),
        ('{"format":"trabecula.anchor.v1","seq":1,"hash":"aa"}', "64 lower-case"),
        ('{"format":"trabecula.anchor.v1","seq":0,"hash":"' + "a" * 64 + '"}', "a number from 1"),
        ('{"format":"trabecula.anchor.v1","seq":1,"hash":"' + "a" * 64 + '","manifest_sha256":"b"}', "64 lower-case"),
        ('{"format":"trabecula.anchor.v1","seq":1,"hash":"' + "a" * 64 + '","root":"b"}', "may have the fields"),
    ],
)
def test_an_anchor_of_another_form_is_unreadable(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        ledger.read_anchor(text.encode())
