"""What the engine's own process is given of a series: its values and what is to be known of them, in a folder."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pydicom

from cohort.crf.access import latest_answers
from cohort.datasets.intensity import Intensity, make_attenuation, read_intensity
from cohort.formats.dicom_facts import read_facts
from cohort.imaging.models import Modality, Series, SeriesFacts, Side, StoredFile
from cohort.imaging.services import read_volume
from cohort.imaging.states import SeriesState
from cohort.study.access import find_wedge
from modelling.engine.features.catalogue import DXA, FILM, PQCT
from portal.core.storage import path_of

USABLE = (SeriesState.ACCEPTED, SeriesState.IN_USE)


def lay_series(series: Series, place: Path) -> None:
    """Write the values of a series and what is to be known of them, as `modelling.engine measure-job` reads it."""
    told: dict[str, object] = {}
    if series.modality in (DXA, PQCT):
        told["forearm_mm"] = find_forearms_mm([series.participant_id]).get((series.participant_id, series.side))
    if series.modality == FILM:
        told["wedge"] = find_wedge_of(series)
    if series.modality == PQCT:
        told |= {"positions_mm": find_positions_mm(series), "sites_of_form": find_sites_of_form(series)}
    _lay(series, place, "volume", told)
    if series.modality == DXA and (first := find_baseline(series)) is not None:
        _lay(first, place, "baseline", {})


def _lay(series: Series, place: Path, name: str, more: dict[str, object]) -> None:
    volume = read_volume(series.pk)
    values, unit = np.asarray(volume.values), volume.unit
    if series.modality == FILM:
        values, unit = make_attenuation(values.astype(np.float32), _intensity_of(series))
    np.save(place / f"{name}.npy", values, allow_pickle=False)
    told = {
        "modality": series.modality,
        "region": series.region,
        "side": series.side,
        "origin": series.origin,
        "unit": unit,
        "spacing_mm": list(volume.spacing_mm),
        "spacing_is": volume.spacing_is,
        **more,
    }
    (place / f"{name}.json").write_text(json.dumps(told), "utf-8")


def find_wedge_of(series: Series) -> dict[str, Any] | None:
    """Return the step wedge on a film, as the X-ray unit that its header names has one; None where it has none."""
    facts = SeriesFacts.objects.filter(series=series).first()
    found = find_wedge(series.participant.site_id, facts.serial) if facts else None
    return asdict(found) if found else None


def find_baseline(series: Series) -> Series | None:
    """Return the first DXA of the same forearm from another visit before; None where this is the first."""
    same = Series.objects.filter(
        participant_id=series.participant_id, modality=Modality.DXA, side=series.side, state__in=USABLE
    )
    return same.filter(made_at__lt=series.made_at).exclude(visit_id=series.visit_id).order_by("made_at", "pk").first()


def find_forearms_mm(participant_pks: Iterable[UUID]) -> dict[tuple[UUID, str], float]:
    """Return the lengths of forearms that the form on measures has, mm, by participant and side (L or R)."""
    found: dict[tuple[UUID, str], float] = {}
    for participant_pk, forms in latest_answers(participant_pks, ["ant"]).items():
        for side in Side.values:
            length = next((one.answers.get(f"forearm_{side.lower()}") for one in forms.get("ant", [])), None)
            if length is not None:
                found[participant_pk, side] = 10.0 * float(length)
    return found


def find_sites_of_form(series: Series) -> list[str]:
    """Return the sites that the form on pQCT names, per cent of the forearm."""
    rows = latest_answers([series.participant_id], ["pqc"])[series.participant_id].get("pqc", [])
    return sorted({str(one.answers["pq_site"]) for one in rows if one.answers.get("pq_site")}, key=float)


def find_positions_mm(series: Series) -> list[float]:
    """Return where each slice of a volume lies along the arm, mm; empty where its files do not say."""
    files = StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE, name__endswith=".dcm")
    headers = [pydicom.dcmread(path_of(one.sha256), stop_before_pixels=True) for one in files]
    places = [read_facts(header).position_mm for header in headers]
    # A volume's slices stand in the order of their positions (cohort.formats.slices).
    return sorted(place for place in places if place is not None) if None not in places else []


def _intensity_of(series: Series) -> Intensity:
    first = StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE).order_by("number").first()
    return Intensity() if first is None else read_intensity(path_of(first.sha256))
