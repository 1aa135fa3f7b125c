"""Lay out what a snapshot's writer needs: columns, rows under new tokens, raw images. Runs in a worker.

Who stands behind a token goes to `vault` alone, and never into the folder: the writer knows tokens.
"""

import json
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cohort.crf.models import Record
from cohort.datasets.choosing import USABLE_SERIES, Chosen
from cohort.datasets.columns import MODALITIES, NUMBER, Column, LeftOut, value_of
from cohort.datasets.folding import fold_rows
from cohort.datasets.intensity import Intensity, read_intensity
from cohort.datasets.models import DatasetRow, Purpose, Snapshot
from cohort.imaging.models import Series, StoredFile
from cohort.imaging.services import read_volume
from cohort.labels.services import BASELINE, COUNTED
from cohort.measurements.models import Measurement
from cohort.participants.models import Visit
from modelling.engine.features.catalogue import VERSION
from portal.audit.context import joined
from portal.core.storage import path_of
from portal.proof import jcs
from portal.proof.merkle import compute_root

ALIAS = "snapshot"

Tokens = Mapping[uuid.UUID, str]
"""Participant → token."""


def draw_tokens(snapshot: Snapshot, attempt: int, chosen: Sequence[Chosen]) -> dict[uuid.UUID, str]:
    """Give every participant a new random token and keep, in `vault`, whose it is. Inside an act."""
    tokens = {one.participant.pk: secrets.token_hex(16) for one in chosen}
    with joined(ALIAS):
        DatasetRow.objects.using(ALIAS).bulk_create(
            [
                DatasetRow(token=token, snapshot_id=snapshot.pk, attempt=attempt, participant_id=pk)
                for pk, token in tokens.items()
            ],
            batch_size=2000,
        )
    return tokens


def compute_consent_root(chosen: Iterable[Chosen], tokens: Tokens) -> str:
    """Return the Merkle root over what each row's use rests on, in the order of the tokens."""
    leaves = sorted(
        (
            tokens[one.participant.pk],
            jcs.dumps(
                {
                    "token": tokens[one.participant.pk],
                    "consent": str(one.decision.consent.pk) if one.decision.consent else None,
                    "reason": one.decision.reason,
                }
            ),
        )
        for one in chosen
    )
    return compute_root(leaf for _, leaf in leaves).hex()


def make_rows(
    snapshot: Snapshot, chosen: Sequence[Chosen], tokens: Tokens, columns: Sequence[Column], weights: str | None
) -> list[dict[str, Any]]:
    """Return the rows of the table, each under its token; labels stand in rows for training alone."""
    answers = read_answers(snapshot, {one.participant.pk for one in chosen})
    measured = read_measured(find_series(snapshot, chosen, MODALITIES))
    is_training = snapshot.purpose == Purpose.TRAIN
    rows = []
    for one in chosen:
        given = answers[one.participant.pk] | measured[one.participant.pk] | {"sex": one.participant.sex}
        rows.append(
            {
                "token": tokens[one.participant.pk],
                "values": {column.name: value_of(column, given) for column in columns},
                "label": one.label.value if is_training else None,
                "weight": given.get(weights) if weights else None,
            }
        )
    return rows


def read_answers(snapshot: Snapshot, participant_pks: set[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return what each participant answered at baseline, on forms that somebody completed; no closed form is read."""
    visits = Visit.objects.filter(participant__study=snapshot.study, code__in=BASELINE, state="done")
    rows: dict[tuple[uuid.UUID, str], list[dict[str, Any]]] = defaultdict(list)
    records = Record.objects.filter(visit__in=visits, state__in=COUNTED).order_by("visit__code", "form", "number")
    for participant_pk, form, answers in records.values_list("participant_id", "form", "answers"):
        if participant_pk in participant_pks:
            rows[participant_pk, form].append(answers)
    found: dict[uuid.UUID, dict[str, Any]] = defaultdict(dict)
    for (participant_pk, form), given in rows.items():
        found[participant_pk].update(fold_rows(form, given))
    for participant_pk, age_y in visits.filter(code="BL").values_list("participant_id", "age_y"):
        if age_y is not None:
            found[participant_pk]["age_y"] = age_y
    return found


def read_measured(series: Sequence[Series]) -> dict[uuid.UUID, dict[str, float]]:
    """Return what was measured, by the measuring's present version, in these series; no closed table is read."""
    values = Measurement.objects.filter(series__in=series, version=VERSION)
    found: dict[uuid.UUID, dict[str, float]] = defaultdict(dict)
    for participant_pk, name, value in values.values_list("participant_id", "name", "value"):
        found[participant_pk][name] = value
    return found


def drop_empty(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> tuple[list[Column], list[LeftOut]]:
    """Return the columns that hold an answer of somebody, and those that hold none."""
    kept = [one for one in columns if any(row["values"][one.name] is not None for row in rows)]
    return kept, [LeftOut(one.name, "nobody has an answer") for one in columns if one not in kept]


def find_series(snapshot: Snapshot, chosen: Sequence[Chosen], modalities: Sequence[str]) -> list[Series]:
    """Return one usable baseline series for each participant and modality, the newest attempt."""
    # The 33 % radius made this label, so the scan it comes from is no input (DECISIONS 1).
    without_dxa = {one.participant.pk for one in chosen if one.label.from_forearm}
    everybody = {one.participant.pk for one in chosen}
    series = Series.objects.filter(
        participant__study=snapshot.study,
        visit__code__in=BASELINE,
        modality__in=modalities,
        state__in=USABLE_SERIES,
    )
    newest: dict[tuple[uuid.UUID, str], Series] = {}
    for one in series.order_by("attempt", "made_at"):
        if one.participant_id in everybody and not (one.modality == "dxa" and one.participant_id in without_dxa):
            newest[one.participant_id, one.modality] = one
    return list(newest.values())


def lay_images(folder: Path, series: Iterable[Series], tokens: Tokens) -> list[dict[str, Any]]:
    """Write the raw values of each series below FOLDER/raw/ and return what is to be known of them."""
    (folder / "raw").mkdir()
    laid = []
    for one in series:
        volume = read_volume(one.pk)
        token = tokens[one.participant_id]
        name = f"raw/{one.modality}-{token}.npy"
        np.save(folder / name, volume.values, allow_pickle=False)
        laid.append(
            {
                "token": token,
                "modality": one.modality,
                "side": one.side,
                "spacing_mm": list(volume.spacing_mm),
                "unit": volume.unit,
                "intensity": asdict(_read_intensity(one)),
                "file": name,
            }
        )
    return laid


def _read_intensity(series: Series) -> Intensity:
    """Return how a film's grey relates to the dose; of another image nobody asks."""
    first = StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE).order_by("number").first()
    if series.modality != "film" or first is None:
        return Intensity()
    return read_intensity(path_of(first.sha256))


def lay(folder: Path, plan: Mapping[str, Any], rows: Sequence[Any], images: Sequence[Any]) -> None:
    """Write the three files the writer reads."""
    for name, content in (("plan.json", plan), ("rows.json", rows), ("images.json", images)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")


def describe_columns(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """Return the columns as the manifest has them; numbers first name their unit."""
    return [one.as_json() | ({"unit": one.unit or "1"} if one.kind == NUMBER else {}) for one in columns]
