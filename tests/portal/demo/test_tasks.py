"""What the demo suggests: open to who it is suggested to, and ticked off by their own acts alone."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from cohort.imaging.models import ReferenceImage
from portal.audit.context import act
from portal.audit.record import record_read
from portal.demo.people import STAFF
from portal.demo.suggesting import list_suggested_for, mark_made
from portal.demo.tasks import TASKS, list_tasks
from portal.roles.models import Role
from portal.roles.policy import WHO_MAY
from tests.cast import act_as
from tests.cohort.pages import look_as
from tests.database import rolls_back

OUTCOMES = {"record.enter": "outcome.enter"}
"""A form of an outcome is entered by the same service, under a line of its own."""
LOOKS = {
    "reference.gallery": "study.view",
    "reference.file": "study.view",
    "who_can_know": "study.view",
    "outcome": "outcome.view",
    "series": "image.view",
    "evaluation.public": "evaluation.take_public",
    "audit.bundle": "audit.export",
}
"""What is looked at → the line of the permission table that opens it."""


@pytest.mark.parametrize("role", sorted({one.role for one in STAFF}))
def test_everybody_of_the_demo_has_three_things_to_try(role: str):
    assert len(TASKS[role]) == 3


@pytest.mark.parametrize("role", Role.values)
def test_what_is_suggested_is_there_and_allowed(role: str):
    for task in TASKS.get(role, ()):
        assert reverse(task.url_name)
        assert task.done_by or task.seen_by
        lines = task.done_by | {OUTCOMES[one] for one in task.done_by if one in OUTCOMES}
        lines |= {LOOKS[one] for one in task.seen_by}
        assert any(role in WHO_MAY[line] for line in lines), f"{role} may not: {task.words}"


def test_who_holds_two_roles_sees_each_suggestion_once():
    both = list_tasks([Role.DATA_MANAGER, Role.MONITOR, Role.MONITOR])
    assert len(both) == len(set(both))
    assert set(TASKS[Role.MONITOR]) <= set(both)


@rolls_back
def test_an_act_of_ones_own_after_the_demo_was_made_ticks_it_off(settings: Any):
    settings.DEMO = True
    ana, axel = act_as("Ana Analyst", Role.ANALYST), act_as("Axel Analyst", Role.ANALYST)
    start(ana)
    assert list_suggested_for(ana) == [], "it is still being made"
    mark_made()
    assert [one.is_done for one in list_suggested_for(ana)] == [False, False, False]
    start(ana)
    assert [one.is_done for one in list_suggested_for(ana)] == [True, False, False]
    assert [one.is_done for one in list_suggested_for(axel)] == [False, False, False]


@rolls_back
def test_a_look_of_ones_own_ticks_off_what_is_only_read(settings: Any):
    settings.DEMO = True
    otto, other = act_as("Otto Auditor", Role.AUDITOR), act_as("Olga Auditor", Role.AUDITOR)
    mark_made()
    assert [one.is_done for one in list_suggested_for(otto)] == [False, False, False]
    record_read(otto, "audit.bundle", "ledger entry 3")
    assert [one.is_done for one in list_suggested_for(otto)] == [False, False, True]
    assert [one.is_done for one in list_suggested_for(other)] == [False, False, False]


@rolls_back
def test_a_reader_ticks_everything_off_by_opening_the_pages(settings: Any, tmp_path: Path, capsys: Any):
    settings.DEMO, settings.SECOND_FACTOR_REQUIRED, settings.HOME = True, False, tmp_path / "home"
    call_command("reference_images")
    rita = act_as("Rita Reader", Role.READER)
    mark_made()
    assert [one.is_done for one in list_suggested_for(rita)] == [False, False, False]
    browser = look_as(rita)
    slug = ReferenceImage.objects.exclude(file_sha256="").first().slug  # type: ignore[union-attr]
    for url in ("reference-images", "who-can-know"):
        assert browser.get(reverse(url)).status_code == 200
    assert browser.get(reverse("reference-file", args=[slug, "image.dcm"])).status_code == 200
    assert [one.is_done for one in list_suggested_for(rita)] == [True, True, True]


@rolls_back
def test_nothing_is_suggested_outside_a_demo(settings: Any):
    settings.DEMO = True
    ana = act_as("Ana Analyst", Role.ANALYST)
    mark_made()
    assert list_suggested_for(ana)
    settings.DEMO = False
    assert list_suggested_for(ana) == []


def start(actor: Any) -> None:
    with act(actor, "run.start"):
        pass
