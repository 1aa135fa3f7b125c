"""The one catalogue of fixed texts: what each task predicts, in words that claim no more than it can know.

Every page, plot, card and answer of the API takes its words from here. Pure; no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

RESEARCH_USE: Final = "Research use, not a medical device"
ONLY_SIMULATED: Final = "this model has only seen simulated bones; no risk is shown for a real radiograph"
REHEARSAL: Final = "REHEARSAL: LABELS ARE RANDOM"
SIMULATED: Final = "SIMULATED"
NOT_ESTIMABLE: Final = "not estimable: "


@dataclass(frozen=True)
class Task:
    """A question put to a model.

    output: what its number is called. separates: completes "the model separated ...". with_it, without: the two
    groups in plots and tables. min_training_events, min_test_events: below these the answer is "not estimable".
    """

    code: str
    title: str
    output: str
    separates: str
    with_it: str
    without: str
    min_training_events: int = 0
    min_test_events: int = 0


TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        task.code: task
        for task in (
            Task(
                "OP_WHO",
                "Osteoporosis at hip or spine",
                "Likelihood that hip or spine DXA is at or below T -2.5 now",
                "people whose hip or spine DXA is at or below T -2.5 from the others",
                "T -2.5 or below",
                "above T -2.5",
            ),
            Task(
                "FX_FRAG",
                "Past low-trauma fracture",
                "Likelihood of a past low-trauma fracture (association, not a forecast)",
                "people with a past low-trauma fracture from the others",
                "past low-trauma fracture",
                "no such fracture",
            ),
            Task(
                "FX_INC",
                "Fracture after baseline",
                "Likelihood of a fracture after baseline imaging",
                "people who broke a bone after baseline imaging from those who did not",
                "fracture after baseline",
                "no fracture so far",
                min_training_events=20,
                min_test_events=10,
            ),
            Task(
                "FX_WRIST_PAST",
                "Past wrist fracture",
                "Likelihood of a past wrist fracture (association, not a forecast)",
                "people who had broken a wrist before from those who had not",
                "past wrist fracture",
                "no wrist fracture",
            ),
        )
    }
)


def describe_task(code: str) -> Task:
    """Return the words of a task. Raises KeyError for a task the catalogue does not know."""
    return TASKS[code]


def say_not_estimable(n_events: int) -> str:
    """Return what stands where a locked head would show its number."""
    return NOT_ESTIMABLE + _count_events(n_events)


def why_untaught(code: str, n_events: int) -> str:
    """Return why a model of a task shows nothing, by the events it learned from; empty if it may be shown.

    A task the catalogue does not know wants none.
    """
    wanted = TASKS[code].min_training_events if code in TASKS else 0
    if n_events >= wanted:
        return ""
    return f"{_count_events(n_events)} in training, wanted at least {wanted}"


def _count_events(n_events: int) -> str:
    return f"{n_events} event{'' if n_events == 1 else 's'}"


def name_abmd(reference: str) -> str:
    """Return what a predicted forearm density is called; `reference`: whose young adults its T-score is taken from."""
    return f"Predicted forearm 33 % aBMD, g/cm2, and its T-score by {reference}"
