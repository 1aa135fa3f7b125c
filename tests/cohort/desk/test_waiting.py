"""What waits for whom in the cohort."""

from cohort.consent.models import Level
from cohort.consent.services import withdraw_consent
from cohort.desk.waiting import list_waiting_for
from cohort.enrolment.services import give_draw_share
from cohort.study.services import add_consent_form
from portal.roles.actors import ANONYMOUS, Actor
from tests.cast import Cast, days_ago, make_participant, make_screening
from tests.cohort.enrolment.test_opening_views import make_ready_study
from tests.cohort.pages import make_young_study
from tests.database import rolls_back

pytestmark = rolls_back


def waits(actor: Actor) -> list[str]:
    """Return what waits for somebody, as it is read."""
    return [f"{one.count} {one.sentence}" for one in list_waiting_for(actor) if one.count]


def test_eligible_people_wait_for_the_nurse_of_their_site(cast: Cast):
    make_screening(cast)
    assert waits(cast.nora) == ["1 eligible person is not enrolled yet in The wrist study"]
    assert waits(cast.nell) == []


def test_a_deferral_waits_once_its_day_has_come(cast: Cast):
    make_screening(cast, scr_contrast=True, scr_date=days_ago(13))
    assert waits(cast.nora) == []
    make_screening(cast, scr_contrast=True, scr_date=days_ago(14))
    assert waits(cast.nora) == ["1 deferred person's wait is over in The wrist study"]


def test_those_to_be_asked_again_wait_but_not_who_withdrew(cast: Cast):
    people = [make_participant(cast, name) for name in ("Ann", "Bea", "Cleo")]
    assert waits(cast.nora) == []
    add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(0),
        reconsent_required=True,
    )
    withdraw_consent(actor=cast.nora, participant=people[0], level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    assert waits(cast.nora) == ["2 participants are to be asked for consent again"]


def test_what_is_missing_waits_for_who_can_do_it(cast: Cast):
    make_young_study(cast)
    assert waits(cast.paula) == ["4 things are missing before enrolment in The later study can open"]
    assert waits(cast.dan) == ["3 things are missing in the set-up of The later study"]
    assert waits(cast.carl) == ["1 share of the draw of The later study is wanted from you"]
    assert waits(cast.nora) == waits(cast.mona) == []


def test_a_given_share_is_not_wanted_again(cast: Cast):
    study = make_young_study(cast)
    give_draw_share(actor=cast.carl, study=study)
    assert waits(cast.carl) == []
    assert waits(cast.cora) != []


def test_a_study_that_is_ready_waits_for_the_principal_investigator(cast: Cast):
    make_ready_study(cast)
    assert waits(cast.paula) == ["1 study is ready to open: The later study"]
    assert waits(cast.dan) == []


def test_nothing_waits_for_nobody(cast: Cast):
    assert list_waiting_for(ANONYMOUS) == []
