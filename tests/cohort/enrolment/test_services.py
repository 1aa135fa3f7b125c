"""Enrolling: everything that must hold before, at and after."""

import pytest

from cohort.enrolment.models import Assignment, Screening
from cohort.enrolment.services import (
    clear_deferral,
    decline_screening,
    enrol_participant,
    give_draw_share,
    list_missing_for_opening,
    open_enrolment,
    screen_person,
)
from cohort.identity.models import Person
from cohort.participants.models import Participant
from cohort.study.models import Study
from cohort.study.services import add_approval, add_consent_form, change_study, join_site, set_up_study
from portal.audit.context import act, name_subject
from portal.core.errors import NotAllowed, Refused, StaleState, WrongState
from portal.roles.actors import Actor
from portal.roles.models import Role
from tests.cast import FIT, Cast, act_as, days_ago, make_identity, make_participant, make_screening, make_signing
from tests.database import rolls_back

pytestmark = rolls_back


def test_a_nurse_enrols_a_consented_person(cast: Cast) -> None:
    participant = make_participant(cast)
    assert participant.code.startswith("EXB-0001-")
    assert participant.origin == cast.study.origin
    assert participant.consents.get().con_i_rad is True
    assert Person.objects.filter(participant_id=participant.pk).exists()
    assert Assignment.objects.filter(participant_id=participant.pk).exists()


def test_codes_count_up_within_a_site(cast: Cast) -> None:
    codes = [make_participant(cast, name).code[:8] for name in ("Ann", "Bea")]
    assert codes == ["EXB-0001", "EXB-0002"]


def test_a_nurse_of_another_site_may_not_enrol(cast: Cast) -> None:
    screening = make_screening(cast)
    with pytest.raises(NotAllowed, match=r"'participant\.enrol' is for: research nurse"):
        enrol_participant(actor=cast.nell, screening=screening, identity=make_identity(), signing=make_signing(cast))


def test_nobody_is_enrolled_twice(cast: Cast) -> None:
    screening = make_screening(cast)
    stale = Screening.objects.get(pk=screening.pk)
    enrol_participant(actor=cast.nora, screening=screening, identity=make_identity(), signing=make_signing(cast))
    with pytest.raises(WrongState, match="'enrol' cannot happen while 'enrolled'"):
        enrol_participant(actor=cast.nora, screening=screening, identity=make_identity(), signing=make_signing(cast))
    assert stale.state == "eligible"


def test_the_same_person_is_recognised_however_the_name_is_written(cast: Cast) -> None:
    make_participant(cast, "Anne-Marie")
    assert Participant.objects.count() == 1
    with pytest.raises(Refused, match="is in the study already"):
        make_participant(cast, "ANNE MARIE")
    assert Participant.objects.count() == 1


def test_enrolling_without_the_item_to_take_part_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="'take part in the study' must be yes"):
        make_participant(cast, con_i_part=False)


def test_a_consent_cannot_be_signed_before_its_form_was_approved(cast: Cast) -> None:
    signing = make_signing(cast, signed_on=days_ago(51))
    with pytest.raises(Refused, match=r"consent form 1\.0 was not valid on"):
        enrol_participant(actor=cast.nora, screening=make_screening(cast), identity=make_identity(), signing=signing)
    assert not Participant.objects.exists()


@pytest.mark.parametrize(("age", "outcome"), [(49, "ineligible"), (50, "eligible")])
def test_the_age_rule_holds_on_both_sides_of_its_limit(cast: Cast, age: int, outcome: str) -> None:
    assert make_screening(cast, scr_age=age).state == outcome


def test_every_failed_criterion_is_kept(cast: Cast) -> None:
    screening = make_screening(cast, scr_age=45, scr_can_consent=False, scr_wrist_metal="1", scr_avf="2")
    assert screening.state == "ineligible"
    assert screening.failed == ["age", "capacity", "both_forearms"]


def test_one_usable_forearm_is_enough(cast: Cast) -> None:
    assert make_screening(cast, scr_wrist_metal="1", scr_wrist_fx12="1").state == "eligible"


def test_contrast_defers_for_two_weeks(cast: Cast) -> None:
    screening = make_screening(cast, scr_contrast=True, scr_date=days_ago(1))
    assert (screening.state, screening.defer_until) == ("deferred", days_ago(-13))
    with pytest.raises(Refused, match="is deferred until"):
        clear_deferral(actor=cast.nora, screening=screening)


