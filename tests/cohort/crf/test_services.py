"""Visits and forms: begin, miss, fill in, complete, open again, sign; and who may not."""

import pytest

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.crf.filling import Change
from cohort.crf.models import OutcomeRecord, Record
from cohort.crf.services import (
    AnsweredMeanwhile,
    begin_visit,
    complete_record,
    miss_visit,
    record_none,
    reopen_record,
    save_answers,
    sign_record,
)
from cohort.labels.fractures import make_past_fracture_label
from cohort.labels.reading import read_past_fractures
from cohort.participants.models import Visit
from cohort.study.schedule import add_months
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.models import Role
from tests.cast import Cast, act_as, days_ago, make_participant
from tests.cohort.crf.builders import ANT, FAL, FXH, begin, complete, enter
from tests.database import rolls_back

pytestmark = rolls_back


def test_who_is_enrolled_has_their_visits_planned(cast: Cast):
    ann = make_participant(cast)
    days = {one.code: one.due_on for one in ann.visits.all()}
    assert list(days) == ["BL", "BLI", "FU06", "FU12", "FU18", "EOS", "FU24"]
    assert days["FU06"] == add_months(days_ago(0), 6)


def test_a_visit_that_begins_knows_the_age_from_the_sealed_part(cast: Cast):
    visit = begin(cast)
    assert (visit.state, visit.happened_on, visit.age_y) == ("done", days_ago(0), 66)


def test_a_visit_outside_its_window_is_noted_and_not_blocked(cast: Cast):
    ann = make_participant(cast)
    visit = ann.visits.get(code="FU06")
    begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(0))
    assert visit.is_outside_window
    assert visit.note == "outside its window"


def test_a_visit_cannot_have_happened_tomorrow_nor_before_consent(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    with pytest.raises(Refused, match="after today"):
        begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(-1))
    with pytest.raises(Refused, match="no consent was signed"):
        begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(1))


def test_a_visit_begins_once(cast: Cast):
    visit = begin(cast)
    with pytest.raises(WrongState, match="'begin' cannot happen while 'done'"):
        begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(0))


def test_a_stale_copy_of_a_visit_cannot_begin_it(cast: Cast):
    visit = begin(cast)
    stale = Visit(**{field.attname: getattr(visit, field.attname) for field in Visit._meta.fields})
    stale.state = "planned"
    with pytest.raises(StaleState, match="'begin' cannot happen"):
        begin_visit(actor=cast.nora, visit=stale, happened_on=days_ago(0))


@pytest.mark.parametrize("who", ["nell", "mona", "ana", "paula"])
def test_only_the_sites_own_staff_begin_a_visit(cast: Cast, who: str):
    visit = make_participant(cast).visits.get(code="BL")
    with pytest.raises(NotAllowed, match=r"'visit\.begin' is for"):
        begin_visit(actor=getattr(cast, who), visit=visit, happened_on=days_ago(0))


def test_a_missed_visit_says_why_and_may_still_take_place(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    with pytest.raises(Refused, match="say why"):
        miss_visit(actor=cast.nora, visit=visit, why=" ")
    miss_visit(actor=cast.nora, visit=visit, why="was ill")
    assert (visit.state, visit.note) == ("missed", "was ill")
    begin_visit(actor=cast.nora, visit=visit, happened_on=days_ago(0))
    assert visit.state == "done"


def test_a_visit_cannot_be_missed_before_its_day(cast: Cast):
    visit = make_participant(cast).visits.get(code="FU06")
    with pytest.raises(Refused, match="cannot be missed before its day"):
        miss_visit(actor=cast.nora, visit=visit, why="moved away")


def test_answers_are_kept_typed_with_what_follows_from_them(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "ant", ANT)
    record = Record.objects.get()
    assert record.answers["ht1"] == 160.1
    assert record.answers["height_cm"] == 160.2
    assert record.answers["bmi"] == 24.3
    assert record.answers["ht_loss"] == 4.8
    assert (record.version, record.state, record.origin) == (1, "draft", "simulated")


def test_what_was_typed_in_another_unit_is_kept_beside_the_value(cast: Cast):
    enter(cast.nora, begin(cast), "ant", {"weight_kg": "11 st 4 lb", "ht1": "5 ft 3 in"})
    record = Record.objects.get()
    assert record.answers == {"weight_kg": 71.7, "ht1": 160.0}
    assert record.typed == {"weight_kg": "11 st 4 lb", "ht1": "5 ft 3 in"}


def test_nothing_is_entered_before_the_visit_begins(cast: Cast):
    visit = make_participant(cast).visits.get(code="BL")
    with pytest.raises(Refused, match="has not begun"):
        enter(cast.nora, visit, "fal", FAL)


def test_nothing_is_entered_after_a_withdrawal(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "1"})
    withdraw_consent(
        actor=cast.nora, participant=visit.participant, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0)
    )
    with pytest.raises(Refused, match="withdrawn on"):
        enter(cast.nora, visit, "fal", FAL, version=1)


