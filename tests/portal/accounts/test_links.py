"""A QR code on a page can be scanned in either theme."""

import base64
from xml.etree import ElementTree

from portal.accounts.links import draw_qr, draw_qr_source


def test_a_code_brings_its_own_white_ground():
    shapes = list(ElementTree.fromstring(draw_qr("https://example.org/join/x/")))
    assert shapes[0].tag.endswith("rect")
    assert shapes[0].get("fill") == "white"


def test_the_source_holds_the_drawing_and_asks_nobody():
    head, drawn = draw_qr_source("https://example.org/").split(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(drawn).decode() == draw_qr("https://example.org/")