def test_a_deferral_ends_on_its_day(cast: Cast) -> None:
    screening = make_screening(cast, scr_contrast=True, scr_date=days_ago(14))
    clear_deferral(actor=cast.nora, screening=screening)
    assert Screening.objects.get(pk=screening.pk).state == "eligible"


def test_a_stale_screening_cannot_be_declined_after_enrolment(cast: Cast) -> None:
    screening = make_screening(cast)
    stale = Screening.objects.get(pk=screening.pk)
    enrol_participant(actor=cast.nora, screening=screening, identity=make_identity(), signing=make_signing(cast))
    with pytest.raises(StaleState, match="'decline' cannot happen"):
        decline_screening(actor=cast.nora, screening=stale)


def test_screening_waits_until_enrolment_is_open(cast: Cast) -> None:
    study = set_up_study(actor=cast.paula, code="later", title="Later", origin="simulated")
    with pytest.raises(Refused, match="'later' is not open for enrolment"):
        screen_person(actor=cast.nora, study=study, site=cast.exeter, scr_date=days_ago(0), **FIT)


def test_enrolment_does_not_open_before_everything_is_there(cast: Cast) -> None:
    study = set_up_study(actor=cast.paula, code="later", title="Later", origin="simulated")
    assert len(list_missing_for_opening(study)) == 4
    with pytest.raises(Refused, match=r"a site must take part; .*two custodians must give their share .*\(0 did\)"):
        open_enrolment(actor=cast.paula, study=study)


def test_a_change_of_the_protocol_makes_the_shares_void(cast: Cast) -> None:
    study = set_up_study(actor=cast.paula, code="later", title="Later", origin="simulated")
    give_draw_share(actor=cast.carl, study=study)
    give_draw_share(actor=cast.cora, study=study)
    assert not any("share" in one for one in list_missing_for_opening(study))
    change_study(actor=cast.paula, study=study, n_test_per_block=2)
    assert any("(0 did)" in one for one in list_missing_for_opening(study))


def test_one_custodian_cannot_give_two_shares(cast: Cast) -> None:
    study = set_up_study(actor=cast.paula, code="later", title="Later", origin="simulated")
    give_draw_share(actor=cast.carl, study=study)
    with pytest.raises(Refused, match="you have given your share"):
        give_draw_share(actor=cast.carl, study=study)


def make_ready(cast: Cast, custodian: Actor) -> Study:
    """Return a study in which all is there for the opening, by shares of Carl and of this custodian."""
    study = set_up_study(actor=cast.paula, code="later", title="Later", origin="simulated")
    join_site(actor=cast.paula, study=study, site=cast.exeter, joined_on=days_ago(1))
    approval = add_approval(
        actor=cast.paula, study=study, committee="REC", reference="26/SW/0043", approved_on=days_ago(2)
    )
    add_consent_form(
        actor=cast.paula, study=study, approval=approval, version="1", sheet_version="1", valid_from=days_ago(1)
    )
    for one in (cast.carl, custodian):
        give_draw_share(actor=one, study=study)
    return study


def test_a_study_opens_when_all_is_there(cast: Cast) -> None:
    study = make_ready(cast, cast.cora)
    open_enrolment(actor=cast.paula, study=study)
    assert study.state == "enrolling"


def test_who_let_a_custodian_in_of_late_does_not_count_as_another_person(cast: Cast) -> None:
    with act(cast.paula, "person.invite"):
        name_subject(cast.cora.label)
    study = make_ready(cast, cast.cora)
    with pytest.raises(Refused, match="one let another in within the last 7 days"):
        open_enrolment(actor=cast.paula, study=study)
    assert study.state == "setting_up"


def test_a_custodian_who_is_investigator_too_opens_only_in_a_small_team(cast: Cast) -> None:
    pia = act_as("Pia Both", Role.PI, Role.CUSTODIAN)
    study = make_ready(cast, pia)
    with pytest.raises(Refused, match="another person than the two custodians"):
        open_enrolment(actor=pia, study=study)


def test_the_rules_are_fixed_once_enrolment_is_open(cast: Cast) -> None:
    with pytest.raises(WrongState, match="the rules of 'wrist' are fixed"):
        change_study(actor=cast.paula, study=cast.study, n_test_per_block=5)
