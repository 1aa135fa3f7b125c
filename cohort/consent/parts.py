"""Consents and withdrawals, ready to be shown."""

from cohort.consent.forms import ANSWER_WORDS
from cohort.consent.models import ITEMS, Consent, Level
from cohort.consent.purposes import ENDS_AT, WORDS, Purpose
from frontend.parts import Cell, Row, Table


def make_answers_table(consent: Consent) -> Table:
    """Return the answer to each item of one signing."""
    tones = {True: "agree", False: "declined", None: "none"}
    rows: list[Row] = [
        [words[:1].upper() + words[1:], Cell(ANSWER_WORDS[getattr(consent, item)], state=tones[getattr(consent, item)])]
        for item, words in ITEMS.items()
    ]
    return Table("What was answered", ["Item", "Answer"], rows)


def make_levels_table(beyond: int = 0) -> Table:
    """Return the levels of withdrawal with what ends and what goes on (CLINICAL 1.5)."""
    rows: list[Row] = []
    for level in Level:
        if level > beyond:
            ended = [WORDS[purpose] for purpose in Purpose if ENDS_AT[purpose] <= level]
            kept = [WORDS[purpose] for purpose in Purpose if ENDS_AT[purpose] > level]
            rows.append([level.label, _listed(ended), _listed(kept) if kept else "nothing"])
    return Table("How far a withdrawal can go", ["Level", "Ends", "May go on, if it was agreed to"], rows)


def _listed(words: list[str]) -> str:
    return ", ".join(word[:1].lower() + word[1:] for word in words)
