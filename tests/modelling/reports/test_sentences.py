"""The report's sentences, by their rules."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from modelling.reports.build import build_report
from modelling.reports.document import Bullets, Grid, Paragraph, Report
from modelling.reports.sentences import list_limits, say_comparison, write_first_sentence
from modelling.reports.words import estimate, number, p_value, share
from tests.modelling.engine.metrics.sheets import FACTS, make_sheet


def with_auc(value: float, lower: float, upper: float) -> dict[str, Any]:
    """Return a sheet whose primary AUC is this, as if the scorer had found it."""
    sheet = copy.deepcopy(make_sheet())
    sheet["models"][0]["auc"] |= {"value": value, "lower": lower, "upper": upper}
    return sheet


def say(report: Report) -> str:
    """Return every text of a report."""
    pieces = [report.title, report.first_sentence, *(value for _, value in report.facts)]
    for section in report.sections:
        pieces.append(section.title)
        for block in section.blocks:
            match block:
                case Grid():
                    pieces += [cell for row in (block.columns, *block.rows) for cell in row]
                case Bullets():
                    pieces += list(block.items)
                case Paragraph():
                    pieces.append(block.text)
                case _:
                    pieces.append(getattr(block, "caption", ""))
    return "\n".join(pieces)


def test_the_first_sentence_says_whom_what_how_well_and_what_it_cannot_settle() -> None:
    assert write_first_sentence(with_auc(0.81, 0.62, 0.95)) == (
        "In 30 simulated participants never seen in training the model separated people whose hip or spine DXA is at "
        "or below T -2.5 from the others with AUC 0.81 (0.62 to 0.95; 6 of 30). 30 people cannot settle calibration."
    )


def test_an_interval_that_holds_a_half_is_said_to_show_nothing() -> None:
    said = write_first_sentence(with_auc(0.6, 0.5, 0.7))
    assert "The interval holds 0.5: it is not shown that the model separates at all." in said
    assert "not shown" not in write_first_sentence(with_auc(0.6, 0.51, 0.7))


def test_people_of_human_origin_are_not_called_simulated() -> None:
    said = write_first_sentence(make_sheet(facts=replace(FACTS, origin="human", task="FX_WRIST_PAST")))
    assert said.startswith(
        "In 30 participants never seen in training the model separated people who had broken a wrist"
    )
    assert "simulated" not in said.lower()


def test_where_nothing_can_be_estimated_the_sentence_says_why() -> None:
    said = write_first_sentence(make_sheet(30, 3, replace(FACTS, task="FX_INC")))
    assert "has no answer: not estimable: 3 events." in said
    assert "AUC" not in said


def test_a_thousand_people_get_slope_and_ratio_with_their_intervals() -> None:
    said = write_first_sentence(make_sheet(1000, 250))
    assert "1,000 people cannot settle" not in said
    assert "Calibration slope " in said
    assert said.count(" to ") == 3


def test_a_rehearsal_begins_with_its_mark() -> None:
    said = write_first_sentence(make_sheet(facts=replace(FACTS, is_rehearsal=True)))
    assert said.startswith("REHEARSAL: LABELS ARE RANDOM.")


@pytest.mark.parametrize(
    ("lower", "upper", "begins"),
    [
        (-0.1, 0.3, "It is not shown that fusion 1 separates better than clinical 1"),
        (0.0, 0.3, "It is not shown that fusion 1 separates better than clinical 1"),
        (0.01, 0.3, "fusion 1 separates better than clinical 1"),
        (-0.3, -0.01, "fusion 1 separates worse than clinical 1"),
    ],
)
def test_a_model_that_does_not_beat_its_baseline_says_so(lower: float, upper: float, begins: str) -> None:
    sheet = copy.deepcopy(make_sheet())
    sheet["comparisons"][0]["difference"] |= {"value": (lower + upper) / 2, "lower": lower, "upper": upper}
    assert say_comparison(sheet, sheet["comparisons"][0]).startswith(begins)


def test_a_report_never_says_calibrated_or_validated() -> None:
    for sheet in (make_sheet(), make_sheet(1000, 250)):
        text = say(build_report(json.dumps(sheet))).lower()
        assert "auc" in text
        assert "calibrated" not in text
        assert "validated" not in text


def test_every_auc_of_the_tables_stands_with_its_interval() -> None:
    report = build_report(json.dumps(make_sheet()))
    grids = [block for section in report.sections for block in section.blocks if isinstance(block, Grid)]
    cells = [cell for grid in grids for row in grid.rows for cell in row if cell.startswith(("0.", "1.0", "> 0."))]
    assert len(cells) > 4
    assert [cell for cell in cells if " to " not in cell] == []


def test_the_limits_count_the_planned_openings_of_the_test_set() -> None:
    once = make_sheet()
    assert once["level"] == 0.95
    assert any(one.endswith("a second look is a second look.") for one in list_limits(once))
    often = " ".join(list_limits({**once, "level": 0.983333}))
    assert "a test set opened 3 times in all, as was planned before the first: each interval holds 98.33 %" in often
    assert "it is spent" not in often


def test_the_limits_of_a_simulated_cohort_name_it_first() -> None:
    assert list_limits(make_sheet())[0] == (
        "Everybody here is simulated: it shows that the pipeline works, not the biology."
    )
    human = list_limits(make_sheet(facts=replace(FACTS, origin="human")))
    assert not any("simulated" in limit.lower() for limit in human)


def test_the_report_lists_what_went_in_what_was_left_out_and_the_deviations() -> None:
    text = say(build_report(json.dumps(make_sheet())))
    for word in ("forearm_udaBMD", "frax_mof", "holds bone density, which is the label", "third custodian", "d" * 64):
        assert word in text


def test_all_27_items_of_tripod_stand_in_the_report() -> None:
    report = build_report(json.dumps(make_sheet()))
    grid = report.sections[-1].blocks[0]
    assert isinstance(grid, Grid)
    assert [row[0] for row in grid.rows] == [str(item) for item in range(1, 28)]


def test_something_else_is_no_score_sheet() -> None:
    with pytest.raises(ValueError, match="no score sheet"):
        build_report('{"format": "trabecula.snapshot/1"}')


def test_numbers_do_not_claim_more_than_they_are() -> None:
    assert number(0.9999) == "> 0.99"
    assert number(1.0) == "1.00"
    assert number(0.0001) == "< 0.01"
    assert number(-0.05) == "\N{MINUS SIGN}0.05"
    assert p_value(0.00001) == "< 0.001"
    assert estimate({"value": None, "why": "nobody to count"}) == "nobody to count"
    assert share({"value": 5 / 6, "lower": 0.44, "upper": 0.97, "hits": 5, "of": 6}) == "83 % (44 to 97; 5 of 6)"
