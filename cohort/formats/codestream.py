"""How large a compressed frame says it is, read from its own header before a decoder is let at it (pure).

Sources: JPEG ISO/IEC 10918-1 B.2.2 (also JPEG-LS, ISO/IEC 14495-1 C.2.2); JPEG 2000 ISO/IEC 15444-1 A.5.1.
"""

import struct

_SOC_SIZ = b"\xff\x4f\xff\x51"
_STANDS_ALONE = {0x01, *range(0xD0, 0xD9)}
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def frame_size(frame: bytes) -> tuple[int, int] | None:
    """Return (rows, columns) that a JPEG, JPEG-LS or JPEG 2000 frame declares; None where it declares none."""
    at = frame.find(_SOC_SIZ, 0, 4096)
    if at >= 0 and len(frame) >= at + 24:
        width, height, left, top = struct.unpack_from(">IIII", frame, at + 8)
        return max(0, height - top), max(0, width - left)
    return _jpeg_size(frame) if frame.startswith(b"\xff\xd8") else None


def ends_whole(frame: bytes) -> bool:
    """True if a JPEG frame ends with its end mark, padding apart."""
    return frame.rstrip(b"\0").endswith(b"\xff\xd9")


def _jpeg_size(frame: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker in _FRAME_HEADERS:
            rows, columns = struct.unpack_from(">HH", frame, at + 5)
            return rows, columns
        if marker == 0xFF:
            at += 1
        elif marker in _STANDS_ALONE:
            at += 2
        else:
            at += 2 + struct.unpack_from(">H", frame, at + 2)[0]
    return None
