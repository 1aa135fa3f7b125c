"""The desk: a study, the list of participants, one participant."""

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from cohort.consent.models import ITEMS, Level
from cohort.consent.purposes import WORDS
from cohort.consent.services import give_consent, withdraw_consent
from cohort.enrolment.services import enrol_participant, screen_person
from cohort.study.services import add_consent_form
from portal.audit.models import Read
from portal.core.dates import write_day, write_day_short
from portal.roles.actors import Actor
from portal.sites.models import Site
from tests.cast import FIT, Cast, days_ago, make_identity, make_participant, make_screening, make_signing
from tests.cohort.pages import look_as, make_young_study, read, words
from tests.database import rolls_back

pytestmark = rolls_back


def test_a_young_study_says_what_is_missing_and_where_to_do_it(cast: Cast):
    study = make_young_study(cast)
    page = read(look_as(cast.paula).get(reverse("study", args=[study.code])))
    assert f'<a href="{reverse("site-join", args=["later"])}">A site must take part.</a>' in page
    assert f'<a href="{reverse("study-draw", args=["later"])}">Two custodians must give their share' in page
    assert reverse("study-open", args=["later"]) not in page


def test_who_cannot_do_a_thing_sees_that_it_is_missing_without_a_link(cast: Cast):
    study = make_young_study(cast)
    page = read(look_as(cast.mona).get(reverse("study", args=[study.code])))
    assert "A site must take part." in page
    assert reverse("site-join", args=["later"]) not in page


def test_an_open_study_shows_its_digest_and_who_gave_a_share(cast: Cast):
    page = words(look_as(cast.nora).get(reverse("study", args=["wrist"])))
    assert f"Digest: {cast.study.protocol_sha256[:8]} …" in page
    assert "given by Carl Custodian and Cora Custodian (2 of 2)" in page


def test_the_recruitment_plot_holds_the_same_numbers_as_its_table(cast: Cast):
    make_participant(cast, "Ann")
    make_participant(cast, "Bea")
    response = look_as(cast.mona).get(reverse("study", args=["wrist"]))
    figure = json.loads(re.search(r'<script id="recruitment-numbers"[^>]*>(.*?)</script>', read(response))[1])
    assert figure["data"][0]["y"][-1] == 2
    month = f"{timezone.localdate():%b %Y}"
    assert f"{month} | 2 | 2 | {figure['data'][1]['y'][-1]:.1f} |" in words(response)


