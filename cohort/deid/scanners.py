"""Stratec scanners' own files in an upload: each calibrates the scans that name its scanner (pure).

Such a file is no image and names nobody; what is kept of it is the equation, among the facts of the series.
"""

from dataclasses import replace

from cohort.deid.steps import Cleaned
from cohort.deid.upload import Told
from cohort.deid.verdicts import ACCEPTED, READ, REFUSED, SNIFF, VERIFY, Stopped, Verdict
from cohort.formats import sniff
from cohort.formats.errors import FormatError
from cohort.formats.stratec import DeviceCalibration
from cohort.formats.stratec_typ import ScannerFile, read_typ

MAKER = "Stratec"


class Scanners:
    """The scanners' files of an upload, and which series each of them served."""

    def __init__(self, told: Told) -> None:
        self._found: dict[str, ScannerFile] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._served: dict[str, int] = {}
        for one in told.files:
            if not one.path.is_file() or sniff.sniff(one.path) != sniff.STRATEC_TYP:
                continue
            try:
                self._found[one.id] = read_typ(one.path)
            except FormatError as error:
                self._verdicts[one.id] = Stopped.from_format(READ, error).verdict_on(one.id)

    def without(self, told: Told) -> Told:
        """Return the upload without these files: what is left are images, or what should be."""
        taken = self._found.keys() | self._verdicts.keys()
        return replace(told, files=tuple(one for one in told.files if one.id not in taken))

    def find(self, scan: Cleaned) -> DeviceCalibration | None:
        """Return the calibration of the scanner that a scan names; None for another maker's."""
        if scan.device.get("maker") != MAKER:
            return None
        device = scan.device["model"].upper()
        return next((one.calibration for one in self._found.values() if one.device == device), None)

    def serve(self, scan: Cleaned, number: int) -> DeviceCalibration | None:
        """Return the same, and note that it was of use for this series."""
        found = self.find(scan)
        if found is not None:
            own = next(id for id, one in self._found.items() if one.calibration is found)
            self._served.setdefault(own, number)
        return found

    def say_missing(self, scan: Cleaned) -> str:
        """Return what to add where a scan came without its scanner's file; empty for others."""
        if scan.device.get("maker") != MAKER or self.find(scan) is not None:
            return ""
        return (
            f" Its numbers are the scanner's own, so no density is measured in it. For densities drop the scan and "
            f"the scanner's file {scan.device['model']} together."
        )

    def verdicts(self) -> dict[str, Verdict]:
        """Return what became of each scanner's file, once every series was put together."""
        return self._verdicts | {id: self._judge(id, one) for id, one in self._found.items()}

    def _judge(self, id: str, one: ScannerFile) -> Verdict:
        number = self._served.get(id)
        if number is None:
            reason = (
                f"This is the file of the scanner {one.device}, and no scan of it came along. Drop it together with "
                "the scan (I....M01)."
            )
            return Verdict(id, REFUSED, SNIFF, "typ_alone", reason)
        scale = f"density = {one.calibration.slope:g} x number {one.calibration.intercept:+g} mg/cm3"
        return Verdict(id, ACCEPTED, VERIFY, "", f"Used for series {number}: {scale}.", number)
