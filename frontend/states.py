"""Which tone a state speaks in. Pure: the word itself belongs to the state's own app, here is only how it looks.

Six tones and an end: plain (nothing happens), busy (something runs or somebody reads), good (done as wanted),
warn (somebody should look), bad (it went wrong or was taken back), shut (sealed on purpose), ended (over, no blame).
"""

from typing import Final

TONES: Final = ("plain", "busy", "good", "warn", "bad", "shut", "ended")

_STATES_OF_TONE: Final[dict[str, str]] = {
    "plain": (
        "draft open planned unassigned queued candidate none invited screened not_started waiting uploaded setting_up "
        "asked"
    ),
    "busy": (
        "enrolling running reading screening submitted in_progress a_reading receiving b_reading retrying reopened "
        "booked ready"
    ),
    "good": (
        "accepted active agree approved complete consented enrolled final finished given granted reported signed "
        "eligible succeeded verified done allocated in_use"
    ),
    "warn": "disagree due missed stale paused expiring incomplete cancelling answered interrupted suspended deferred",
    "bad": (
        "failed refused rejected void withdrawn overdue expired revoked lost tampered parked erased unusable "
        "wrong_side side_conflict"
    ),
    "shut": "sealed locked frozen concealed",
    "ended": "archived cancelled closed ended ineligible declined superseded revealed retired merged settled",
}

TONE_OF: Final[dict[str, str]] = {state: tone for tone, states in _STATES_OF_TONE.items() for state in states.split()}


def tone_of(state: str) -> str:
    """Return the tone of a state's stored value; a state nobody listed speaks plainly."""
    return TONE_OF.get(state.strip().lower().replace("-", "_").replace(" ", "_"), "plain")