def test_who_signed_before_being_entered_takes_part_since_the_signature(cast: Cast):
    day = days_ago(3)
    ann = enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast, scr_date=day),
        identity=make_identity("Ann"),
        signing=make_signing(cast, signed_on=day),
    )
    agreed = dict.fromkeys(ITEMS, True)
    again = {"form": cast.form, "signed_on": days_ago(0), "answers": agreed, "copy_given": True}
    give_consent(actor=cast.nora, participant=ann, **again)
    assert plain(write_day_short(day)) in words(look_as(cast.nora).get(reverse("participants")))
    page = words(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    assert f"Enrolled {plain(write_day(day))}" in page


def plain(day: str) -> str:
    """Return a day as `words` leaves it."""
    return day.replace("\xa0", " ")


def test_the_plot_of_simulated_people_carries_the_mark(cast: Cast):
    page = read(look_as(cast.mona).get(reverse("study", args=["wrist"])))
    assert 'data-origin="simulated"' in page
    assert "SIMULATED" in page


def test_nothing_of_a_human_study_is_marked_simulated(cast: Cast):
    make_young_study(cast)
    assert "SIMULATED" not in read(look_as(cast.paula).get(reverse("study", args=["later"])))


def test_a_study_one_has_no_site_in_is_not_there(cast: Cast):
    make_young_study(cast)
    assert look_as(cast.nora).get(reverse("study", args=["later"])).status_code == 404


def test_the_list_holds_the_participants_of_ones_own_sites(cast: Cast):
    ann = make_participant(cast)
    assert ann.code in read(look_as(cast.nora).get(reverse("participants")))
    assert ann.code not in read(look_as(cast.nell).get(reverse("participants")))
    assert look_as(cast.ana).get(reverse("participants")).status_code == 403


def test_a_whole_code_leads_straight_to_its_page_however_it_is_typed(cast: Cast):
    ann = make_participant(cast)
    response = look_as(cast.nora).get(reverse("participants"), {"code": f" {ann.code.lower()} "})
    assert response["Location"] == reverse("participant", args=[ann.code])


def test_the_beginning_of_a_code_narrows_the_list(cast: Cast):
    ann, bea = make_participant(cast, "Ann"), make_participant(cast, "Bea")
    page = read(look_as(cast.nora).get(reverse("participants"), {"code": ann.code[:8]}))
    assert ann.code in page
    assert bea.code not in page


def test_a_name_finds_nobody(cast: Cast):
    ann = make_participant(cast, "Ann")
    response = look_as(cast.nora).get(reverse("participants"), {"code": "Ann"})
    assert ann.code not in read(response)
    assert "Nobody here fits." in read(response)


@pytest.mark.parametrize(("state", "found"), [("withdrawn", [0]), ("due", [1]), ("taking_part", [1]), ("", [0, 1])])
def test_the_list_narrows_by_how_people_stand(cast: Cast, state: str, found: list[int]):
    people = [make_participant(cast, name) for name in ("Ann", "Bea")]
    withdraw_consent(actor=cast.nora, participant=people[0], level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    ask_everybody_again(cast)
    page = read(look_as(cast.nora).get(reverse("participants"), {"state": state}))
    assert [number for number, one in enumerate(people) if one.code in page] == found


def ask_everybody_again(cast: Cast) -> None:
    """Add a newer consent form that asks everybody again."""
    add_consent_form(
        actor=cast.paula,
        study=cast.study,
        approval=cast.form.approval,
        version="2.0",
        sheet_version="2.0",
        valid_from=days_ago(0),
        reconsent_required=True,
    )


def test_the_page_of_a_participant_says_for_every_use_whether_and_why(cast: Cast):
    ann = make_participant(cast, con_i_ai=False)
    page = words(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    for purpose in WORDS.values():
        assert f"{purpose} |" in page
    assert "Enter data at visits | yes | Consent form 1.0, signed" in page
    assert "Train models | no | 'images used to train and test AI' was answered no" in page


def test_the_set_is_sealed_and_explains_itself(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    assert "Drawn at enrolment; nobody sees it before the reveal." in page


def test_the_page_holds_no_name_and_offers_to_show_it(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    assert "Example" not in page
    assert "Show who this is" in page
    assert "Show who this is" not in words(look_as(cast.mona).get(reverse("participant", args=[ann.code])))


def test_a_name_is_shown_once_to_who_may_see_it_and_the_look_is_recorded(cast: Cast):
    ann = make_participant(cast)
    response = look_as(cast.nora).post(reverse("identity-show", args=[ann.code]))
    assert "Family name Example" in words(response)
    assert "no-store" in response["Cache-Control"]
    look = Read.objects.get()
    assert (look.actor, look.what, look.subject) == (cast.nora.label, "identity", ann.code)


def test_a_name_is_never_shown_by_an_address(cast: Cast):
    ann = make_participant(cast)
    assert look_as(cast.nora).get(reverse("identity-show", args=[ann.code])).status_code == 405


@pytest.mark.parametrize(("who", "status"), [("nell", 404), ("mona", 403), ("dan", 403), ("ana", 403)])
def test_who_may_not_see_a_name_leaves_no_look_behind(cast: Cast, who: str, status: int):
    ann = make_participant(cast)
    response = look_as(getattr(cast, who)).post(reverse("identity-show", args=[ann.code]))
    assert response.status_code == status
    assert "Example" not in read(response)
    assert not Read.objects.exists()


def test_what_was_done_is_told_with_the_names_of_staff(cast: Cast):
    ann = make_participant(cast)
    withdraw_consent(actor=cast.paula, participant=ann, level=Level.NO_MORE_VISITS, withdrawn_on=days_ago(0))
    page = words(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    done = page[page.index("What was done") :]
    assert done.index("Recorded a withdrawal") < done.index("Paula Principal") < done.index("Enrolled a participant")
    assert "Nora Nurse" in done


def test_a_withdrawal_takes_the_offers_of_the_page_away(cast: Cast):
    ann = make_participant(cast)
    page = reverse("participant", args=[ann.code])
    assert "Record a new consent" in read(look_as(cast.nora).get(page))
    withdraw_consent(actor=cast.nora, participant=ann, level=Level.NO_FURTHER_USE, withdrawn_on=days_ago(0))
    text = words(look_as(cast.nora).get(page))
    assert "Record a new consent" not in text
    assert "No further use , said on" in text


def test_a_participant_of_another_site_is_not_there(cast: Cast):
    ann = make_participant(cast)
    assert look_as(cast.nora).get(reverse("participant", args=[ann.code])).status_code == 200
    assert look_as(cast.nell).get(reverse("participant", args=[ann.code])).status_code == 404


def test_the_page_asks_again_where_a_newer_form_says_so(cast: Cast):
    ann = make_participant(cast)
    page = reverse("participant", args=[ann.code])
    assert "asks everybody again" not in read(look_as(cast.nora).get(page))
    ask_everybody_again(cast)
    assert "asks everybody again" in read(look_as(cast.nora).get(page))


def test_the_side_to_scan_stands_on_the_page_where_one_side_is_unfit(cast: Cast):
    ann = make_participant(cast)
    assert "Which forearm" not in read(look_as(cast.nora).get(reverse("participant", args=[ann.code])))
    bea = enrol_participant(
        actor=cast.nora,
        screening=make_screening(cast, scr_avf="2"),
        identity=make_identity("Bea"),
        signing=make_signing(cast),
    )
    page = words(look_as(cast.nora).get(reverse("participant", args=[bea.code])))
    assert "Scan the LEFT forearm Avoid the right one" in page


def test_a_column_that_never_differs_is_left_out(cast: Cast):
    ann = make_participant(cast)
    page = words(look_as(cast.mona).get(reverse("participants")))
    assert f"{ann.code} SIMULATED | Female |" in page
    enrol_at(cast, cast.plymouth, cast.nell)
    page = words(look_as(cast.mona).get(reverse("participants")))
    assert f"{ann.code} SIMULATED | Exeter | Female |" in page


def enrol_at(cast: Cast, site: Site, nurse: Actor) -> None:
    """Enrol somebody at another site."""
    screening = screen_person(actor=nurse, study=cast.study, site=site, scr_date=days_ago(0), **FIT)
    enrol_participant(actor=nurse, screening=screening, identity=make_identity("Petra"), signing=make_signing(cast))
