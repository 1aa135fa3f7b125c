"""Which line of the permission table each form wants (pure): outcome forms have lines of their own, imaging too."""

from dataclasses import dataclass
from typing import Final

from cohort.study.dictionary import load_dictionary

NOT_HERE: Final = frozenset({"scr", "con", "vis", "wdr", "lbl", "prt"})
"""Forms that other parts keep: screening, consent, visits, withdrawal, labels, the draw."""

IMAGING: Final = frozenset({"img", "xrq", "dxa", "pqc", "hrp", "vfa", "qcd", "prc"})


@dataclass(frozen=True)
class Actions:
    """The lines of the permission table that seeing and entering a form want."""

    view: str
    enter: str


def actions_of(form: str) -> Actions:
    """Return what a form wants. Raises KeyError for a form that is not filled in here."""
    found = load_dictionary().form(form)
    if form in NOT_HERE:
        raise KeyError(form)
    if form in IMAGING:
        closed = Actions("outcome.view_imaging", "outcome.enter_imaging")
        return closed if found.is_closed else Actions("record.view", "record.enter_imaging")
    return Actions("outcome.view", "outcome.enter") if found.is_closed else Actions("record.view", "record.enter")
