"""People over the API: the fields that are named, of the people one may see, and no way to write."""

import pytest
from django.test import Client

from portal.roles.models import Role
from tests.cast import Cast, act_as
from tests.database import rolls_back
from tests.portal.accounts.people import browser_of

pytestmark = rolls_back


@pytest.fixture(autouse=True)
def _password_is_enough(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def people(client: Client) -> list[dict[str, object]]:
    return client.get("/api/people/").json()["results"]


def test_exactly_the_named_fields_are_told(cast: Cast):
    nora = next(one for one in people(browser_of(cast.user(cast.adam))) if one["name"] == "Nora Nurse")
    assert nora == {
        "id": str(cast.nora.user_pk),
        "name": "Nora Nurse",
        "email": "nora@example.org",
        "state": "active",
        "second_factor": False,
        "roles": [{"role": "nurse", "site": "EXB", "starts_on": "2020-01-01", "ends_on": None}],
    }


def test_people_of_another_site_are_not_there(cast: Cast):
    pia = act_as("Pia Principal", Role.PI, site=cast.exeter)
    client = browser_of(cast.user(pia))
    names = {one["name"] for one in people(client)}
    assert "Nora Nurse" in names
    assert "Nell Nurse" not in names
    assert client.get(f"/api/people/{cast.nora.user_pk}/").status_code == 200
    assert client.get(f"/api/people/{cast.nell.user_pk}/").status_code == 404


def test_a_nurse_is_told_nothing(cast: Cast):
    answer = browser_of(cast.user(cast.nora)).get("/api/people/")
    assert answer.status_code == 403
    assert "'person.view' is for" in answer.json()["detail"]


def test_nothing_is_written_over_the_api(cast: Cast):
    client = browser_of(cast.user(cast.adam))
    address = f"/api/people/{cast.nora.user_pk}/"
    assert client.get(address).status_code == 200
    for method in (client.put, client.patch, client.delete):
        assert method(address, {}, content_type="application/json").status_code == 405
    assert client.post("/api/people/", {}, content_type="application/json").status_code == 405
