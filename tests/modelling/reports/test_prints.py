"""The PDF and the figures: the same bytes each time, every mark inside, nothing left out."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from modelling.reports.figures import draw
from modelling.reports.numbers import list_figures, take_numbers, write_csv
from modelling.reports.pdf import print_report
from portal.proof import jcs
from tests.modelling.engine.metrics.sheets import FACTS, make_sheet

HUMAN = replace(FACTS, origin="human", task="FX_WRIST_PAST", title="Past wrist fracture")


def frozen(**changes: Any) -> str:
    """Return a score sheet's frozen text."""
    return jcs.dumps(make_sheet(facts=replace(FACTS, **changes))).decode()


def pages_of(pdf: bytes) -> list[str]:
    """Return the words of each page."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def texts_of(png: bytes) -> Iterator[bytes]:
    """Yield the text chunks of a PNG."""
    place = 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        assert zlib.crc32(kind + body) == struct.unpack(">I", png[place + 8 + size : place + 12 + size])[0]
        if kind in (b"tEXt", b"iTXt"):
            yield body
        place += 12 + size


def test_the_pdf_is_the_same_bytes_each_time() -> None:
    text = frozen()
    assert print_report(text) == print_report(text)
    assert print_report(text) != print_report(frozen(custody="Somebody else held the key."))


def test_the_first_page_begins_with_the_sentence() -> None:
    first = pages_of(print_report(frozen()))[0]
    assert "In 30 simulated participants never seen in training the model separated" in first
    assert "30 people cannot settle calibration." in first
    assert first.index("never seen in training") < first.index("Separation")


def test_every_page_carries_the_mark_the_use_and_its_number() -> None:
    pages = pages_of(print_report(frozen()))
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert page.count("SIMULATED") >= 2
        assert "Research use, not a medical device" in page
        assert f"page {number} of {len(pages)}" in page


def test_a_report_of_people_carries_no_mark_of_simulation() -> None:
    pages = pages_of(print_report(jcs.dumps(make_sheet(facts=HUMAN)).decode()))
    assert "past wrist fracture" in " ".join(pages)
    assert not any("SIMULATED" in page.upper() for page in pages)


def test_a_rehearsal_is_marked_on_every_page() -> None:
    for page in pages_of(print_report(frozen(is_rehearsal=True))):
        assert page.count("REHEARSAL: LABELS ARE RANDOM") >= 2


def test_the_pdf_holds_hashes_shares_and_how_to_verify() -> None:
    text = " ".join(pages_of(print_report(frozen())))
    for words in ("d" * 64, "Positive predictive value", "modelling.engine verify", "TRIPOD+AI", "frax_mof"):
        assert words.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize("name", ["roc", "confusion", "comparison", "risks", "net_benefit", "flow"])
def test_every_figure_is_the_same_each_time_and_carries_its_mark(name: Any) -> None:
    sheet = make_sheet()
    png, svg = draw(sheet, name, "png", sheet["marks"]), draw(sheet, name, "svg", sheet["marks"])
    assert png == draw(sheet, name, "png", sheet["marks"])
    assert svg == draw(sheet, name, "svg", sheet["marks"])
    assert any(b"SIMULATED" in text for text in texts_of(png))
    assert b"SIMULATED" in svg
    # The mark is drawn, not only written beside: without it the picture is another.
    assert draw(sheet, name, "png", ()) != png


def test_figures_of_people_carry_no_mark() -> None:
    sheet = make_sheet(facts=HUMAN)
    assert sheet["marks"] == []
    assert b"SIMULATED" not in draw(sheet, "roc", "svg", sheet["marks"])
    assert b"SIMULATED" not in write_csv(sheet, "roc", sheet["marks"])


def test_the_csv_carries_its_marks_above_the_header() -> None:
    sheet = make_sheet()
    lines = write_csv(sheet, "confusion", sheet["marks"]).decode().splitlines()
    assert lines[0] == "# SIMULATED"
    assert lines[1] == "# Research use, not a medical device"
    assert lines[3] == "truth,called positive,called negative"
    assert len(lines) == 6


def test_a_figure_without_numbers_is_not_offered() -> None:
    assert "calibration" not in list_figures(make_sheet())
    assert "calibration" in list_figures(make_sheet(1000, 250))
    few = make_sheet(30, 3, replace(FACTS, task="FX_INC"))
    assert list_figures(few) == ["flow"]


def test_a_sheet_without_an_answer_is_printed_all_the_same() -> None:
    few = make_sheet(30, 3, replace(FACTS, task="FX_INC"))
    text = " ".join(pages_of(print_report(jcs.dumps(few).decode())))
    assert "not estimable: 3 events" in text


def test_a_large_sheet_is_printed_with_its_calibration() -> None:
    sheet = make_sheet(1000, 250, HUMAN)
    text = " ".join(pages_of(print_report(jcs.dumps(sheet).decode())))
    assert "Intercept at slope 1" in text


def test_the_frozen_text_survives_reading_and_writing() -> None:
    text = frozen()
    assert jcs.dumps(json.loads(text)).decode() == text


def test_the_flow_goes_from_most_to_fewest_and_ends_with_the_scored() -> None:
    steps = [row[0] for row in take_numbers(make_sheet(), "flow").rows]
    assert steps == ["enrolled", "drawn for testing", "with a label", "with every input", "scored"]


def test_a_figure_nobody_listed_is_an_error() -> None:
    with pytest.raises(KeyError):
        take_numbers(make_sheet(), "heatmap")  # type: ignore[arg-type]
