"""What is looked at in a picture itself before it comes in: burned-in words, and the letter that tells the side (pure).

Of a picture with one plane alone: slices of a scanner are computed, and nobody writes into them.
"""

from cohort.deid.marker import Marker, read_marker
from cohort.deid.text import find_text
from cohort.deid.upload import Told
from cohort.deid.verdicts import READ, SIDE, SIDE_CONFLICT, Stopped
from cohort.formats.dicom_facts import DicomFacts
from cohort.formats.volume import DXA, FILM, Values

SIDES = {"L": "LEFT", "R": "RIGHT"}
MOST_NAMED = 3
"""Places that the sentence names; the others are counted."""


def refuse_letters(pixels: Values, modality: str) -> None:
    """Raise Stopped for a film or a DXA with words in it, which may be a name. pixels: (frames, y, x)."""
    if modality not in {FILM, DXA} or len(pixels) != 1:
        return
    found = find_text(pixels[0])
    if not found:
        return
    places = ", ".join(f"{one.x}, {one.y} ({one.width} x {one.height})" for one in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} further places" if len(found) > MOST_NAMED else ""
    reason = (
        f"Letters found in the picture at {places}{more}, in pixels from its upper left corner: they may be a name. "
        "Crop or redact them and send it again."
    )
    raise Stopped(READ, "letters", reason)


def find_marker(pixels: Values, facts: DicomFacts) -> Marker | None:
    """Return the letter of a film that tells the side; None for another image. pixels: (frames, y, x)."""
    if facts.modality != FILM or len(pixels) != 1:
        return None
    return read_marker(pixels[0], facts.spacing_mm[0] if facts.spacing_mm is not None else None)


def check_marker(told: Told, marker: Marker | None) -> None:
    """Raise Stopped for a picture that was turned over, and with a choice where the letter tells the other side."""
    if marker is None:
        return
    place = f"at {marker.x}, {marker.y} ({marker.width} x {marker.height} pixels)"
    if marker.is_mirrored:
        reason = (
            f"The marker {marker.letter} {place} reads backwards: the picture was turned over, so left and right are "
            "changed about. Send it as it was taken."
        )
        raise Stopped(SIDE, "mirrored", reason)
    if marker.letter == told.side or told.header_side_is_wrong:
        return
    reason = (
        f"The marker in the picture says {SIDES[marker.letter]} ({place}) and it was dropped at the "
        f"{SIDES[told.side]} forearm. Say which is right: it was dropped at the wrong place, or the marker is wrong."
    )
    raise Stopped(SIDE, "side", reason, SIDE_CONFLICT)
