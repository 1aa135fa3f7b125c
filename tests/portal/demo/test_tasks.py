"""What the demo suggests: open to who it is suggested to, and ticked off by their own acts alone."""

from typing import Any

import pytest
from django.urls import reverse

from portal.audit.context import act
from portal.demo.suggesting import list_suggested_for, mark_made
from portal.demo.tasks import TASKS, list_tasks
from portal.roles.models import Role
from portal.roles.policy import WHO_MAY
from tests.cast import act_as
from tests.database import rolls_back

OUTCOMES = {"record.enter": "outcome.enter"}
"""A form of an outcome is entered by the same service, under a line of its own."""


@pytest.mark.parametrize("role", Role.values)
def test_what_is_suggested_is_there_and_allowed(role: str):
    assert len(TASKS.get(role, ())) <= 3
    for task in TASKS.get(role, ()):
        assert reverse(task.url_name)
        lines = task.done_by | {OUTCOMES[one] for one in task.done_by if one in OUTCOMES}
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
