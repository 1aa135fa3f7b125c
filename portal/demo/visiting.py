"""A baseline visit of the demo, as a nurse brings it in: begin, forms, images; each through the portal's own doors."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from portal.demo.door import Door, Refusal
from portal.demo.invented import Made

HISTORY = ("dem", "ant", "fal", "lif", "rep", "fxh")
SHOULD_BE_COMPLETE = ("dem", "ant", "fal")


def bring_history(door: Door, code: str, made: Made, forms: Sequence[str] = HISTORY) -> None:
    """Begin the baseline and enter its forms."""
    begin_visit(door, code, "BL", made)
    for form in forms:
        for number, answers in enumerate(made.answers.get(form, []), start=1):
            enter(door, code, "BL", form, number, answers)


def bring_imaging(door: Door, code: str, made: Made) -> list[str]:
    """Begin the imaging visit, enter the printed DXA values and send the images; return the uploads' keys."""
    begin_visit(door, code, "BLI", made)
    for number, answers in enumerate(made.answers["dxa"], start=1):
        enter(door, code, "BLI", "dxa", number, answers)
    return [send_images(door, code, modality, made.side, paths) for modality, paths in made.files.items()]


def begin_visit(door: Door, code: str, visit: str, made: Made) -> None:
    """Begin a visit on the person's day."""
    day = made.one.day
    door.form(f"participants/{code}/visits/{visit}/begin/", {"happened_on": f"{day.day}/{day.month}/{day.year}"})


def enter(door: Door, code: str, visit: str, form: str, number: int, answers: Mapping[str, Any]) -> None:
    """Enter one form; a row of a form that repeats has a number of its own. Raises Refusal."""
    typed = {name: _typed(value) for name, value in answers.items()}
    path = f"participants/{code}/visits/{visit}/{form}/{number}/save/"
    told = json.loads(door.form(path, {**typed, "asked": list(typed), "version": "0"}))
    if told["refused"]:
        raise Refusal(f"{code}, form {form}: {told['refused']}")


def complete(door: Door, code: str, visit: str, form: str, number: int = 1) -> None:
    """Say that a form is complete."""
    door.form(f"participants/{code}/visits/{visit}/{form}/{number}/complete/", {})


def send_images(door: Door, code: str, modality: str, side: str, paths: Sequence[Path], visit: str = "BLI") -> str:
    """Send the files of one modality as one upload and close it; return the upload's key."""
    upload = door.call(
        "POST", "api/uploads/", {"participant": code, "visit": visit, "modality": modality, "side": side}
    )
    for path in paths:
        door.put(f"api/uploads/{upload['id']}/files/?name={quote(path.name)}", path.read_bytes())
    door.call("POST", f"api/uploads/{upload['id']}/close/", {})
    return str(upload["id"])


def _typed(value: Any) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value)
