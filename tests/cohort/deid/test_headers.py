"""ISQ and Stratec headers name nobody afterwards; the image behind them is the same, byte for byte."""

import struct
from pathlib import Path

from cohort.deid.dates import shift_day
from cohort.deid.headers import hash_from, write_clean_isq, write_clean_stratec
from cohort.formats.isq import density_equation, read_isq_header, vms_ticks
from cohort.formats.limits import Limits
from cohort.formats.stratec import HEADER_BYTES, read_stratec, read_stratec_header
from tests.cohort.deid.builders import CODE, SHIFT
from tests.cohort.formats.builders import TAKEN, data_file

ISQ, SCAN = "volumes/test_isq_calibrated_binary_25.ISQ", "volumes/stratec_phantom_I0025851.m01"


def named_isq(folder: Path) -> Path:
    """Return the public ISQ with a person in its header, as a scanner writes one."""
    raw = bytearray(data_file(ISQ).read_bytes())
    struct.pack_into("<Q", raw, 36, vms_ticks(TAKEN))
    raw[128:168] = b"MUSTERFRAU ERIKA".ljust(40)
    raw[400:410] = b"MUSTERFRAU"
    raw[1536 + 112 : 1536 + 122] = b"MUSTERFRAU"
    (folder / "named.isq").write_bytes(raw)
    return folder / "named.isq"


def test_the_isq_loses_its_person_and_keeps_image_and_calibration(tmp_path: Path) -> None:
    path, target = named_isq(tmp_path), tmp_path / "clean.isq"
    header = read_isq_header(path, Limits())
    assert header.patient_name == "MUSTERFRAU ERIKA"
    write_clean_isq(path, header, CODE, SHIFT, target)
    raw = target.read_bytes()
    assert path.read_bytes().count(b"MUSTERFRAU") == 3
    assert b"MUSTERFRAU" not in raw
    assert raw[header.data_at :] == path.read_bytes()[header.data_at :]
    clean = read_isq_header(target, Limits())
    assert (clean.patient_name, clean.patient_index) == (CODE, 0)
    assert clean.taken_on == shift_day(TAKEN, SHIFT)
    assert (clean.size, clean.spacing_mm, density_equation(clean)) == (
        header.size,
        header.spacing_mm,
        density_equation(header),
    )


def test_a_sparse_isq_stays_sparse(tmp_path: Path) -> None:
    raw = bytearray(data_file("volumes/test_isq_native_only_binary_25.ISQ").read_bytes()[:512])
    struct.pack_into("<3i", raw, 44, 512, 512, 200)
    path, target = tmp_path / "a.isq", tmp_path / "b.isq"
    with path.open("wb") as stream:
        stream.write(raw)
        stream.truncate(512 + 2 * 512 * 512 * 200)
    write_clean_isq(path, read_isq_header(path, Limits()), CODE, SHIFT, target)
    assert target.stat().st_size == path.stat().st_size
    assert target.stat().st_blocks * 512 < 2 << 20
    assert hash_from(path, 512, 1 << 30) == hash_from(target, 512, 1 << 30)


def test_the_stratec_scan_loses_its_person_and_the_rests_of_others(tmp_path: Path) -> None:
    path, target = data_file(SCAN), tmp_path / "clean.m01"
    header = read_stratec_header(path, Limits())
    write_clean_stratec(path, header, CODE, SHIFT, target)
    before, after = path.read_bytes(), target.read_bytes()
    # The scanner leaves the tails of longer names standing behind shorter ones.
    for word in (b"TIMOCALIBRATION", b"SOLLROLEAMP", b"2621F2867HAN", b"UCASIA", b"HAPPYT", b"Patient Title"):
        assert word in before
        assert word not in after
    assert after[HEADER_BYTES:] == before[HEADER_BYTES : len(after)]
    clean = read_stratec_header(target, Limits())
    assert (clean.patient_name, clean.patient_id, clean.birth_date, clean.patient_number) == (CODE, CODE, None, 0)
    assert header.taken_on is not None
    assert clean.taken_on == shift_day(header.taken_on, SHIFT)
    assert (clean.size, clean.voxel_mm, clean.device) == (header.size, header.voxel_mm, header.device)
    assert read_stratec(target, Limits()).range == (-86.0, 919.0)
