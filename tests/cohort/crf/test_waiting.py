"""What waits at the visits, and what the participant's page names as missing."""

from datetime import timedelta

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.crf.access import due_visits_for, missing_for
from cohort.crf.waiting import list_waiting_for
from cohort.participants.models import Participant
from portal.roles.actors import ANONYMOUS, Actor
from tests.cast import Cast, days_ago, hands, make_participant
from tests.cohort.crf.builders import FAL, begin, complete, enter
from tests.cohort.pages import look_as, words
from tests.database import rolls_back

pytestmark = rolls_back


def waits(actor: Actor) -> list[str]:
    return [f"{one.count} {one.sentence}" for one in list_waiting_for(actor) if one.count]


def make_late(cast: Cast, participant: Participant, code: str, days: int) -> None:
    """Let a planned visit have been due some days ago."""
    visit = participant.visits.get(code=code)
    length = visit.closes_on - visit.opens_on
    with hands(cast.nora):
        participant.visits.filter(pk=visit.pk).update(
            due_on=days_ago(days), opens_on=days_ago(days), closes_on=days_ago(days) + length
        )


def test_visits_wait_for_the_staff_of_their_site_until_they_begin(cast: Cast):
    ann = make_participant(cast)
    assert waits(cast.nora) == ["2 visits are due today"]
    assert waits(cast.nell) == []
    begin(cast, ann)
    assert waits(cast.nora) == ["1 visit is due today"]


def test_a_visit_is_overdue_the_day_after_its_window(cast: Cast):
    ann = make_participant(cast)
    make_late(cast, ann, "BL", 30)
    assert "1 visit is due, and the window still open" in waits(cast.nora)
    make_late(cast, ann, "BL", 31)
    assert "1 visit is overdue" in waits(cast.nora)


def test_a_form_half_entered_waits_and_a_complete_one_does_not(cast: Cast):
    visit = begin(cast)
    enter(cast.nora, visit, "fal", {"fal_12m": "0"})
    assert "1 visit has forms half entered" in waits(cast.nora)
    page = words(look_as(cast.nora).get("/visits/"))
    assert visit.participant.code in page
    assert page.count("half entered") == 2, "of the table and of the line, which does not say 'done'"


def test_who_withdrew_from_visits_is_waited_for_no_more(cast: Cast):
    ann = make_participant(cast)
    assert due_visits_for(cast.nora).count() == 2
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    assert due_visits_for(cast.nora).count() == 0
    assert missing_for(cast.nora, ann) == []


def test_what_is_missing_are_links_to_where_it_is_done(cast: Cast):
    ann = make_participant(cast)
    visit = begin(cast, ann)
    complete(cast.nora, visit, "fal", FAL)
    enter(cast.nora, visit, "dem", {"ethnic": "W1"})
    missing = {one.label: one.url for one in missing_for(cast.nora, ann)}
    assert "Baseline imaging: due" in missing
    assert missing["Baseline: Demographics, being filled in"].endswith("/visits/BL/dem/1/")
    assert "Baseline: Past fractures, not begun" in missing
    assert "Baseline: Falls, not begun" not in missing


def test_the_principal_investigator_is_told_of_no_missing_outcome(cast: Cast):
    ann = make_participant(cast)
    begin(cast, ann)
    labels = [one.label for one in missing_for(cast.paula, ann)]
    assert "Baseline: Falls, not begun" in labels
    assert not any("Past fractures" in label for label in labels)


def test_nothing_waits_for_nobody(cast: Cast):
    assert list_waiting_for(ANONYMOUS) == []
    assert waits(cast.ana) == []


def test_the_window_holds_its_days(cast: Cast):
    visit = make_participant(cast).visits.get(code="FU06")
    assert visit.standing_on(visit.opens_on - timedelta(1)) == "planned"
    assert visit.standing_on(visit.opens_on) == "open"
    assert visit.standing_on(visit.due_on) == visit.standing_on(visit.closes_on) == "due"
    assert visit.standing_on(visit.closes_on + timedelta(1)) == "overdue"
