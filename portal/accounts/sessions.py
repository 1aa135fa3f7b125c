"""When a session is over: idle too long, or signed in too long ago. The server alone decides (ASVS 5.0, 7.3)."""

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
STEPS_PER_IDLE = 60
"""The session is written at most this often in the time somebody may be idle: each write is one more row update."""


def why_over(session: SessionBase, now: float) -> str:
    """Return the sentence that says why a signed-in session is over, or nothing while it is not.

    now: seconds since 1970. A session is never over before the page said it would be: what the last write may lag
    behind is granted on top.
    """
    signed_in_at, seen_at = session.get(SIGNED_IN_AT, now), session.get(SEEN_AT, now)
    if now - seen_at > settings.IDLE_SECONDS + _step():
        return f"You were signed out because nothing was done for {_in_words(settings.IDLE_SECONDS)}."
    if now - signed_in_at > settings.SESSION_COOKIE_AGE:
        return f"You were signed out because you signed in {_in_words(settings.SESSION_COOKIE_AGE)} ago."
    return ""


def note_activity(session: SessionBase, now: float) -> None:
    """Remember that the person did something just now."""
    session.setdefault(SIGNED_IN_AT, now)
    if now - session.get(SEEN_AT, 0) >= _step():
        session[SEEN_AT] = now


def _step() -> float:
    return settings.IDLE_SECONDS / STEPS_PER_IDLE


def _in_words(seconds: int) -> str:
    for size, word in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            number = seconds // size
            return f"{number} {word}{'' if number == 1 else 's'}"
    raise ValueError(f"{seconds} is no whole number of seconds")
