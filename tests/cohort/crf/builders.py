"""Visits that have begun and forms that were filled in, made through the product's own services."""

from typing import Any

from cohort.crf.filling import Change
from cohort.crf.services import Saved, begin_visit, complete_record, save_answers
from cohort.participants.models import Participant, Visit
from portal.roles.actors import Actor
from tests.cast import Cast, days_ago, make_participant

DEM: dict[str, str] = {
    "ethnic": "W1",
    "hand_dom": "R",
    "hand_basis": "1",
    "educ": "16",
    "residence": "1",
}
ANT: dict[str, str] = {
    "ant_date": "",
    "ht1": "160.1",
    "ht2": "160.3",
    "ht_recall": "165.0",
    "ht_recall_src": "1",
    "weight_kg": "62.4",
    "weight_25": "58",
    "wt_loss_5": "0",
    "forearm_l": "24.5",
    "forearm_r": "24.7",
}
FAL: dict[str, str] = {
    "fal_12m": "2",
    "fal_inj": "1",
    "fal_soff": "0",
    "fal_aid": "0",
    "fal_vision": "0",
    "fal_dizzy": "0",
}
FXH: dict[str, Any] = {
    "fxh_any": "1",
    "fxh_site": "radius_distal",
    "fxh_side": "L",
    "fxh_date": "2019",
    "fxh_age": "59",
    "fxh_mech": "fall",
    "fxh_height": "0",
    "fxh_treated": ("2",),
    "fxh_evid": "3",
}


def begin(cast: Cast, participant: Participant | None = None, code: str = "BL") -> Visit:
    """Begin a visit of somebody in Exeter today."""
    person = participant or make_participant(cast)
    visit = Visit.objects.select_related("participant__study", "participant__site").get(participant=person, code=code)
    begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(0))
    return visit


def enter(actor: Actor, visit: Visit, form: str, answers: dict[str, Any], number: int = 1, version: int = 0) -> Saved:
    """Type answers into a form."""
    changes = {name: Change(value=value) for name, value in answers.items() if value != ""}
    return save_answers(actor=actor, visit=visit, form=form, number=number, changes=changes, version=version)


def complete(actor: Actor, visit: Visit, form: str, answers: dict[str, Any], number: int = 1) -> Saved:
    """Fill a form in and complete it."""
    saved = enter(actor, visit, form, answers, number)
    assert not saved.refused, saved.refused
    complete_record(actor=actor, visit=visit, form=form, number=number)
    return saved
