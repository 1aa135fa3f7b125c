"""What the page of one series shows, and what the viewer is told of it."""

from typing import Any

from django.urls import reverse

from cohort.imaging.models import Series, StoredFile
from portal.core.dates import write_day

EXPOSURE = {
    "kvp": ("Tube voltage", "kV"),
    "uas": ("Exposure", "µAs"),
    "ms": ("Exposure time", "ms"),
    "source_to_detector_mm": ("Source to detector", "mm"),
}
"""What a header tells of the exposure → its words and unit."""


def make_facts(series: Series, with_true_facts: bool) -> list[tuple[str, str]]:
    """Return what is known of a series; its true day and device only for staff of the site."""
    unit = f" {series.unit}" if series.unit else ""
    found = [
        ("Modality", str(series.get_modality_display())),
        ("Region", series.region or "not told"),
        ("Forearm", str(series.get_side_display()).upper()),
        ("Visit", str(series.visit.code)),
        ("Attempt", str(series.attempt)),
        ("Images", f"{series.n_instances}, {series.columns} by {series.rows} pixels"),
        ("Spacing", _say_spacing(series)),
        ("Values", f"{series.value_min:g} to {series.value_max:g}{unit}"),
        ("Hash of the pixels", series.pixel_sha256[:16]),
    ]
    return found + (_true_facts(series) if with_true_facts else [])


def _say_spacing(series: Series) -> str:
    if series.spacing_is == "none" or not series.spacing_mm:
        return "not known: lengths are in pixels"
    steps = series.spacing_mm[1:] if series.n_instances == 1 else series.spacing_mm
    return f"{' x '.join(f'{step:g}' for step in steps)} mm {series.get_spacing_is_display()}"


def _true_facts(series: Series) -> list[tuple[str, str]]:
    facts = series.facts
    device = " ".join(word for word in (facts.maker, facts.device) if word)
    found = [
        ("Taken on", write_day(facts.taken_on)),
        ("Age then", f"{facts.age_years} years" if facts.age_years is not None else ""),
        ("Device", device),
        ("Serial number", facts.serial),
    ]
    found += [_say_exposure(name, value) for name, value in facts.exposure.items()]
    return [(name, value) for name, value in found if value]


def _say_exposure(name: str, value: float) -> tuple[str, str]:
    """Return one fact of the exposure in words, with its unit."""
    words, unit = EXPOSURE.get(name, (name.replace("_", " ").capitalize(), ""))
    return words, f"{value:g} {unit}".rstrip()


def make_manifest(series: Series) -> dict[str, Any]:
    """Return what the viewer is told of a series."""
    files = StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE).order_by("number")
    frames = [reverse("series-file", args=[series.pk, one.number]) for one in files if one.name.endswith(".dcm")]
    return {
        "series": str(series.pk),
        "modality": series.modality,
        "region": series.region,
        "unit": series.unit,
        "kind": series.kind,
        "frames": frames,
        "origin": series.origin,
        "spacing": series.spacing_mm,
        "spacing_is": series.spacing_is,
        "side": series.side,
        "range": [series.value_min, series.value_max],
    }
