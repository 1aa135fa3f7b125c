"""The partials of a page, each with what it must say and what it must refuse."""

import pytest
from django.core.paginator import Paginator
from django.test import RequestFactory

from frontend.icons import draw
from frontend.parts import Cell, Chart, Column, Confirmation, Progress, Step, Table, Waiting
from tests.frontend.showing import show


def test_a_state_is_a_word_with_a_colour_and_a_shape():
    piece = show("{% state_chip 'withdrawn' %}")
    assert piece.text == "withdrawn"
    assert piece.one("span")["class"] == "chip chip-bad"
    assert piece.one("svg")["aria-hidden"] == "true"


def test_a_word_of_ones_own_wins_over_the_stored_value():
    assert show("{% state_chip 'in_progress' %}").text == "in progress"
    assert show("{% state_chip 'queued' 'Waiting for a machine' %}").text == "Waiting for a machine"


def test_a_tone_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'pink' is no tone; there are plain, busy, good"):
        show("{% state_chip 'queued' tone='pink' %}")


def test_a_sealed_chip_explains_itself():
    piece = show("{% sealed 'Closed until the reveal.' %}")
    assert piece.all("details")
    assert "Closed until the reveal." in piece.text


def test_a_sealed_chip_without_its_sentence_is_refused():
    with pytest.raises(ValueError, match="needs the sentence that explains it"):
        show("{% sealed ' ' %}")


def test_an_icon_nobody_drew_is_refused():
    with pytest.raises(ValueError, match="there is no icon 'skull'"):
        draw("skull")


TABLE = Table(
    "Participants",
    ["Code", Column("Density", "g/cm2", is_number=True), "State"],
    [[Cell("EXB-1", "/p/EXB-1", is_code=True), "0.612", Cell(state="enrolled")], ["EXB-2", 0, Cell(sealed="Closed.")]],
)


def test_a_table_says_what_it_is_and_names_its_rows_and_columns():
    piece = show("{% table table %}", table=TABLE)
    assert piece.one("div", role="region")["aria-label"] == "Participants"
    assert piece.one("div", role="region")["tabindex"] == "0"
    assert len(piece.all("th", scope="col")) == 3
    assert len(piece.all("th", scope="row")) == 2
    assert "g/cm²" in piece.text


def test_cells_may_be_links_states_sealed_or_plain_and_zero_is_a_value():
    piece = show("{% table table %}", table=TABLE)
    assert piece.one("a")["href"] == "/p/EXB-1"
    assert "enrolled" in piece.text
    assert "Closed." in piece.text
    assert "EXB-2 0" in piece.text


def test_an_empty_table_says_so():
    piece = show("{% table table %}", table=Table("Readings", ["Code"], [], empty="Nobody has read anything."))
    assert "Nobody has read anything." in piece.text


def test_a_row_of_another_width_is_refused():
    with pytest.raises(ValueError, match="a row has 1 cells, 2 were wanted"):
        _ = Table("Readings", ["Code", "Reader"], [["EXB-1"]]).lines


def test_what_waits_is_a_number_a_sentence_and_a_way():
    piece = show("{% include '_waiting.html' %}", waiting=[Waiting(3, "visits are due", "/visits", "soon")])
    assert piece.text == "3 visits are due soon"
    assert piece.one("a")["href"] == "/visits"


def test_nothing_waiting_is_said_in_words():
    assert "Nothing waits for you." in show("{% include '_waiting.html' %}", waiting=[]).text


def make_progress(**changes: object) -> Progress:
    usual = {"label": "Measure", "state": "running", "step": 2, "total": 8, "poll_url": "/job", "cancel_url": "/stop"}
    return Progress(**{**usual, **changes})  # type: ignore[arg-type]


