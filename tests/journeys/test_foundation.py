"""The foundation as its people walk it: from the first page of an empty portal to an audit that verifies."""

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from cohort.consent.models import ITEMS
from cohort.participants.models import Participant
from portal.audit.sealer import seal
from tests.browser import assert_accessible, needs_browser
from tests.cast import FIT, days_ago
from tests.journeys.person import Person, at_the_portal
from tests.portal.audit.test_verify import verify

pytestmark = needs_browser

TOKEN = "the token that ./run serve printed"
PHRASE = "a long enough passphrase"


def day(n_ago: int) -> str:
    one = days_ago(n_ago)
    return f"{one.day}/{one.month}/{one.year}"


def invite(adam: Person, name: str, role: str, site: str = "Every site") -> str:
    adam.open("/people/invite/")
    adam.fill(name=name, email=f"{name.partition(' ')[0].lower()}@example.org", role=role)
    options = adam.page.locator('main [name="site"] option').all_inner_texts()
    adam.fill(site=next(one for one in options if site.lower() in one.lower()))
    adam.send()
    return adam.page.input_value("#link-address")


def join(person: Person, link: str) -> None:
    person.open(link.removeprefix(person.address))
    person.fill(password=PHRASE, again=PHRASE)
    person.send()


def set_up_house(chromium: Browser, address: str) -> dict[str, str]:
    """Adam is the first person; he adds the sites and prints a link for everybody. Return the links."""
    links: dict[str, str] = {}
    with at_the_portal(chromium, address) as adam:
        adam.open(f"/first-run/?token={TOKEN}")
        adam.fill(name="Adam Admin", email="adam@example.org", password=PHRASE, again=PHRASE)
        adam.send()
        for name, prefix in (("Exeter", "EXB"), ("Plymouth", "PLY")):
            adam.open("/sites/new/")
            adam.fill(name=name, prefix=prefix)
            adam.send()
        links["paula"] = invite(adam, "Paula Principal", "Principal investigator")
        links["carl"] = invite(adam, "Carl Custodian", "Custodian")
        links["cora"] = invite(adam, "Cora Custodian", "Custodian")
        links["nora"] = invite(adam, "Nora Nurse", "Research nurse", "Exeter")
        links["nell"] = invite(adam, "Nell Nurse", "Research nurse", "Plymouth")
        links["mona"] = invite(adam, "Mona Monitor", "Monitor")
    return links


def set_up_study(chromium: Browser, address: str, links: dict[str, str]) -> None:
    """Paula sets the study up, two custodians give their shares, Paula opens it."""
    with at_the_portal(chromium, address) as paula:
        join(paula, links["paula"])
        paula.open("/studies/new/")
        paula.fill(code="wrist", title="The wrist study", origin="human")
        paula.send()
        for site in ("Exeter", "Plymouth"):
            paula.open("/studies/wrist/sites/join/")
            paula.fill(site=site, joined_on=day(0))
            paula.send()
        paula.open("/studies/wrist/approvals/new/")
        paula.fill(committee="South West REC", reference="26/SW/0042", approved_on=day(10))
        paula.send()
        paula.open("/studies/wrist/consent-forms/new/")
        paula.fill(version="1.0", sheet_version="1.0", valid_from=day(9))
        paula.page.locator('main [name="approval"]').select_option(index=1)
        paula.send()
        digest = paula.page.locator("main .code", has_text="…").or_(paula.page.locator("main strong.code")).first
        agreed = digest.inner_text()[:8]
        for who in ("carl", "cora"):
            with at_the_portal(chromium, address) as custodian:
                join(custodian, links[who])
                custodian.open("/studies/wrist/draw/")
                custodian.fill(retyped=agreed)
                custodian.send()
        paula.open("/studies/wrist/open/")
        paula.fill(retyped=agreed)
        paula.send()
        expect(paula.page.locator("main")).to_contain_text("Enrolling")


def enrol_somebody(chromium: Browser, address: str, link: str) -> Participant:
    """Nora screens and enrols; return the participant."""
    with at_the_portal(chromium, address) as nora:
        join(nora, link)
        nora.open("/studies/wrist/screening/new/")
        answers = {name: {True: "1", False: "0"}.get(value, value) for name, value in FIT.items()}
        nora.fill(**{**answers, "scr_age": "66", "scr_date": day(0)})
        nora.send()
        nora.page.get_by_role("link", name="Consent and enrol").click()
        assert_accessible(nora.page)
        nora.fill(family_name="Example", given_name="Ann", birth_date=f"1/1/{timezone.localdate().year - 66}")
        nora.fill(signed_on=day(0), mode="1", copy_given="on", **dict.fromkeys(ITEMS, "yes"))
        nora.send()
        participant = Participant.objects.get()
        assert nora.page.url.endswith(f"/participants/{participant.code}/")
        expect(nora.page.locator("main h1")).to_contain_text(participant.code)
        assert_accessible(nora.page)
    return participant


def look_from_another_site(chromium: Browser, address: str, link: str, participant: Participant) -> None:
    """Nell of another site is told the same as about a code that does not exist."""
    with at_the_portal(chromium, address, expected="status of 404") as nell:
        join(nell, link)
        response = nell.page.goto(f"{address}/participants/{participant.code}/")
        unknown = nell.page.goto(f"{address}/participants/PLY-0001-X/")
        assert response is not None
        assert unknown is not None
        assert (response.status, unknown.status) == (404, 404)


def look_at_the_audit(chromium: Browser, address: str, link: str, participant: Participant) -> None:
    """Mona finds who did it, and no name of the participant."""
    with at_the_portal(chromium, address) as mona:
        join(mona, link)
        mona.open("/audit/")
        expect(mona.page.locator("main")).to_contain_text(participant.code)
        expect(mona.page.locator("main")).to_contain_text("Nora Nurse")
        expect(mona.page.locator("main")).not_to_contain_text("Example")


def test_from_an_empty_portal_to_an_audit_that_verifies(
    chromium: Browser, address: str, fresh_database: dict[str, str], settings: pytest.FixtureRequest
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]
    settings.SETUP_TOKEN = TOKEN  # type: ignore[attr-defined]
    links = set_up_house(chromium, address)
    set_up_study(chromium, address, links)
    participant = enrol_somebody(chromium, address, links["nora"])
    look_from_another_site(chromium, address, links["nell"], participant)
    look_at_the_audit(chromium, address, links["mona"], participant)
    assert seal() > 0
    status, report = verify(fresh_database)
    assert (status, report["findings"], report["n_unsealed"]) == (0, [], 0)
