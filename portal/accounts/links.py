"""A link on paper: its address as a QR code for a telephone (pure)."""

import base64
from io import BytesIO

import qrcode
from qrcode.image.svg import SvgPathFillImage


def draw_qr(text: str) -> str:
    """Return a QR code as SVG, black on white: no telephone reads it dark on dark, as a dark theme would have it.

    The quiet zone of four modules around it belongs to the code (ISO/IEC 18004, 9.1).
    """
    drawn = BytesIO()
    qrcode.make(text, image_factory=SvgPathFillImage, border=4).save(drawn)
    return drawn.getvalue().decode()


def draw_qr_source(text: str) -> str:
    """Return a QR code as the source of an <img>."""
    return f"data:image/svg+xml;base64,{base64.b64encode(draw_qr(text).encode()).decode()}"
