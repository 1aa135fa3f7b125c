"""The way to the opening of enrolment: the custodians' shares, the opening itself, and the closing."""

from typing import Any

import pytest
from django.urls import reverse

from cohort.enrolment.models import Screening
from cohort.enrolment.services import enrol_participant, give_draw_share
from cohort.study.models import Study
from cohort.study.protocol import compute_protocol_sha256
from cohort.study.services import add_approval, add_consent_form, change_study, join_site
from portal.core.errors import Refused
from tests.cast import Cast, days_ago, make_identity, make_screening, make_signing
from tests.cohort.pages import look_as, make_young_study, read, words
from tests.database import rolls_back

pytestmark = rolls_back


def digest_of(study: Study) -> str:
    """Return the word that is retyped."""
    return compute_protocol_sha256(study)[:8]


def make_ready_study(cast: Cast) -> Study:
    """Set up a study to which only the opening is missing."""
    study = make_young_study(cast)
    join_site(actor=cast.paula, study=study, site=cast.exeter, joined_on=days_ago(9))
    approval = add_approval(
        actor=cast.paula, study=study, committee="North REC", reference="1", approved_on=days_ago(8)
    )
    add_consent_form(
        actor=cast.paula, study=study, approval=approval, version="1", sheet_version="1", valid_from=days_ago(7)
    )
    for custodian in (cast.carl, cast.cora):
        give_draw_share(actor=custodian, study=study)
    return study


def open_as(actor: Any, study: Study, typed: str, **how: Any) -> Any:
    """Send the page that opens enrolment."""
    return look_as(actor, **how).post(reverse("study-open", args=[study.code]), {"retyped": typed})


def test_the_principal_investigator_opens_enrolment_by_the_digest(cast: Cast):
    study = make_ready_study(cast)
    assert open_as(cast.paula, study, digest_of(study)).status_code == 302
    study.refresh_from_db()
    assert study.state == "enrolling"
    assert study.protocol_sha256.startswith(digest_of(study))


def test_another_word_opens_nothing(cast: Cast):
    study = make_ready_study(cast)
    response = open_as(cast.paula, study, "00000000")
    assert response.status_code == 422
    assert "What you typed is not the same." in read(response)
    study.refresh_from_db()
    assert study.state == "setting_up"


def test_a_digest_read_before_the_rules_changed_opens_nothing(cast: Cast):
    study = make_ready_study(cast)
    stale = digest_of(study)
    change_study(actor=cast.paula, study=study, n_test_per_block=4)
    assert open_as(cast.paula, study, stale).status_code == 422


def test_what_is_missing_is_named_instead_of_a_form(cast: Cast):
    study = make_young_study(cast)
    page = read(look_as(cast.paula).get(reverse("study-open", args=[study.code])))
    assert "A site must take part." in page
    assert 'name="retyped"' not in page


def test_opening_wants_a_fresh_sign_in(cast: Cast):
    study = make_ready_study(cast)
    response = open_as(cast.paula, study, digest_of(study), fresh=False)
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    study.refresh_from_db()
    assert study.state == "setting_up"


def test_only_the_principal_investigator_opens(cast: Cast):
    study = make_ready_study(cast)
    assert open_as(cast.dan, study, digest_of(study)).status_code == 403


def test_an_open_study_cannot_be_opened_again(cast: Cast):
    response = open_as(cast.paula, cast.study, digest_of(cast.study))
    assert response.status_code == 409


def give_as(actor: Any, study: Study, typed: str, **how: Any) -> Any:
    """Send the custodian's page."""
    return look_as(actor, **how).post(reverse("study-draw", args=[study.code]), {"retyped": typed}, follow=True)


def test_a_custodian_gives_a_share_and_is_named(cast: Cast):
    study = make_young_study(cast)
    page = read(give_as(cast.carl, study, digest_of(study)))
    assert "You have given your share for this protocol." in page
    assert "<li>Carl Custodian</li>" in page
    assert "1 of 2 wanted" in page


def test_a_custodian_gives_one_share_only(cast: Cast):
    study = make_young_study(cast)
    give_as(cast.carl, study, digest_of(study))
    response = give_as(cast.carl, study, digest_of(study))
    assert response.status_code == 422
    assert "You have given your share of the draw for this protocol already." in read(response)


def test_a_share_wants_the_digest_and_a_fresh_sign_in(cast: Cast):
    study = make_young_study(cast)
    assert give_as(cast.carl, study, "ffffffff").status_code == 422
    browser = look_as(cast.carl, fresh=False)
    response = browser.post(reverse("study-draw", args=[study.code]), {"retyped": digest_of(study)})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert "0 of 2 wanted" in read(look_as(cast.paula).get(reverse("study-draw", args=[study.code])))


def test_others_see_who_gave_but_get_no_form(cast: Cast):
    page = read(look_as(cast.nora, fresh=False).get(reverse("study-draw", args=["wrist"])))
    assert "Carl Custodian" in page
    assert 'name="retyped"' not in page


def test_who_is_no_custodian_gives_no_share(cast: Cast):
    study = make_young_study(cast)
    assert give_as(cast.paula, study, digest_of(study)).status_code == 403


def test_after_the_opening_no_share_is_taken(cast: Cast):
    response = give_as(cast.carl, cast.study, cast.study.protocol_sha256[:8])
    assert response.status_code == 422
    assert "was fixed when its enrolment opened" in words(response)


def close_as(actor: Any, study: Study, typed: str) -> Any:
    """Send the page that closes enrolment."""
    return look_as(actor).post(reverse("study-close", args=[study.code]), {"retyped": typed})


def test_the_principal_investigator_closes_enrolment_for_good(cast: Cast):
    address = reverse("study-close", args=[cast.study.code])
    screened = make_screening(cast)
    assert address in read(look_as(cast.paula).get(reverse("study", args=[cast.study.code])))
    assert address not in read(look_as(cast.nora).get(reverse("study", args=[cast.study.code])))
    assert "It cannot be opened again." in words(look_as(cast.paula).get(address))
    assert close_as(cast.paula, cast.study, "another").status_code == 422
    assert close_as(cast.nora, cast.study, cast.study.code).status_code == 403
    assert close_as(cast.paula, cast.study, cast.study.code).status_code == 302
    cast.study.refresh_from_db()
    assert cast.study.state == "closed"
    screened = Screening.objects.select_related("study", "site").get(pk=screened.pk)
    with pytest.raises(Refused, match="'wrist' is not open for enrolment"):
        enrol_participant(actor=cast.nora, screening=screened, identity=make_identity(), signing=make_signing(cast))
    assert address not in read(look_as(cast.paula).get(reverse("study", args=[cast.study.code])))
    assert close_as(cast.paula, cast.study, cast.study.code).status_code == 409
