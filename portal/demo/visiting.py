"""A baseline visit of the demo, as a nurse brings it in: begin, forms, images; each through the portal's own doors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cohort.crf.checks import SOFT, UNDONE
from cohort.crf.filling import Change, Finding, Sheet, examine, fill, list_open
from cohort.crf.known import gather
from cohort.participants.models import Visit
from cohort.study.dictionary import load_dictionary
from portal.demo.door import Door, Refusal
from portal.demo.invented import Made

HISTORY = ("dem", "ant", "fal", "lif", "rep", "fxh")
SEEN_AGAIN = "Looked at again at the visit: so it is."
KNOWN_ALREADY = frozenset({"sex"})
"""Told at enrolment, and not asked again."""


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
    door.call("PUT", "api/visits/", {"participant": code, "visit": visit, "happened_on": made.one.day.isoformat()})


def enter(door: Door, code: str, visit: str, form: str, number: int, answers: Mapping[str, Any]) -> None:
    """Enter one form and say that it is complete; what was not asked gets a reason, what is unusual a comment.

    Raises Refusal. number: of the row, where the form repeats.
    """
    given = {name: value for name, value in answers.items() if name not in KNOWN_ALREADY}
    left = _left_open(code, visit, form, given)
    told = door.call(
        "PUT",
        "api/records/",
        {
            "participant": code,
            "visit": visit,
            "form": form,
            "number": number,
            "answers": given,
            "missing": {one.variable: "ND" for one in left if one.level == UNDONE},
            "comments": {one.variable: SEEN_AGAIN for one in left if one.level == SOFT},
            "complete": True,
        },
    )
    if told["refused"]:
        raise Refusal(f"{code}, form {form}: {told['refused']}")


def begin_form(door: Door, code: str, visit: str, form: str, answers: Mapping[str, Any]) -> None:
    """Enter a few answers of a form and leave it there, as one does who is called away."""
    door.call("PUT", "api/records/", {"participant": code, "visit": visit, "form": form, "answers": dict(answers)})


def _left_open(code: str, visit_code: str, form: str, answers: Mapping[str, Any]) -> list[Finding]:
    """Return what would keep a form with these answers from being complete: what its page would show in words."""
    visit = Visit.objects.select_related("participant__study").get(participant__code=code, code=visit_code)
    found = load_dictionary().form(form)
    setting = gather(visit, found)
    typed = {
        name: Change(value=tuple(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in answers.items()
    }
    return list_open(examine(found, fill(found, Sheet(), typed, setting).sheet, setting))


def send_images(door: Door, code: str, modality: str, side: str, paths: Sequence[Path], visit: str = "BLI") -> str:
    """Send the files of one modality as one upload and close it; return the upload's key."""
    upload = door.call(
        "POST", "api/uploads/", {"participant": code, "visit": visit, "modality": modality, "side": side}
    )
    for path in paths:
        door.put(f"api/uploads/{upload['id']}/files/?name={quote(path.name)}", path.read_bytes())
    door.call("POST", f"api/uploads/{upload['id']}/close/", {})
    return str(upload["id"])
