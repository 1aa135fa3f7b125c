"""What became of each file of an upload, in sentences that the person who sent it can act on (pure)."""

from dataclasses import asdict, dataclass
from typing import Any

from cohort.formats.errors import FormatError

ACCEPTED, REFUSED, SIDE_CONFLICT = "accepted", "refused", "side_conflict"
SNIFF, READ, MATCH, SIDE, CLEAN, VERIFY = "sniff", "read", "match", "side", "de-identify", "verify"
STEPS = (SNIFF, READ, MATCH, SIDE, CLEAN, VERIFY)

_ADVICE = {
    "truncated": "The file is not whole: export it again from the scanner or PACS and send that.",
    "damaged": "Export it again from the scanner or PACS; if it stays so, tell the data manager.",
    "nested": "No scanner writes this: tell the data manager before sending it again.",
    "too_large": "Send single images, not a whole examination in one file.",
    "no_pixels": "Send the image itself, not its report or its settings.",
    "no_meta": "Export it as a DICOM file (Part 10), not as raw data.",
    "pdf": "Send the image itself, not the report.",
    "dicomdir": "Send the image files that stand beside it.",
    "colour": "Send the scan's own image, not a screen or a report page.",
    "burned_in": "Send the scan without the patient's name in the picture.",
    "gap": "Send all slices of the series together.",
    "duplicate_slice": "Send each slice once.",
    "scout": "Send the scan itself.",
    "not_dicom": "Send the file as the scanner exports it.",
    "typ": "Send the scanner's own .TYP file as it lies on the scanner's computer.",
    "unknown": "Send DICOM, a Scanco ISQ or a Stratec scan.",
    "zip": "Unpack it and send the files, or the folder.",
    "syntax": "Export it without compression.",
    "verify": "The file was kept back; tell the data manager.",
}


@dataclass(frozen=True)
class Verdict:
    """One file's. series: its number where it was accepted."""

    id: str
    verdict: str
    step: str
    code: str
    reason: str
    series: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as verdicts.json holds it."""
        return asdict(self)


class Stopped(Exception):
    """A file cannot come in. step: where; code: for programs; reason: for the person who sent it."""

    def __init__(self, step: str, code: str, reason: str, verdict: str = REFUSED) -> None:
        super().__init__(reason)
        self.step = step
        self.code = code
        self.reason = reason
        self.verdict = verdict

    @classmethod
    def from_format(cls, step: str, error: FormatError) -> "Stopped":
        """Return the stop that a reader's error means, with what to do about it."""
        sentence = str(error)
        advice = _ADVICE.get(error.code, "")
        return cls(step, error.code, f"{sentence[:1].upper()}{sentence[1:]} {advice}".strip())

    def verdict_on(self, file_id: str) -> Verdict:
        """Return the verdict on the file that stopped here."""
        return Verdict(file_id, self.verdict, self.step, self.code, self.reason)
