"""The bundle: the manifest vouches for each member and for the restricted file, and tells nothing of its labels."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from portal.proof import archive, bundle, jcs
from portal.proof.archive import Archive, Limits, Source, write_archive
from portal.proof.findings import Finding, Unreadable
from tests.portal.proof.builders import make_person

SOURCES: dict[str, Source] = {"ledger.jsonl": b"{}\n", "report/summary.json": b'{"auc":0.8}'}
LABELS: dict[str, Source] = {"labels.jsonl": b'{"label":1}\n'}
MANIFEST = bundle.Manifest(about={"of": "a test"}, members=bundle.describe_members(SOURCES))


def check(path: Path) -> list[Finding]:
    with Archive(path, Limits()) as opened:
        return bundle.check_members(opened, bundle.read_manifest(opened))


def pack(path: Path, members: dict[str, Source], manifest: bundle.Manifest = MANIFEST) -> Path:
    """Write a file with this manifest and any members, as a forger would."""
    write_archive(path, {**members, "manifest.json": manifest.to_bytes()})
    return path


def test_a_sound_bundle_has_no_findings_and_its_manifest_reads_back(tmp_path: Path) -> None:
    ann = make_person("ann")
    manifest = replace(MANIFEST, restricted_sha256="a" * 64, keys={"ann": ann.public_key}, n_signatures=1)
    bundle.write_public(tmp_path / "public.zip", manifest, SOURCES, [ann.sign(manifest.digest)])
    assert check(tmp_path / "public.zip") == []
    with Archive(tmp_path / "public.zip", Limits()) as opened:
        assert bundle.read_manifest(opened) == manifest
        assert bundle.read_manifest(opened).digest == archive.hash_source(opened.read("manifest.json"))
        assert bundle.read_signatures(opened) == [ann.sign(manifest.digest)]


def test_the_same_bundle_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        bundle.write_public(tmp_path / name, MANIFEST, SOURCES)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_flipped_byte_is_named_with_its_member(tmp_path: Path) -> None:
    path = tmp_path / "public.zip"
    bundle.write_public(path, MANIFEST, SOURCES)
    data = path.read_bytes()
    assert data.count(b"0.8") == 1
    path.write_bytes(data.replace(b"0.8", b"0.9"))
    (finding,) = check(path)
    assert finding.where == "report/summary.json"
    assert "is damaged" in finding.found


def test_a_changed_member_with_a_sound_checksum_is_named(tmp_path: Path) -> None:
    (finding,) = check(pack(tmp_path / "a.zip", {**SOURCES, "report/summary.json": b'{"auc":0.9}'}))
    assert finding.where == "report/summary.json"
    assert finding.wanted == f"SHA-256 {MANIFEST.members['report/summary.json'].sha256}"


def test_a_member_of_another_size_is_named(tmp_path: Path) -> None:
    (finding,) = check(pack(tmp_path / "a.zip", {**SOURCES, "ledger.jsonl": b""}))
    assert finding == Finding("ledger.jsonl", "0 bytes", "3 bytes")


def test_a_missing_member_is_named(tmp_path: Path) -> None:
    (finding,) = check(pack(tmp_path / "a.zip", {"ledger.jsonl": b"{}\n"}))
    assert finding == Finding("report/summary.json", "nothing", "a member")


def test_an_extra_member_is_named(tmp_path: Path) -> None:
    (finding,) = check(pack(tmp_path / "a.zip", {**SOURCES, "extra.txt": b""}))
    assert finding == Finding("extra.txt", "a member", "none of this name")


def test_stray_bytes_around_sound_members_are_found(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", SOURCES)
    path.write_bytes(b"stray" + path.read_bytes())
    (finding,) = check(path)
    assert "bytes that belong to no member" in finding.found


@pytest.mark.parametrize("name", ["manifest.json", "signatures.json"])
def test_a_member_may_not_take_the_bundles_own_names(name: str) -> None:
    with pytest.raises(ValueError, match="written by the bundle itself"):
        bundle.describe_members({name: b""})


def test_a_public_file_with_other_members_than_promised_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not those the manifest promises"):
        bundle.write_public(tmp_path / "a.zip", MANIFEST, {**SOURCES, "ledger.jsonl": b"[]\n"})
    assert list(tmp_path.iterdir()) == []


def test_a_public_file_with_too_few_signatures_is_not_written(tmp_path: Path) -> None:
    ann = make_person("ann")
    manifest = replace(MANIFEST, keys={"ann": ann.public_key}, n_signatures=2)
    with pytest.raises(ValueError, match="the signatures do not hold: signatures: found 1, wanted at least 2"):
        bundle.write_public(tmp_path / "a.zip", manifest, SOURCES, [ann.sign(manifest.digest)])
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="64 lower-case hexadecimal digits"):
        replace(MANIFEST, keys={"ann": "AB" * 32})


def test_the_restricted_file_fits_its_public_manifest_only(tmp_path: Path) -> None:
    path = tmp_path / "restricted.zip"
    manifest = replace(MANIFEST, restricted_sha256=bundle.write_restricted(path, LABELS))
    assert bundle.check_restricted(path, manifest, Limits()) == []
    (finding,) = bundle.check_restricted(path, replace(MANIFEST, restricted_sha256="a" * 64), Limits())
    assert finding.wanted == "SHA-256 " + "a" * 64
    (finding,) = bundle.check_restricted(path, MANIFEST, Limits())
    assert finding.wanted == "none: the public manifest names none"


def test_a_flipped_byte_in_the_restricted_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "restricted.zip"
    manifest = replace(MANIFEST, restricted_sha256=bundle.write_restricted(path, LABELS))
    path.write_bytes(path.read_bytes().replace(b'"label":1', b'"label":0'))
    assert bundle.check_restricted(path, manifest, Limits())


def test_the_restricted_files_own_manifest_is_checked_too(tmp_path: Path) -> None:
    inner: jcs.Json = {"format": "trabecula.bundle.restricted.v1", "members": {}, "nonce": "00" * 32}
    path = tmp_path / "restricted.zip"
    write_archive(path, {**LABELS, "manifest.json": jcs.dumps(inner)})
    manifest = replace(MANIFEST, restricted_sha256=archive.hash_source(path))
    (finding,) = bundle.check_restricted(path, manifest, Limits())
    assert finding == Finding("labels.jsonl", "a member", "none of this name")


def test_a_restricted_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"gone.zip cannot be read: No such file"):
        bundle.check_restricted(tmp_path / "gone.zip", replace(MANIFEST, restricted_sha256="a" * 64), Limits())


def test_the_public_manifest_does_not_let_labels_be_guessed(tmp_path: Path) -> None:
    same_labels = [bundle.write_restricted(tmp_path / "restricted.zip", LABELS) for _ in range(3)]
    assert len(set(same_labels)) == 3
    nonce = bytes(range(32))
    again = [bundle.write_restricted(tmp_path / "restricted.zip", LABELS, nonce=nonce) for _ in range(3)]
    assert len(set(again)) == 1
    manifest = replace(MANIFEST, restricted_sha256=again[0])
    assert again[0] in manifest.to_bytes().decode()
    assert archive.hash_source(b'{"label":1}\n') not in manifest.to_bytes().decode()
    assert "labels.jsonl" not in manifest.to_bytes().decode()


def test_a_nonce_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the nonce has 31 bytes, wanted 32"):
        bundle.write_restricted(tmp_path / "restricted.zip", LABELS, nonce=bytes(31))


def test_an_archive_without_manifest_is_unreadable(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", SOURCES)
    with pytest.raises(Unreadable, match=r"holds no manifest.json"):
        check(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"format": "trabecula.bundle.v9"}, "not of the format 'trabecula.bundle.v1'"),
        ({"more": 1}, "not of the format"),
        ({"about": []}, "`about` and `signing`"),
        ({"signing": {}}, "`about` and `signing`"),
        ({"signing": {"keys": {}, "wanted": -1}}, "`wanted` must be a number"),
        ({"signing": {"keys": {}, "wanted": True}}, "`wanted` must be a number"),
        ({"signing": {"keys": {"ann": "AB" * 32}, "wanted": 0}}, "a key of 64 hexadecimal digits"),
        ({"signing": {"keys": [], "wanted": 0}}, "a key of 64 hexadecimal digits"),
        ({"restricted_sha256": "short"}, "`restricted_sha256` is no digest"),
        ({"members": []}, "`members` is no list"),
        ({"members": {"a": {"sha256": "a" * 64}}}, "'a' needs `sha256` and `size`"),
        ({"members": {"a": {"sha256": "a" * 63, "size": 1}}}, "'a' has no readable"),
        ({"members": {"a": {"sha256": "a" * 64, "size": "1"}}}, "'a' has no readable"),
    ],
)
def test_a_manifest_of_another_form_is_unreadable(changes: dict[str, jcs.Json], why: str, tmp_path: Path) -> None:
    fields = json.loads(MANIFEST.to_bytes())
    write_archive(tmp_path / "a.zip", {**SOURCES, "manifest.json": jcs.dumps({**fields, **changes})})
    with pytest.raises(Unreadable, match=why):
        check(tmp_path / "a.zip")


def test_a_manifest_that_is_not_canonical_is_unreadable(tmp_path: Path) -> None:
    loose = json.dumps(json.loads(MANIFEST.to_bytes()), indent=1).encode()
    write_archive(tmp_path / "a.zip", {**SOURCES, "manifest.json": loose})
    with pytest.raises(Unreadable, match="not in its canonical form"):
        check(tmp_path / "a.zip")