def test_a_complete_form_stays_complete_after_a_withdrawal(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fxh", {"fxh_any": "0"})
    withdraw_consent(
        actor=cast.nora, participant=visit.participant, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0)
    )
    with pytest.raises(Refused, match="withdrawn on"):
        reopen_record(actor=cast.nora, visit=visit, form="fxh", number=1, why="typing error")
    assert OutcomeRecord.objects.get().state == "complete"


@pytest.mark.parametrize("who", ["nell", "mona", "ana", "paula", "dan", "adam"])
@pytest.mark.parametrize("form", ["fal", "fxh"])
def test_only_the_sites_own_staff_enter(cast: Cast, who: str, form: str):
    visit = begin(cast)
    with pytest.raises(NotAllowed, match="is for"):
        enter(getattr(cast, who), visit, form, FAL if form == "fal" else FXH)


def test_a_hard_range_refuses_its_question_alone(cast: Cast):
    saved = enter(cast.nora, begin(cast), "ant", {"ht1": "16", "weight_kg": "62.4"})
    assert saved.refused == {"ht1": "16.0 is not from 120 to 220."}
    assert Record.objects.get().answers == {"weight_kg": 62.4}


def test_more_injuries_than_falls_are_refused(cast: Cast):
    visit = begin(cast)
    saved = enter(cast.nora, visit, "fal", {"fal_12m": "1", "fal_inj": "2"})
    assert set(saved.refused.values()) == {"More injuries than falls."}
    assert enter(cast.nora, visit, "fal", {"fal_12m": "2", "fal_inj": "2"}).refused == {}


def test_an_answer_that_is_no_longer_asked_is_set_aside_and_comes_back(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "2", "fal_inj": "1"})
    enter(cast.nora, visit, "fal", {"fal_12m": "0"}, version=1)
    record = Record.objects.get()
    assert (record.answers, record.set_aside) == ({"fal_12m": 0}, {"fal_inj": 1})
    enter(cast.nora, visit, "fal", {"fal_12m": "3"}, version=2)
    record.refresh_from_db()
    assert (record.answers, record.set_aside) == ({"fal_12m": 3, "fal_inj": 1}, {})


def test_a_form_is_not_complete_while_a_question_is_open_without_reason(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {**FAL, "fal_dizzy": ""})
    with pytest.raises(Refused, match="Dizziness or blackout"):
        complete_record(actor=cast.nora, visit=visit, form="fal", number=1)
    reason = {"fal_dizzy": Change(missing="REF")}
    save_answers(actor=cast.nora, visit=visit, form="fal", number=1, changes=reason, version=1)
    complete_record(actor=cast.nora, visit=visit, form="fal", number=1)
    assert Record.objects.get().state == "complete"


def test_an_odd_value_wants_a_comment_before_the_form_is_complete(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {**FAL, "fal_12m": "12"})
    with pytest.raises(Refused, match="Falls in last 12 months"):
        complete_record(actor=cast.nora, visit=visit, form="fal", number=1)
    said = {"fal_12m": Change(comment="told twice")}
    save_answers(actor=cast.nora, visit=visit, form="fal", number=1, changes=said, version=1)
    complete_record(actor=cast.nora, visit=visit, form="fal", number=1)
    assert Record.objects.get().comments == {"fal_12m": "told twice"}


def test_heights_that_differ_want_a_third(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "ant", {**ANT, "ant_date": f"{days_ago(0)}", "ht2": "161.0"})
    with pytest.raises(Refused, match="Standing height, third"):
        complete_record(actor=cast.nora, visit=visit, form="ant", number=1)


def test_a_complete_form_is_not_changed_but_opened_again_with_a_reason(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fal", FAL)
    with pytest.raises(WrongState, match="open the form again"):
        enter(cast.nora, visit, "fal", {"fal_12m": "3"}, version=1)
    with pytest.raises(Refused, match="say why"):
        reopen_record(actor=cast.nora, visit=visit, form="fal", number=1, why="")
    reopen_record(actor=cast.nora, visit=visit, form="fal", number=1, why="typing error")
    enter(cast.nora, visit, "fal", {"fal_12m": "3"}, version=1)
    assert Record.objects.get().answers["fal_12m"] == 3


def test_the_principal_investigator_signs_what_is_complete_and_nothing_else(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "0"})
    with pytest.raises(WrongState, match="'sign' cannot happen while 'draft'"):
        sign_record(actor=cast.paula, visit=visit, form="fal", number=1)
    enter(cast.nora, visit, "fal", FAL, version=1)
    complete_record(actor=cast.nora, visit=visit, form="fal", number=1)
    with pytest.raises(NotAllowed, match=r"'record\.sign' is for"):
        sign_record(actor=cast.nora, visit=visit, form="fal", number=1)
    sign_record(actor=cast.paula, visit=visit, form="fal", number=1)
    with pytest.raises(NotAllowed, match=r"'record\.sign' is for"):
        reopen_record(actor=cast.nora, visit=visit, form="fal", number=1, why="typing error")
    assert Record.objects.get().state == "signed"


