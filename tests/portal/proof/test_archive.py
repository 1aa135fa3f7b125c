"""The container: one form for given members, written whole or not at all, and nothing else is taken."""

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.proof import archive
from portal.proof.archive import Archive, Limits, write_archive
from portal.proof.findings import Unreadable

MEMBERS: dict[str, archive.Source] = {"b.txt": b"two\n", "a/one.txt": b"one\nline\n", "empty": b""}
PLAIN = 0o100644 << 16


def write_by_hand(path: Path, *names: str, attributes: int = PLAIN, data: bytes = b"x", how: int = 0) -> Path:
    """Write a zip as a stranger would, with names and marks our own writer refuses."""
    with zipfile.ZipFile(path, "w", how) as file:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.create_system, info.compress_type = attributes, 3, how
            file.writestr(info, data)
    return path


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", MEMBERS)
    with Archive(tmp_path / "a.zip", Limits()) as opened:
        assert {name: opened.read(name) for name in opened.names} == MEMBERS
        assert list(opened.read_lines("a/one.txt")) == [b"one\n", b"line\n"]
        assert opened.get_size("empty") == 0
        assert opened.has_canonical_form()


def test_the_same_members_give_the_same_bytes_whatever_their_order_and_source(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"two\n")
    write_archive(tmp_path / "one.zip", MEMBERS)
    write_archive(tmp_path / "two.zip", {**dict(reversed(MEMBERS.items())), "b.txt": tmp_path / "source"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_bytes_are_those_of_earlier_versions(tmp_path: Path) -> None:
    # Recorded with Python 3.11.7: a change here means that old bundles would be called packed anew.
    write_archive(tmp_path / "a.zip", MEMBERS)
    assert archive.hash_source(tmp_path / "a.zip") == "88e0f132788585b97b7361f066cb37c082004db22991350a3d627931e3a5da66"


def test_an_archive_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", MEMBERS)
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write_archive(path, MEMBERS)
    before = path.read_bytes()
    gone = tmp_path / "gone"
    gone.write_bytes(b"")
    gone_later = _VanishingPath(gone)
    with pytest.raises(FileNotFoundError):
        write_archive(path, {"a.txt": b"first", "b.txt": gone_later})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


class _VanishingPath(type(Path())):  # type: ignore[misc]
    """A file that is deleted between being measured and being read."""

    def open(self, *arguments: object, **options: object) -> object:
        self.unlink(missing_ok=True)
        return super().open(*arguments, **options)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up", "a/../b", "a/..", ".", "..", ".hidden", "a/.b", "a//b", "a/", "a\\b", "C:x", "a b",
     "a\n", "a\x00b", "é", "x" * 201],
)  # fmt: skip
def test_a_name_that_could_lead_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no name for a member"):
        write_archive(tmp_path / "a.zip", {name: b""})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.txt", "models/m-1.json", "a..b", "x" * 200])
def test_a_plain_name_is_taken(name: str) -> None:
    archive.check_name(name)


def test_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="differ in case alone"):
        write_archive(tmp_path / "a.zip", {"a.txt": b"", "A.TXT": b""})
    with pytest.raises(Unreadable, match="a name comes twice"):
        Archive(write_by_hand(tmp_path / "b.zip", "a.txt", "A.TXT"), Limits())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="a name comes twice"):
        Archive(write_by_hand(tmp_path / "a.zip", "a.txt", "a.txt"), Limits())


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a\\b", ".hidden", "folder/"])
def test_a_strangers_archive_with_a_bad_name_is_unreadable(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no name for a member"):
        Archive(write_by_hand(tmp_path / "a.zip", name), Limits())


def test_a_link_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not marked as a plain file"):
        Archive(write_by_hand(tmp_path / "a.zip", "a", attributes=0o120777 << 16), Limits())


def test_a_compressed_member_is_unreadable_so_nothing_can_swell(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "a.zip", "bomb", data=bytes(10**7), how=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10**5
    with pytest.raises(Unreadable, match="bomb is compressed"):
        Archive(path, Limits())


def test_an_encrypted_member_is_unreadable(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "a.zip", "a")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="a is encrypted"):
        Archive(path, Limits())


@pytest.mark.parametrize(
    ("fits", "too_small", "why"),
    [
        (Limits(n_members=3), Limits(n_members=2), "3 members, more than 2"),
        (Limits(n_bytes=1000), Limits(n_bytes=100), "more than 100 bytes"),
    ],
)
def test_the_limits_hold_on_both_sides(fits: Limits, too_small: Limits, why: str, tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", MEMBERS)
    Archive(tmp_path / "a.zip", fits).__exit__(None, None, None)
    with pytest.raises(Unreadable, match=why):
        Archive(tmp_path / "a.zip", too_small)


def test_a_small_file_that_claims_a_large_member_does_not_get_past_the_limit(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "a.zip", "a")
    data = bytearray(path.read_bytes())
    sizes = data.index(b"PK\x01\x02") + 20  # compressed and true size, four bytes each (APPNOTE.TXT 4.3.12)
    data[sizes : sizes + 8] = (10**6).to_bytes(4, "little") * 2
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="its members have more than 1000 bytes"):
        Archive(path, Limits(n_bytes=1000))


def test_a_member_that_lies_over_another_is_unreadable(tmp_path: Path) -> None:
    # The overlap of Fifield, "A better zip bomb", USENIX WOOT 2019: many entries point at the same bytes.
    path = write_by_hand(tmp_path / "a.zip", "a", "b", data=bytes(600))
    data = path.read_bytes()
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    path.write_bytes(data[: second + 42] + bytes(4) + data[second + 46 :])
    with Archive(path, Limits()) as opened, pytest.raises(Unreadable, match="b is damaged"):
        opened.hash_member("b")


def test_a_member_is_read_up_to_a_limit(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", {"a": b"12345"})
    with Archive(tmp_path / "a.zip", Limits()) as opened:
        assert opened.read("a", at_most=5) == b"12345"
        with pytest.raises(Unreadable, match="a has more than 4 bytes"):
            opened.read("a", at_most=4)


def test_a_line_without_end_is_unreadable(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", {"a": b"one\ntwo"})
    with Archive(tmp_path / "a.zip", Limits()) as opened, pytest.raises(Unreadable, match="too long or has no end"):
        list(opened.read_lines("a"))


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", bytes(1000)])
def test_what_is_no_archive_is_unreadable(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(Unreadable, match=r"a.zip is no readable archive"):
        Archive(tmp_path / "a.zip", Limits())


def test_a_file_that_is_not_there_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"gone.zip cannot be read: No such file"):
        Archive(tmp_path / "gone.zip", Limits())
    with pytest.raises(Unreadable, match="cannot be read: Is a directory"):
        Archive(tmp_path, Limits())


@pytest.mark.parametrize("place", ["before", "after"])
def test_bytes_that_belong_to_no_member_are_seen(place: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write_archive(path, MEMBERS)
    data = path.read_bytes()
    if place == "before":
        path.write_bytes(b"#!/bin/sh\n" + data)
    else:
        path.write_bytes(data[:-2] + b"\x05\x00hello")  # as the comment of the zip
    with Archive(path, Limits()) as opened:
        assert {name: opened.read(name) for name in opened.names} == MEMBERS
        assert not opened.has_canonical_form()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_changed_byte_anywhere_goes_unseen(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.zip"
    write_archive(path, MEMBERS)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        with Archive(path, Limits()) as opened:
            same = {name: opened.read(name) for name in opened.names} == MEMBERS and opened.has_canonical_form()
    except Unreadable:
        return
    assert not same