def test_a_running_job_asks_again_and_can_be_stopped():
    piece = show("{% include '_progress.html' %}", progress=make_progress())
    assert piece.one("section")["hx-get"] == "/job"
    assert "X-Background" in piece.one("section")["hx-headers"], "asking by itself must keep nobody signed in"
    assert piece.one("progress")["value"] == "2"
    assert piece.one("form")["action"] == "/stop"
    assert "Step 2 of 8" in piece.text


def test_a_finished_job_asks_nothing_any_more():
    piece = show("{% include '_progress.html' %}", progress=make_progress(finished=True, state="finished", step=8))
    assert "hx-get" not in piece.one("section")
    assert not piece.all("form")
    assert not piece.all("progress")


def test_a_failure_is_a_sentence_a_person_can_read():
    failed = make_progress(finished=True, state="failed", failure="The file ends after 4 of 110 slices.")
    assert "The file ends after 4 of 110 slices." in show("{% include '_progress.html' %}", progress=failed).text


def test_a_job_of_unknown_length_claims_no_share():
    assert make_progress(total=0).percent is None
    piece = show("{% include '_progress.html' %}", progress=make_progress(total=0))
    assert "value" not in piece.one("progress")


@pytest.mark.parametrize(("step", "percent"), [(0, 0), (1, 12), (8, 100), (9, 100)])
def test_a_share_is_in_whole_percents_and_never_above_hundred(step: int, percent: int):
    assert make_progress(step=step).percent == percent


def test_a_timeline_marks_where_one_is():
    steps = [Step("Enrolled", "done", "3 March", "Nora"), Step("Imaging", "now"), Step("Call", "later")]
    piece = show("{% include '_timeline.html' %}", steps=steps)
    assert piece.one("li", aria_current="step")["class"] == "timeline-now"
    assert "Call (still to come)" in piece.text
    assert "3 March · Nora" in piece.text


def make_confirmation(retype: str = "EXB-1") -> Confirmation:
    return Confirmation("Withdraw", ["Images are erased."], "Withdraw and erase", "/back", retype)


def test_a_grave_act_says_what_follows_and_offers_to_leave_it():
    piece = show("{% include '_confirm.html' %}", confirm=make_confirmation())
    assert piece.one("form")["data-confirm"] == "EXB-1"
    assert "Images are erased." in piece.text
    assert "This cannot be undone." in piece.text
    assert piece.one("a")["href"] == "/back"


def test_a_grave_act_without_a_word_to_retype_asks_for_none():
    piece = show("{% include '_confirm.html' %}", confirm=make_confirmation(""))
    assert "data-confirm" not in piece.one("form")
    assert not piece.all("input", name="retyped")


def test_a_word_typed_wrong_is_said_beside_the_field():
    piece = show("{% include '_confirm.html' %}", confirm=make_confirmation(), confirm_error="That is another code.")
    assert "That is another code." in piece.text
    assert piece.one("input", name="retyped")["aria-invalid"] == "true"


def test_pages_of_a_list_keep_the_rest_of_the_address():
    request = RequestFactory().get("/list", {"site": "EXB", "page": "2"})
    page = Paginator(range(100), 20).get_page(2)
    piece = show("{% include '_pagination.html' %}", page=page, request=request)
    assert [has["href"] for has in piece.all("a")] == ["?site=EXB&page=1", "?site=EXB&page=3"]
    assert "21 to 40 of 100" in piece.text


def test_a_list_of_one_page_has_no_pages():
    page = Paginator(range(3), 20).get_page(1)
    assert show("{% include '_pagination.html' %}", page=page).text == ""


def test_a_chart_always_brings_its_numbers_as_a_table():
    chart = Chart("enrolment", "37 enrolled.", {"data": []}, Table("By month", ["Month", "N"], [["Jan", 4]]))
    piece = show("{% include '_plot.html' %}", chart=chart, origin="simulated")
    assert piece.one("script")["type"] == "application/json"
    assert piece.one("div", data_plot="enrolment-numbers")["data-origin"] == "simulated"
    assert piece.all("table")
    assert "37 enrolled." in piece.text
