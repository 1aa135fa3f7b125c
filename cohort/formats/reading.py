"""Files of one series, whatever their format, as one volume (pure): the door for who only wants the values."""

from collections.abc import Sequence
from pathlib import Path

from cohort.formats import sniff
from cohort.formats.aim import read_aim
from cohort.formats.dicom import read_dicom, read_header
from cohort.formats.dicom_facts import read_facts
from cohort.formats.dicom_pixels import as_monochrome2, decode
from cohort.formats.errors import FormatError
from cohort.formats.isq import density_equation, read_isq, read_isq_header
from cohort.formats.limits import Limits
from cohort.formats.slices import stack_slices
from cohort.formats.stratec import DeviceCalibration, read_stratec
from cohort.formats.volume import DENSITY, NATIVE, Values, Volume


def read_volume(
    paths: Sequence[Path], limits: Limits | None = None, calibration: DeviceCalibration | None = None
) -> Volume:
    """Return the volume that one series' files hold: several DICOM instances, one ISQ, AIM or Stratec scan.

    ISQ and AIM are given in mg HA/cm3 where they are calibrated, else native; a Stratec scan with its scanner's
    calibration. Raises FormatError, ValueError without files.
    """
    if not paths:
        raise ValueError("a series without files has no volume")
    limits = limits or Limits()
    kinds = {sniff.sniff(path) for path in paths}
    if kinds <= {sniff.DICOM, sniff.DICOM_BARE}:
        return _read_instances(paths, limits)
    if len(paths) > 1:
        raise FormatError("the series", "several files of different kinds", "DICOM slices or one volume", "mixed")
    if kinds == {sniff.ISQ}:
        return read_isq(paths[0], limits, _isq_unit(paths[0], limits))
    if kinds == {sniff.AIM}:
        return read_aim(paths[0], limits)
    if kinds == {sniff.STRATEC}:
        return read_stratec(paths[0], limits, calibration)
    raise FormatError("the file", kinds.pop(), "DICOM, Scanco ISQ or AIM, or Stratec", "unknown")


def _read_instances(paths: Sequence[Path], limits: Limits) -> Volume:
    """Return one volume of DICOM instances: all headers first, then one instance's pixels after the other."""
    facts = [read_facts(read_header(path, limits)) for path in paths]
    limits.check_decoded(sum(4 * one.rows * one.columns * one.frames for one in facts))

    def read_frames(index: int) -> Values:
        dataset = read_dicom(paths[index], limits)
        return as_monochrome2(decode(dataset), dataset)

    return stack_slices(facts, read_frames)


def _isq_unit(path: Path, limits: Limits) -> str:
    try:
        density_equation(read_isq_header(path, limits))
    except FormatError as error:
        if error.code == "uncalibrated":
            return NATIVE
        raise
    return DENSITY
