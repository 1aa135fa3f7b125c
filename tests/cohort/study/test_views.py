"""Setting up a study by its pages."""

from typing import Any

import pytest
from django.urls import reverse

from cohort.study.access import find_wedge
from cohort.study.models import ConsentForm, Device, EthicsApproval, Study, StudySite
from cohort.study.services import add_approval, add_device, change_study, name_wedge
from modelling.engine.features.step_wedge import Wedge
from portal.core.errors import Refused
from portal.sites.models import Site
from tests.cast import Cast, days_ago
from tests.cohort.pages import look_as, make_young_study, read, written
from tests.database import rolls_back
from tests.portal.accounts.people import leaves_one

pytestmark = rolls_back

RULES: dict[str, Any] = {
    "title": "The hip study",
    "min_age_years": "55",
    "min_age_counts": "0",
    "n_test_per_block": "2",
    "target_participants": "80",
    "target_months": "12",
    "small_team": "0",
}
NEW: dict[str, Any] = {**RULES, "code": "Hip-1", "origin": "human", "basis": "consent"}
SET_UP = ("site-join", "approval-add", "consent-form-add", "device-add", "wedge-name")
APPROVAL: dict[str, Any] = {"committee": "North REC", "reference": "26/NO/0001", "approved_on": written(days_ago(3))}


def test_the_principal_investigator_sets_up_a_study(cast: Cast):
    response = look_as(cast.paula).post(reverse("study-new"), NEW)
    assert response["Location"] == reverse("study", args=["hip-1"])
    study = Study.objects.get(code="hip-1")
    assert (study.min_age_years, study.min_age_counts, study.n_test_per_block) == (55, False, 2)


def test_who_cannot_set_up_a_study_is_told_who_can(cast: Cast):
    response = look_as(cast.nora).get(reverse("study-new"))
    assert response.status_code == 403
    assert "data manager, principal investigator" in read(response)


def test_a_code_that_is_taken_comes_back_with_what_was_typed(cast: Cast):
    response = look_as(cast.paula).post(reverse("study-new"), {**NEW, "code": "wrist"})
    assert response.status_code == 422
    assert "it is there already" in read(response)
    assert "The hip study" in read(response)


def test_a_code_that_is_a_word_of_the_addresses_is_refused(cast: Cast):
    response = look_as(cast.paula).post(reverse("study-new"), {**NEW, "code": "new"})
    assert response.status_code == 422
    assert "a word of the portal" in read(response)


def test_an_answer_left_out_is_named_and_nothing_is_set_up(cast: Cast):
    response = look_as(cast.paula).post(reverse("study-new"), {**NEW, "origin": ""})
    assert response.status_code == 422
    assert "Choose one of the answers." in read(response)
    assert not Study.objects.filter(code="hip-1").exists()


def test_the_list_holds_the_studies_of_ones_sites_and_no_other(cast: Cast):
    make_young_study(cast)
    assert "The later study" in read(look_as(cast.paula).get(reverse("studies")))
    page = read(look_as(cast.nora).get(reverse("studies")))
    assert "The wrist study" in page
    assert "The later study" not in page


def test_the_rules_change_until_enrolment_opens_and_say_that_the_shares_are_void(cast: Cast):
    study = make_young_study(cast)
    response = look_as(cast.dan).post(reverse("study-change", args=[study.code]), RULES, follow=True)
    study.refresh_from_db()
    assert study.n_test_per_block == 2
    assert "the shares of the draw are wanted anew" in read(response)


def test_another_title_leaves_the_shares_as_they_are(cast: Cast):
    study = make_young_study(cast)
    change_study(actor=cast.paula, study=study, **{"min_age_years": 55, "min_age_counts": False, "n_test_per_block": 2})
    response = look_as(cast.dan).post(reverse("study-change", args=[study.code]), RULES, follow=True)
    assert "The rules are changed." in read(response)
    assert "wanted anew" not in read(response)


def test_the_rules_of_an_open_study_are_not_offered_for_change(cast: Cast):
    response = look_as(cast.paula).get(reverse("study-change", args=["wrist"]))
    assert response.status_code == 409
    assert "change needs an amendment" in read(response)


def test_a_site_is_added_and_joins(cast: Cast):
    browser = look_as(cast.paula)
    browser.post(reverse("site-add"), {"name": "Truro", "prefix": "tru"})
    site = Site.objects.get(prefix="TRU")
    response = browser.post(reverse("site-join", args=["wrist"]), {"site": site.pk, "joined_on": "1/6/2026"})
    assert response["Location"] == reverse("study", args=["wrist"])
    assert StudySite.objects.filter(study=cast.study, site=site).exists()


def test_a_prefix_is_never_given_twice(cast: Cast):
    response = look_as(cast.adam).post(reverse("site-add"), {"name": "Truro", "prefix": "EXB"})
    assert response.status_code == 422
    assert "it is there already" in read(response)


def test_a_site_that_takes_part_is_not_offered_again(cast: Cast):
    page = read(look_as(cast.paula).get(reverse("site-join", args=["wrist"])))
    assert f'value="{cast.exeter.pk}"' not in page


def test_who_cannot_add_a_site_sees_no_button_for_it(cast: Cast):
    assert reverse("site-add") in read(look_as(cast.adam).get(reverse("sites")))
    assert reverse("site-add") not in read(look_as(cast.nora).get(reverse("sites")))
    assert look_as(cast.nora).get(reverse("site-add")).status_code == 403


