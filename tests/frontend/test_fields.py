"""A form field: label, hint, unit and errors, each tied to its control."""

from typing import Any

from django import forms

from tests.frontend.showing import Piece, show


class Measures(forms.Form):
    height = forms.DecimalField(label="Standing height", help_text="Without shoes", min_value=100)
    side = forms.ChoiceField(choices=[("L", "Left"), ("R", "Right")], widget=forms.RadioSelect)
    remarks = forms.CharField(widget=forms.Textarea, required=False)
    checked = forms.BooleanField(label="I have checked it")
    version = forms.CharField(widget=forms.HiddenInput)


def show_field(name: str, data: dict[str, str] | None = None, more: str = "") -> Piece:
    form = Measures(data)
    form.is_valid()
    return show("{% field field " + more + " %}", field=form[name])


def test_a_label_belongs_to_its_control():
    piece = show_field("height")
    assert piece.one("label")["for"] == piece.one("input")["id"] == "id_height"


def test_hint_unit_and_value_of_last_time_are_read_out_with_the_control():
    piece = show_field("height", more='unit="cm" before="162.0 cm"')
    described = piece.one("input")["aria-describedby"].split()
    assert described == ["id_height_hint", "id_height_unit", "id_height_before"]
    ids = {has.get("id") for _, has in piece.elements}
    assert set(described) <= ids
    assert "Last time: 162.0 cm" in piece.text


def test_without_errors_nothing_is_marked_wrong():
    assert "aria-invalid" not in show_field("height").one("input")


def test_an_error_stands_beside_its_field_in_words():
    piece = show_field("height", {"height": "12"})
    control = piece.one("input")
    assert control["aria-invalid"] == "true"
    assert "id_height_error" in control["aria-describedby"]
    assert "Error: Ensure this value is greater than or equal to 100." in piece.text


def test_a_number_is_typed_as_text_on_a_numeric_pad():
    control = show_field("height", {"height": "162"}).one("input")
    assert control["type"] == "text"
    assert control["inputmode"] == "decimal"
    assert not {"min", "max", "step"} & control.keys()


def test_showing_a_number_leaves_the_form_itself_as_it_was():
    form = Measures()
    show("{% field field %}", field=form["height"])
    assert form.fields["height"].widget.input_type == "number"


def test_only_what_may_stay_empty_is_called_optional():
    assert "(optional)" in show_field("remarks").text
    assert "(optional)" not in show_field("height").text


def test_choices_are_a_group_with_a_legend():
    piece = show_field("side", {})
    assert piece.one("fieldset")["aria-describedby"] == "id_side_error"
    assert piece.all("legend")
    assert [has["for"] for has in piece.all("label")] == ["id_side_0", "id_side_1"]
    assert len(piece.all("input", type="radio")) == 2


def test_short_answers_stand_side_by_side():
    assert "choices-inline" in show_field("side", more="inline=True").source
    assert "choices-inline" not in show_field("side").source


def test_a_single_tick_has_its_words_behind_it():
    piece = show_field("checked")
    assert piece.one("label", **{"class": "choice"})["for"] == piece.one("input")["id"]


def test_a_hidden_field_shows_nothing():
    piece = show_field("version")
    assert piece.text == ""
    assert piece.one("input")["type"] == "hidden"


def test_what_somebody_typed_is_escaped():
    piece = show_field("remarks", {"remarks": "<script>alert(1)</script>"})
    assert "&lt;script&gt;" in piece.source
    assert not piece.all("script")


def show_summary(data: dict[str, Any]) -> Piece:
    form = Measures(data)
    form.is_valid()
    return show("{% include '_form_errors.html' %}", form=form)


def test_the_summary_leads_to_every_wrong_field():
    piece = show_summary({"version": "1"})
    assert [has["href"] for has in piece.all("a")] == ["#id_height", "#id_side_0", "#id_checked"]
    assert "Some answers need another look" in piece.text


def test_one_error_is_spoken_of_as_one():
    good = {"height": "162", "side": "L", "version": "1"}
    assert "One answer needs another look" in show_summary(good).text


def test_a_form_without_errors_has_no_summary():
    good = {"height": "162", "side": "L", "checked": "on", "version": "1"}
    assert show_summary(good).text == ""
