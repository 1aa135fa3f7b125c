"""The offline check: what it proves, what it refutes, what it cannot read, and what it says it could not check."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from modelling.engine.verify import Check, Exit, State, Verdict, verify_bundle
from portal.proof import archive, batches, bundle, ledger
from portal.proof.findings import Unreadable
from tests.portal.proof.builders import (
    LEAVES,
    change_body,
    make_batched_ledger,
    make_ledger,
    make_person,
    make_public,
    relink,
    write_ledger,
)

ENTRIES = make_ledger()
BATCHED = make_batched_ledger()
BATCH = batches.Batch(3, "clinical", LEAVES)


def get_check(verdict: Verdict, name: str) -> Check:
    (check,) = [check for check in verdict.checks if check.name == name]
    return check


def write_anchor(folder: Path, anchor: ledger.Anchor) -> Path:
    path = folder / "anchor.json"
    path.write_bytes(ledger.write_anchor(anchor))
    return path


def test_a_sound_bundle_without_anchor_is_internally_consistent_only(tmp_path: Path) -> None:
    verdict = verify_bundle(make_public(tmp_path))
    assert verdict.exit is Exit.PROVED
    assert verdict.summary == "internally consistent only: no anchor from outside was given"
    assert {check.name for check in verdict.checks if check.state is State.PROVED} == {"members", "ledger"}
    assert verdict.head == ENTRIES[-1]


def test_what_could_not_be_checked_says_why(tmp_path: Path) -> None:
    verdict = verify_bundle(make_public(tmp_path, restricted_sha256="a" * 64))
    left_open = {check.name: check.text for check in verdict.checks if check.state is State.NOT_MADE}
    assert left_open["restricted"] == f"the file with SHA-256 {'a' * 64} was not given"
    assert left_open["signatures"] == "nobody signed this bundle and its manifest asks for none"
    assert "cut off the newest entries" in left_open["anchor"]
    assert "holds no batches.jsonl" in left_open["batches"]


def test_a_sound_bundle_that_holds_everything_is_proved_in_every_check(tmp_path: Path) -> None:
    restricted_sha256 = bundle.write_restricted(tmp_path / "restricted.zip", {"labels.jsonl": b"{}\n"})
    public = make_public(
        tmp_path,
        entries=BATCHED,
        more={"batches.jsonl": batches.write_line(BATCH)},
        signers=[make_person("ann"), make_person("ben")],
        restricted_sha256=restricted_sha256,
    )
    manifest_sha256 = verify_bundle(public).manifest_sha256
    anchor = write_anchor(tmp_path, ledger.Anchor(4, BATCHED[3].hash, manifest_sha256))
    verdict = verify_bundle(public, restricted=tmp_path / "restricted.zip", anchor=anchor)
    assert {check.state for check in verdict.checks} == {State.PROVED}
    assert verdict.summary == "proved, against an anchor from outside"
    assert get_check(verdict, "anchor").text == "the ledger up to entry 4 of 4, and the manifest with every member"
    assert get_check(verdict, "batches").text == "1 batches with 5 commitments, by their Merkle roots"


def test_the_digest_of_the_manifest_is_the_one_sha256sum_gives(tmp_path: Path) -> None:
    public = make_public(tmp_path)
    with zipfile.ZipFile(public) as file:
        assert verify_bundle(public).manifest_sha256 == archive.hash_source(file.read("manifest.json"))


def test_a_changed_entry_is_refuted_and_named(tmp_path: Path) -> None:
    entries = [*ENTRIES[:2], change_body(ENTRIES[2], "something else"), *ENTRIES[3:]]
    verdict = verify_bundle(make_public(tmp_path, entries=entries))
    assert verdict.exit is Exit.REFUTED
    assert verdict.summary == "refuted: ledger"
    assert [finding.where for finding in get_check(verdict, "ledger").findings] == ["ledger entry 3"]


def test_a_tail_cut_off_is_refuted_with_an_anchor_only(tmp_path: Path) -> None:
    public = make_public(tmp_path, entries=ENTRIES[:3])
    assert verify_bundle(public).exit is Exit.PROVED
    verdict = verify_bundle(public, anchor=write_anchor(tmp_path, ledger.Anchor(5, ENTRIES[4].hash)))
    assert verdict.summary == "refuted: anchor"
    (finding,) = get_check(verdict, "anchor").findings
    assert finding.found == "the last entry is 3"


def test_a_ledger_written_anew_is_refuted_with_an_anchor_only(tmp_path: Path) -> None:
    forged = relink([change_body(ENTRIES[0], "never happened"), *ENTRIES[1:]])
    public = make_public(tmp_path, entries=forged)
    assert verify_bundle(public).exit is Exit.PROVED
    anchor = write_anchor(tmp_path, ledger.Anchor(5, ENTRIES[4].hash))
    assert verify_bundle(public, anchor=anchor).summary == "refuted: anchor"


def test_an_earlier_anchor_says_how_far_it_reaches(tmp_path: Path) -> None:
    anchor = write_anchor(tmp_path, ledger.Anchor(2, ENTRIES[1].hash))
    verdict = verify_bundle(make_public(tmp_path), anchor=anchor)
    assert verdict.summary == "proved, against an anchor from outside"
    assert get_check(verdict, "anchor").text == "the ledger up to entry 2 of 5; the anchor does not name the manifest"


def test_another_manifest_than_the_anchored_one_is_refuted(tmp_path: Path) -> None:
    anchor = write_anchor(tmp_path, ledger.Anchor(5, ENTRIES[4].hash, "a" * 64))
    verdict = verify_bundle(make_public(tmp_path), anchor=anchor)
    (finding,) = get_check(verdict, "anchor").findings
    assert (finding.where, finding.wanted) == ("manifest.json", f"SHA-256 {'a' * 64}, as anchored outside")


def test_a_changed_member_stops_the_check_before_anything_is_recomputed(tmp_path: Path) -> None:
    public = make_public(tmp_path, entries=[change_body(ENTRIES[0], "x"), *ENTRIES[1:]])
    with zipfile.ZipFile(public) as file:
        members: dict[str, archive.Source] = {name: file.read(name) for name in file.namelist()}
    archive.write_archive(public, {**members, "ledger.jsonl": write_ledger(ENTRIES)})
    verdict = verify_bundle(public)
    assert verdict.summary == "refuted: members"
    assert get_check(verdict, "ledger").text == "the hashes differ, so nothing was recomputed"


def test_another_restricted_file_is_refuted(tmp_path: Path) -> None:
    sha256 = bundle.write_restricted(tmp_path / "restricted.zip", {"labels.jsonl": b"{}\n"})
    bundle.write_restricted(tmp_path / "other.zip", {"labels.jsonl": b"{}\n"})
    public = make_public(tmp_path, restricted_sha256=sha256)
    assert verify_bundle(public, restricted=tmp_path / "restricted.zip").exit is Exit.PROVED
    assert verify_bundle(public, restricted=tmp_path / "other.zip").summary == "refuted: restricted"


def test_signatures_taken_from_another_bundle_are_refuted(tmp_path: Path) -> None:
    ann, ben = make_person("ann"), make_person("ben")
    public = make_public(tmp_path, signers=[ann, ben])
    assert get_check(verify_bundle(public), "signatures").state is State.PROVED
    with zipfile.ZipFile(public) as file:
        signed = file.read("signatures.json")
    public = make_public(tmp_path, entries=ENTRIES[:4], signers=[ann, ben])
    with zipfile.ZipFile(public) as file:
        members: dict[str, archive.Source] = {name: file.read(name) for name in file.namelist()}
    archive.write_archive(public, {**members, "signatures.json": signed})
    verdict = verify_bundle(public)
    assert verdict.summary == "refuted: signatures"
    assert len(get_check(verdict, "signatures").findings) == 2


def test_signatures_that_were_taken_out_are_refuted(tmp_path: Path) -> None:
    public = make_public(tmp_path, signers=[make_person("ann")])
    with zipfile.ZipFile(public) as file:
        members: dict[str, archive.Source] = {name: file.read(name) for name in file.namelist()}
    del members["signatures.json"]
    archive.write_archive(public, members)
    assert verify_bundle(public).summary == "refuted: signatures"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([replace(BATCH, leaves=LEAVES[::-1])], "root "),
        ([replace(BATCH, zone="open")], "zone open"),
        ([BATCH, BATCH], "a second line"),
        ([], "nothing"),
        ([BATCH, replace(BATCH, seq=2)], "a batch"),
        ([BATCH, replace(BATCH, seq=99)], "a batch"),
    ],
)
def test_batches_that_do_not_fit_the_ledger_are_refuted(lines: list[batches.Batch], found: str, tmp_path: Path) -> None:
    more = {"batches.jsonl": b"".join(batches.write_line(line) for line in lines)}
    verdict = verify_bundle(make_public(tmp_path, entries=BATCHED, more=more))
    assert verdict.summary == "refuted: batches"
    (finding,) = get_check(verdict, "batches").findings
    assert finding.found.startswith(found)


def test_an_empty_ledger_proves_nothing(tmp_path: Path) -> None:
    verdict = verify_bundle(make_public(tmp_path, entries=[]))
    assert verdict.summary == "refuted: ledger"
    assert verdict.head is None


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"ledger.jsonl": b"not json\n"}, "ledger.jsonl, line 1: a line of the ledger cannot be read"),
        ({"ledger.jsonl": write_ledger(ENTRIES) + b"{}\n"}, "ledger.jsonl, line 6: .* exactly the fields"),
        ({"ledger.jsonl": write_ledger(ENTRIES)[:-1]}, "ledger.jsonl has a line that is too long or has no end"),
        ({"batches.jsonl": b"[]\n"}, "batches.jsonl, line 1: .* exactly the fields"),
    ],
)
def test_a_line_of_another_form_is_unreadable_and_named(more: dict[str, bytes], why: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=why):
        verify_bundle(make_public(tmp_path, more=more))


def test_a_bundle_without_ledger_is_unreadable(tmp_path: Path) -> None:
    manifest = bundle.Manifest(about={}, members={})
    bundle.write_public(tmp_path / "public.zip", manifest, {})
    with pytest.raises(Unreadable, match=r"holds no ledger.jsonl"):
        verify_bundle(tmp_path / "public.zip")


def test_an_anchor_that_is_none_is_unreadable(tmp_path: Path) -> None:
    public = make_public(tmp_path)
    (tmp_path / "anchor.json").write_text(json.dumps({"seq": 1}))
    with pytest.raises(Unreadable, match="the anchor cannot be read"):
        verify_bundle(public, anchor=tmp_path / "anchor.json")
    with pytest.raises(Unreadable, match=r"gone.json cannot be read: No such file"):
        verify_bundle(public, anchor=tmp_path / "gone.json")