def test_the_outcome_assessor_signs_what_tells_of_an_outcome_and_nobody_else_does(cast: Cast):
    visit = begin(cast)
    assessor = act_as("Asa Assessor", Role.ASSESSOR, site=cast.exeter)
    elsewhere = act_as("Else Assessor", Role.ASSESSOR, site=cast.plymouth)
    enter(cast.nora, visit, "fxh", FXH)
    with pytest.raises(WrongState, match="'sign' cannot happen while 'draft'"):
        sign_record(actor=assessor, visit=visit, form="fxh", number=1)
    complete_record(actor=cast.nora, visit=visit, form="fxh", number=1)
    for other in (cast.nora, cast.dan):
        with pytest.raises(NotAllowed, match=r"'outcome\.sign' is for: outcome assessor"):
            sign_record(actor=other, visit=visit, form="fxh", number=1)
    for other in (cast.paula, elsewhere):
        with pytest.raises(NotAllowed, match=r"'outcome\.view' is for"):
            sign_record(actor=other, visit=visit, form="fxh", number=1)
    sign_record(actor=assessor, visit=visit, form="fxh", number=1)
    assert OutcomeRecord.objects.get().state == "signed"
    with pytest.raises(WrongState, match="'sign' cannot happen while 'signed'"):
        sign_record(actor=assessor, visit=visit, form="fxh", number=1)
    with pytest.raises(NotAllowed, match=r"'outcome\.sign' is for"):
        reopen_record(actor=cast.nora, visit=visit, form="fxh", number=1, why="typing error")
    reopen_record(actor=assessor, visit=visit, form="fxh", number=1, why="typing error")
    assert OutcomeRecord.objects.get().state == "draft"


def test_an_assessor_signs_no_form_of_the_open_schema(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fal", FAL)
    with pytest.raises(NotAllowed, match=r"'record\.sign' is for: principal investigator"):
        sign_record(actor=act_as("Asa Assessor", Role.ASSESSOR, site=cast.exeter), visit=visit, form="fal", number=1)


def test_there_may_be_none_to_record_and_that_is_not_the_same_as_empty(cast: Cast):
    visit = begin(cast)
    record_none(actor=cast.nora, visit=visit, form="med")
    record = Record.objects.get()
    assert (record.state, record.answers) == ("complete", {})
    assert record.missing["med_class"] == "NA"
    with pytest.raises(Refused, match="was begun already"):
        record_none(actor=cast.nora, visit=visit, form="med")
    with pytest.raises(Refused, match="filled in by everybody"):
        record_none(actor=cast.nora, visit=visit, form="fal")
    with pytest.raises(NotAllowed, match="is for"):
        record_none(actor=cast.nell, visit=visit, form="mhx")


def test_none_to_record_of_past_fractures_is_the_answer_no(cast: Cast):
    visit = begin(cast)
    record_none(actor=cast.nora, visit=visit, form="fxh")
    record = OutcomeRecord.objects.get()
    assert (record.state, record.answers, record.missing) == ("complete", {"fxh_any": "0"}, {})
    assert make_past_fracture_label(*read_past_fractures([record.answers])).value == 0


def test_past_fractures_that_nobody_would_tell_are_not_the_answer_no(cast: Cast):
    visit = begin(cast)
    record_none(actor=cast.nora, visit=visit, form="fxh", reason="REF")
    record = OutcomeRecord.objects.get()
    assert (record.answers, record.missing["fxh_any"]) == ({}, "REF")
    assert make_past_fracture_label(*read_past_fractures([record.answers])).value is None


def test_two_who_answer_the_same_question_lose_nothing(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "1"})
    enter(cast.nora, visit, "fal", {"fal_12m": "2"}, version=1)
    with pytest.raises(AnsweredMeanwhile, match="answered the same questions") as caught:
        enter(cast.nora, visit, "fal", {"fal_12m": "3"}, version=1)
    assert caught.value.variables == {"fal_12m"}
    assert Record.objects.get().answers["fal_12m"] == 2


def test_two_who_answer_different_questions_are_both_kept(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "1"})
    enter(cast.nora, visit, "fal", {"fal_aid": "2"}, version=0)
    assert Record.objects.get().answers == {"fal_12m": 1, "fal_aid": "2"}


def test_saying_the_same_again_changes_nothing(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", FAL)
    assert enter(cast.nora, visit, "fal", FAL, version=0).record.version == 1


def test_a_past_fracture_lies_in_the_closed_schema_and_is_judged_by_rule(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fxh", FXH)
    assert not Record.objects.exists()
    answers = OutcomeRecord.objects.get().answers
    assert (answers["fxh_fragility_rule"], answers["fxh_after50"], answers["fxh_mof"]) == ("1", "1", "1")


def test_no_past_fracture_is_one_answer_and_complete(cast: Cast):
    visit = begin(cast)
    complete(cast.nora, visit, "fxh", {"fxh_any": "0"})
    assert OutcomeRecord.objects.get().answers == {"fxh_any": "0"}


def test_a_value_and_a_reason_for_none_cannot_stand_together(cast: Cast):
    visit = begin(cast)
    both = {"fal_12m": Change(value="1", missing="UNK")}
    saved = save_answers(actor=cast.nora, visit=visit, form="fal", number=1, changes=both, version=0)
    assert "cannot stand together" in saved.refused["fal_12m"]