def test_an_approval_is_recorded_with_the_days_as_they_are_typed(cast: Cast):
    study = make_young_study(cast)
    look_as(cast.dan).post(reverse("approval-add", args=[study.code]), APPROVAL)
    assert EthicsApproval.objects.get(study=study).approved_on == days_ago(3)


def test_an_approval_that_ends_before_it_begins_is_refused(cast: Cast):
    study = make_young_study(cast)
    typed = {**APPROVAL, "ends_on": written(days_ago(9))}
    response = look_as(cast.dan).post(reverse("approval-add", args=[study.code]), typed)
    assert response.status_code == 422
    assert "its dates do not fit" in read(response)


def test_a_consent_form_cannot_be_valid_before_its_approval(cast: Cast):
    study = make_young_study(cast)
    approval = add_approval(
        actor=cast.paula, study=study, committee="North REC", reference="1", approved_on=days_ago(3)
    )
    typed = {"approval": approval.pk, "version": "1.0", "sheet_version": "1.0", "reconsent_required": "0"}
    page, browser = reverse("consent-form-add", args=[study.code]), look_as(cast.paula)
    refused = browser.post(page, {**typed, "valid_from": written(days_ago(4))})
    assert refused.status_code == 422
    assert "the committee approved it on" in read(refused)
    assert browser.post(page, {**typed, "valid_from": written(days_ago(3))}).status_code == 302
    assert ConsentForm.objects.get(study=study).valid_from == days_ago(3)


def test_the_next_version_is_suggested(cast: Cast):
    page = read(look_as(cast.paula).get(reverse("consent-form-add", args=["wrist"])))
    assert 'name="version" value="2.0"' in page


def test_without_an_approval_the_consent_form_page_leads_to_one(cast: Cast):
    study = make_young_study(cast)
    page = read(look_as(cast.paula).get(reverse("consent-form-add", args=[study.code])))
    assert "a consent form needs one" in page
    assert reverse("approval-add", args=[study.code]) in page


def test_a_device_is_added_at_a_site_of_the_study(cast: Cast):
    typed = {
        "site": cast.exeter.pk,
        "kind": "dxa",
        "maker": "Hologic",
        "model": "Horizon",
        "serial": "H-1",
        "in_use_from": "1/2/2026",
    }
    response = look_as(cast.dan).post(reverse("device-add", args=["wrist"]), typed)
    assert response.status_code == 302
    assert Device.objects.get(serial="H-1").site == cast.exeter


def add_xray_unit(cast: Cast, kind: str = "radiograph") -> Device:
    unit = {"kind": kind, "maker": "Siemens", "model": "Ysio", "serial": "X-1", "in_use_from": days_ago(300)}
    return add_device(actor=cast.dan, site=cast.exeter, **unit)


def test_a_step_wedge_is_named_for_an_xray_unit_and_stands_in_the_table(cast: Cast):
    unit = add_xray_unit(cast)
    assert find_wedge(cast.exeter.pk, "X-1") is None
    typed = {"device": unit.pk, "steps_mm": "2, 4 6, 8.5", "length_mm": "5"}
    with leaves_one("study.name_wedge"):
        response = look_as(cast.dan).post(reverse("wedge-name", args=["wrist"]), typed)
    assert response.status_code == 302
    assert find_wedge(cast.exeter.pk, "X-1") == Wedge((2.0, 4.0, 6.0, 8.5), 5.0)
    assert find_wedge(cast.plymouth.pk, "X-1") is None, "another site's unit of that number is another unit"
    page = read(look_as(cast.dan).get(reverse("study", args=["wrist"])))
    assert "X-ray unit, step wedge of 4 steps of 5 mm length, 2 to 8.5 mm of aluminium" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps_mm": "2, four, 6, 8"}, "Found &#x27;2, four, 6, 8&#x27;, wanted numbers with commas between"),
        ({"steps_mm": "2, 4, 6, inf"}, "wanted numbers with commas between"),
        ({"steps_mm": "2, 4, 4, 8"}, "Steps of 2, 4, 4, 8 mm; wanted rising thicknesses, the thinnest first"),
        ({"length_mm": "1"}, "Steps of 1 mm length; wanted at least 2 mm"),
        ({"device": ""}, "This field is required."),
    ],
)
def test_what_makes_no_wedge_comes_back_with_what_was_typed(cast: Cast, changes: dict[str, str], words: str):
    typed = {"device": add_xray_unit(cast).pk, "steps_mm": "2, 4, 6, 8", "length_mm": "5", **changes}
    response = look_as(cast.dan).post(reverse("wedge-name", args=["wrist"]), typed)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert f'value="{typed["length_mm"]}"' in response.content.decode()
    assert Device.objects.get(serial="X-1").wedge is None


def test_a_wedge_lies_on_no_other_scans(cast: Cast):
    with pytest.raises(Refused, match="a step wedge lies on films; Siemens Ysio"):
        name_wedge(actor=cast.dan, device=add_xray_unit(cast, "dxa"), steps_mm=[1, 2, 3, 4], length_mm=4)


@pytest.mark.parametrize("page", ["study-change", *SET_UP])
def test_a_study_one_has_no_site_in_is_not_there(cast: Cast, page: str):
    study = make_young_study(cast)
    assert look_as(cast.nora).get(reverse(page, args=[study.code])).status_code == 404


@pytest.mark.parametrize("page", SET_UP)
def test_a_nurse_sees_a_study_but_sets_nothing_up(cast: Cast, page: str):
    assert look_as(cast.nora).get(reverse(page, args=["wrist"])).status_code == 403


def test_a_stranger_is_led_to_the_sign_in(cast: Cast, client: Any):
    assert client.get(reverse("studies"))["Location"].startswith(reverse("account_login"))
