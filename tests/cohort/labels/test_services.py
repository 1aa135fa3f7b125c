"""Labels of many participants at once, each read through the role that may see that part."""

from datetime import date

import pytest
from django.db import DatabaseError, connections

from cohort.crf.models import OutcomeRecord
from cohort.labels.rules import NOTHING_ENTERED
from cohort.labels.services import label_participants, part_of
from cohort.participants.models import Participant, Visit
from portal.audit.context import joined
from portal.core.errors import Refused
from tests.cast import Cast, hands
from tests.cohort.datasets.people import FOREARM_ONLY, HEALTHY, add_outcome, enrol, fill, in_part

pytestmark = pytest.mark.usefixtures("fresh_database")

WRIST = {"fxh_any": "1", "fxh_site": "radius_distal", "fxh_mech": "fall", "fxh_height": "0", "fxh_age": 61}


@pytest.fixture
def people(cast: Cast) -> list[Participant]:
    """Seven women in training, by code, each with a baseline visit."""
    everybody = [enrol(cast, number) for number in range(10)]
    for one in everybody:
        fill(cast, one, {})
    return in_part(everybody, test=False)


def tell(cast: Cast, participant: Participant, form: str, *rows: dict[str, object], visit: str = "BL") -> None:
    with hands(cast.nora), joined("clinical"):
        found = Visit.objects.get(participant=participant, code=visit)
        for number, answers in enumerate(rows, start=1):
            add_outcome(participant, found, form, answers, number)


def test_a_past_fracture_is_told_by_the_form_of_past_fractures(cast: Cast, people: list[Participant]) -> None:
    with_one, without, unsure = people[:3]
    tell(cast, with_one, "fxh", WRIST)
    tell(cast, without, "fxh", {"fxh_any": "0"})
    tell(cast, unsure, "fxh", {**WRIST, "fxh_height": "2"})
    labels = label_participants(cast.study, "FX_FRAG", alias="snapshot")
    assert [labels[one.pk].value for one in (with_one, without, unsure)] == [1, 0, None]
    assert labels[unsure.pk].why == "waits for adjudication"
    assert labels[people[3].pk].why == NOTHING_ENTERED


def test_a_later_fracture_counts_from_the_day_of_imaging(cast: Cast, people: list[Participant]) -> None:
    with hands(cast.nora):
        imaged = Visit.objects.filter(code="BLI")
        imaged.update(state="done", happened_on=date(2026, 5, 4))
    before, after, free, unseen = people[:4]
    asked = {"fu_fx_any": "0", "fu_done": "2026-11-04"}
    event = {"fe_site": "radius_distal", "fe_mech": "fall", "fe_height": "0"}
    tell(cast, before, "fxe", {**event, "fe_date": "2026-05-04"}, visit="FU06")
    tell(cast, before, "fup", asked, visit="FU06")
    tell(cast, after, "fxe", {**event, "fe_date": "2026-05-05"}, visit="FU06")
    tell(cast, free, "fup", asked, visit="FU06")
    told, told_at_the_end = people[4:6]
    tell(cast, told, "fup", {"fu_fx_any": "1", "fu_done": "2026-10-04"}, asked, visit="FU06")
    tell(cast, told_at_the_end, "fup", {"fu_fx_any": "1", "fu_done": "2026-10-04"}, visit="FU06")
    tell(cast, told_at_the_end, "eos", {"es_last_known": "2026-11-04"}, visit="EOS")
    labels = label_participants(cast.study, "FX_INC", alias="snapshot")
    assert [labels[one.pk].value for one in (before, after, free, unseen)] == [0, 1, 0, None]
    assert [labels[one.pk].why for one in (told, told_at_the_end)] == ["not complete enough to be judged"] * 2
    assert labels[unseen.pk].why == "not followed up yet"


def test_the_forearm_alone_makes_a_label_that_says_so(cast: Cast, people: list[Participant]) -> None:
    tell(cast, people[0], "dxa", *({"dxa_roi": roi, "dxa_t": value} for roi, value in FOREARM_ONLY.items()))
    tell(cast, people[1], "dxa", *({"dxa_roi": roi, "dxa_t": value} for roi, value in HEALTHY.items()))
    labels = label_participants(cast.study, "OP_WHO", alias="snapshot")
    assert (labels[people[0].pk].value, labels[people[0].pk].from_forearm) == (1, True)
    assert (labels[people[1].pk].value, labels[people[1].pk].from_forearm) == (0, False)


def test_a_half_entered_form_makes_no_label(cast: Cast, people: list[Participant]) -> None:
    tell(cast, people[0], "fxh", WRIST)
    with hands(cast.nora), joined("clinical"):
        OutcomeRecord.objects.filter(participant_id=people[0].pk).update(state="draft")
    assert label_participants(cast.study, "FX_FRAG", alias="snapshot")[people[0].pk].why == NOTHING_ENTERED


def test_each_alias_labels_its_own_part_and_nobody_else(cast: Cast, people: list[Participant]) -> None:
    trained = set(label_participants(cast.study, "FX_FRAG", alias="snapshot"))
    tested = set(label_participants(cast.study, "FX_FRAG", alias="labels"))
    assert (len(trained), len(tested)) == (7, 3)
    assert trained == {one.pk for one in people}
    assert not trained & tested


def test_a_task_without_a_rule_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="there is no label rule for 'ABMD_UD'"):
        label_participants(cast.study, "ABMD_UD", alias="snapshot")


@pytest.mark.parametrize("alias", ["default", "clinical", "identity"])
def test_nobody_else_can_ask_the_draw(cast: Cast, people: list[Participant], alias: str) -> None:
    assert set(part_of([people[0].pk], alias="snapshot").values()) == {"train"}
    with pytest.raises(DatabaseError, match="permission denied"):
        part_of([people[0].pk], alias=alias)
    connections[alias].close()
