"""Every table of states: each state can be reached, each move names a permission, each other move is refused."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from frontend.states import TONE_OF
from portal.core.errors import WrongState
from portal.roles.policy import SYSTEM_MAY, WHO_MAY
from portal.workflow import Table, require_verb

ROOT = Path(__file__).resolve().parents[2]
WORKERS_OWN: dict[str, dict[str, set[str]]] = {
    # The worker's moves hang on its token and not on a permission (portal/jobs/leases.py).
    "portal.jobs.states.TABLE": {"queued": {"running"}, "running": {"queued", "finished", "failed", "parked"}},
}
BEGINS: dict[str, set[str]] = {
    # What somebody answered decides where a screening begins (cohort/enrolment/eligibility.py).
    "cohort.enrolment.states.TABLE": {"eligible", "deferred", "ineligible"},
}


def find_tables() -> dict[str, Table]:
    """Return every table of the product by its full name, from each app's `states.py`."""
    found = {}
    for path in sorted(ROOT.glob("*/*/states.py")):
        if path.parts[-3] not in {"portal", "cohort", "modelling"}:
            continue
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, value in vars(module).items():
            if is_table(value):
                found[f"{module.__name__}.{name}"] = value
    return found


def is_table(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, tuple) and len(key) == 2 and hasattr(row, "action") for key, row in value.items()
    )


TABLES = find_tables()


def states_of(table: Table) -> set[str]:
    return {str(state) for state, _ in table} | {str(row.to) for row in table.values()}


def choices_that_hold(states: set[str]) -> list[tuple[str, set[str], str]]:
    """Return the state fields whose choices hold all these states: name, choices, first state."""
    fields = [field for model in apps.get_models() for field in model._meta.fields if field.name == "state"]
    found = []
    for field in fields:
        choices = {str(value) for value, _ in field.flatchoices}
        if states <= choices:
            first = "" if field.default is models.NOT_PROVIDED else str(field.default)
            found.append((field.model.__name__, choices, first))
    return found


def test_the_sweep_finds_the_tables_we_know_of():
    known = {"portal.jobs.states", "cohort.crf.states", "cohort.imaging.states", "modelling.blinded.states"}
    assert known <= {name.rpartition(".")[0] for name in TABLES}


@pytest.mark.parametrize("name", TABLES)
def test_each_move_is_a_line_of_the_permission_table_that_somebody_has(name: str):
    for (state, verb), row in TABLES[name].items():
        assert row.action in WHO_MAY, f"{name}: '{verb}' while '{state}' names '{row.action}', which nobody listed"
        systems = {who for who, may in SYSTEM_MAY.items() if row.action in may}
        assert WHO_MAY[row.action] or systems, f"{name}: nobody may '{row.action}'"


@pytest.mark.parametrize("name", TABLES)
def test_each_state_has_a_tone(name: str):
    assert not states_of(TABLES[name]) - TONE_OF.keys()


@pytest.mark.parametrize("name", TABLES)
def test_the_states_are_those_of_a_field_and_each_can_be_reached(name: str):
    table = TABLES[name]
    fields = choices_that_hold(states_of(table))
    assert fields, f"{name}: no state field of the product has these states"
    own = WORKERS_OWN.get(name, {})
    ways = [reach(table, BEGINS.get(name) or {first or str(next(iter(table))[0])}, own) for _, _, first in fields]
    assert any(states_of(table) <= reached for reached in ways), (
        f"{name}: never reached: {states_of(table) - set.union(*ways)}"
    )


@pytest.mark.parametrize("name", TABLES)
def test_every_move_that_the_table_does_not_name_is_refused(name: str):
    table = TABLES[name]
    verbs = {verb for _, verb in table}
    refused = [(state, verb) for state in states_of(table) for verb in verbs if (state, verb) not in keys_of(table)]
    assert refused, f"{name}: every move is allowed from everywhere"
    for state, verb in refused:
        with pytest.raises(WrongState, match=f"'{verb}' cannot happen while '{state}'; possible now:"):
            require_verb(Thing(state), verb, table)


def keys_of(table: Table) -> set[tuple[str, str]]:
    return {(str(state), verb) for state, verb in table}


def reach(table: Table, first: set[str], more: dict[str, set[str]]) -> set[str]:
    """Return the states that can be come to from the first ones."""
    reached: set[str] = set()
    ahead = set(first)
    while ahead:
        state = ahead.pop()
        reached.add(state)
        after = {str(row.to) for (was, _), row in table.items() if str(was) == state} | more.get(state, set())
        ahead |= after - reached
    return reached


@dataclass
class Thing:
    """Something in a state; never in a database."""

    state: str
