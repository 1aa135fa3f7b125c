"""Who can know what until the reveal: DECISIONS 2 as a table, and the limits that no table removes (pure)."""

from frontend.parts import Column, Row, Table

ZONES: tuple[Row, ...] = (
    (
        "Nurse, radiographer, assessor",
        "of their own site, for everybody alike",
        "no",
        "no",
        "no",
    ),
    ("Reader", "their own readings, for everybody alike", "no", "no", "no"),
    ("Data manager, monitor", "for everybody alike, at the query desk", "no", "no", "hash and count"),
    ("Analyst", "no; training labels inside snapshots alone", "no", "no", "hash, count, bins of 20 or more"),
    ("Principal investigator", "as whoever treats them; no total by outcome", "no", "no", "hash, count, bins"),
    ("Custodian", "no", "no", "only two together, at the reveal", "hash and count"),
    ("Auditor", "no", "no", "no", "the ledger"),
    ("Administrator", "no", "no", "no", "no"),
    ("Training jobs", "training participants, inside a snapshot", "training participants only", "no", "no"),
    ("Prediction job", "no", "test inputs under random tokens", "no", "its own, written into the vault"),
    (
        "Scorer",
        "DXA report and FRAX of test participants, where the protocol names a rule of them, until the lock",
        "after the lock",
        "opens them once, with two shares",
        "after they were entered",
    ),
)

LIMITS = (
    "Whoever is root on the server at the moment of entry or of the reveal can read its memory.",
    "Who types an outcome knows it, and so do the participant, the GP and the clinic.",
    "Two custodians who act together, and who also have the database, can open the labels early; only people notice.",
    "Who looks at an image can guess a label.",
    "The page's script that opens a share is delivered by the server: a changed server could deliver another one.",
    "A training run says how many people it learned from: two of them, from before and after one person's change, can "
    "tell on which side of the draw that person is.",
    "Inputs of somebody who leaves after they were gathered may have been predicted from; such a prediction is neither "
    "opened against a label nor scored.",
    "With demo custody all cards lie on one machine: it is not blinded against that machine's administrator, and the "
    "certificate says so.",
)


def make_table() -> Table:
    """Return who can know what while an evaluation is blinded."""
    columns: list[Column | str] = [
        "Who",
        "Outcomes in the clinic",
        "Who is a test participant",
        "Labels of test participants",
        "Predictions for them",
    ]
    return Table("Until the reveal", columns, ZONES, note="After the reveal: the report, for everybody who may see it.")
