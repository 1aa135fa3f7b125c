"""Template tags and filters every page uses. They only arrange what they are given."""

from copy import copy
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, NumberInput, RadioSelect, Widget
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from frontend import icons, units
from frontend.states import TONES, tone_of

register = template.Library()

PLOTLY = "vendor/plotly-strict.min.js"
VIEWER = "vendor/viewer/viewer.js"
_TONE_OF_MESSAGE = {"success": "good", "warning": "warn", "error": "bad", "info": "busy", "debug": "plain"}


@register.filter
def words(text: str) -> list[str]:
    """Split a text at its spaces."""
    return text.split()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of `frontend.icons`; it is decoration, the word stands beside it."""
    return mark_safe(icons.draw(name))


@register.filter
def tone_of_message(level: str) -> str:
    """Return the tone of one of Django's message levels."""
    return _TONE_OF_MESSAGE.get(level, "plain")


@register.inclusion_tag("_state.html")
def state_chip(state: Any, word: str = "", tone: str = "") -> dict[str, str]:
    """Show a state as word, colour and shape. The word is the choice's label unless another is given."""
    value = str(getattr(state, "value", state))
    if tone and tone not in TONES:
        raise ValueError(f"'{tone}' is no tone; there are {', '.join(TONES)}")
    return {"word": word or str(getattr(state, "label", value.replace("_", " "))), "tone": tone or tone_of(value)}


@register.inclusion_tag("_sealed.html")
def sealed(why: str) -> dict[str, str]:
    """Show that something is hidden on purpose, with the one sentence that says why."""
    if not why.strip():
        raise ValueError("a sealed chip needs the sentence that explains it")
    return {"why": why}


@register.inclusion_tag("_table.html")
def table(table: Any) -> dict[str, Any]:
    """Show a `frontend.parts.Table`."""
    return {"table": table}


@register.inclusion_tag("_field.html")
def field(field: BoundField, unit: str = "", before: str = "", inline: bool = False) -> dict[str, Any]:
    """Show one form field with label, hint, errors and unit.

    before: the value of the visit before, shown in grey and never copied.
    inline: choices side by side, for short answers such as yes and no.
    """
    notes = [
        ("hint", bool(field.help_text)),
        ("error", bool(field.errors)),
        ("unit", bool(unit)),
        ("before", bool(before)),
    ]
    described_by = " ".join(f"{field.auto_id}_{name}" for name, shown in notes if shown)
    kind = _kind(field)
    return {
        "field": field,
        "kind": kind,
        "errors": list(field.errors),
        "required": field.field.required,
        "described_by": described_by,
        "control": "" if kind == "group" else field.as_widget(_widget(field), _attributes(field, described_by)),
        "unit": units.write_unit(unit),
        "before": before,
        "inline": inline,
    }


@register.filter
def unit(name: str) -> str:
    """Write a unit as it is printed."""
    return units.write_unit(name)


@register.filter
def with_unit(value: object, name: str) -> str:
    """Write a value with its unit; a dash where nothing was measured."""
    return units.with_unit(value, name)


@register.filter
def wrong_fields(form: BaseForm) -> list[BoundField]:
    """Return the form's fields that have errors, in the order they stand on the page."""
    return [bound for bound in form if bound.errors]


@register.filter
def first_id(field: BoundField) -> str:
    """Return the id a link to the field goes to: the first choice of a group, else the control itself."""
    return f"{field.auto_id}_0" if _kind(field) == "group" else str(field.id_for_label or field.auto_id)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return this page's query string with some values changed, for links of lists."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        values[name] = str(value)
    return mark_safe("?" + escape(values.urlencode()))


@register.simple_tag
def plotly_src() -> str:
    """Return the address of Plotly's strict bundle, or nothing where it was not installed: tables then stand alone."""
    return static(PLOTLY) if finders.find(PLOTLY) else ""


@register.simple_tag
def viewer_src() -> str:
    """Return the address of the image viewer, or nothing where it was not built: small pictures then stand alone."""
    return static(VIEWER) if finders.find(VIEWER) else ""


def _kind(field: BoundField) -> str:
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "group"
    return "checkbox" if isinstance(widget, CheckboxInput) else "line"


def _widget(field: BoundField) -> Widget:
    """Return the control. A number is typed as text: no wheel changes it, and a decimal comma is not lost."""
    widget: Widget = field.field.widget
    if not isinstance(widget, NumberInput):
        return widget
    typed = copy(widget)
    typed.input_type = "text"
    typed.attrs = {name: value for name, value in widget.attrs.items() if name not in {"min", "max", "step"}}
    return typed


def _attributes(field: BoundField, described_by: str) -> dict[str, str | bool]:
    """Return what a control needs beside its own attributes."""
    attributes: dict[str, str | bool] = {"aria-describedby": described_by} if described_by else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    if isinstance(field.field.widget, NumberInput):
        attributes |= {"inputmode": "decimal", "autocomplete": "off"}
    return attributes
