"""A film as the page of a try shows it (pure)."""

from frontend.parts import Column, Row, Table
from frontend.units import with_unit
from modelling.engine.features.catalogue import describe_quantity
from modelling.runs.trying import Look, Prediction

SIDES = {"L": "left", "R": "right"}


def facts_of(look: Look) -> list[tuple[str, str]]:
    """Return quality and region of a film, as pairs of a word and its value."""
    wide, high = look.size_px
    return [
        ("Region, by its header", look.region or "not said"),
        ("Side, by its header", SIDES[look.side]),
        ("Size", f"{wide} by {high} pixels"),
        ("A pixel is", "of unknown size: no length is measured" if look.pixel_mm is None else f"{look.pixel_mm:g} mm"),
        ("At the ends of the grey scale", f"{100 * look.clipped:.1f} % of the pixels"),
    ]


def measured_table(look: Look) -> Table:
    """Return what was measured in a film, and what could not be, with the reason."""
    rows: list[Row] = []
    for one in look.measured.values:
        quantity = describe_quantity(one.name)
        unit = "" if quantity.unit == "1" else quantity.unit
        rows.append([quantity.title, with_unit(f"{one.value:.{quantity.decimals}f}", unit).strip(), ""])
    rows += [[describe_quantity(one.name).title, "not measured", one.why] for one in look.measured.left_out]
    note = "; ".join(look.measured.notes)
    return Table("Measured in this film", ("Quantity", Column("Value", is_number=True), "Why not"), rows, note=note)


def say_prediction(prediction: Prediction) -> str:
    """Return a likelihood, never without its interval and how many it was learned from."""
    n = f"{prediction.n_training} participants, {prediction.n_events_training} of them with it, were in training"
    return f"{prediction.p:.2f} (95 % interval {prediction.lower:.2f} to {prediction.upper:.2f}); {n}."
