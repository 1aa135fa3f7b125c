"""What a label is, and which version of which rule makes it (pure).

A label is computed from what was entered, by a rule that has a version; it is never entered and never kept beside
its sources. A participant without a label has a reason instead, in words that tell nothing about the outcome.
"""

from dataclasses import dataclass

from modelling.engine.training.admissible import FX_FRAG, FX_INC, FX_WRIST_PAST, OP_WHO

RULE_VERSIONS: dict[str, str] = {
    OP_WHO: "OP_WHO v1",
    FX_FRAG: "FX_FRAG v1",
    FX_INC: "FX_INC v2",
    FX_WRIST_PAST: "FX_WRIST_PAST v1",
}
"""Task → the rule that makes its label. Another rule is another version, and another snapshot."""

NOTHING_ENTERED = "nothing entered yet"
INCOMPLETE = "not complete enough to be judged"
TO_ADJUDICATE = "waits for adjudication"
NOT_KNOWN = "not known"
OTHER_SCALE = "the T-score does not apply (before menopause, or a man under 50)"
NO_IMAGING = "no baseline imaging"
NOT_FOLLOWED = "not followed up yet"


@dataclass(frozen=True)
class Label:
    """One participant's label of one task.

    value: 1 has it, 0 has it not, None: no label, and `why` says why not.
    from_forearm: the 33 % radius made the label, so forearm DXA is no input for this participant (DECISIONS 1).
    """

    value: int | None
    why: str = ""
    from_forearm: bool = False

    def __repr__(self) -> str:
        """Leave the value out: a label has no place in a log or a traceback (TRUST 1.5)."""
        return "Label(sealed)"
