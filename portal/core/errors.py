"""The few errors somebody can act on. The text names the thing, what was found, what was wanted.

None of them ever carries a name, a birth date or a label.
"""


class TrabeculaError(Exception):
    """Base of all errors of this project that a person can act on."""


class NotAllowed(TrabeculaError):
    """The actor may see the thing but not do this with it."""


class WrongState(TrabeculaError):
    """The state table has no such move from here."""


class StaleState(TrabeculaError):
    """Somebody else was faster: the thing has changed since it was read."""


class Refused(TrabeculaError):
    """A rule of the study forbids the act; the text says which and what would help."""


class UnreadableFile(TrabeculaError):
    """A file cannot be read as what it should be."""


class OutsideAct(TrabeculaError):
    """A write was tried outside an act, so nobody could be named for it."""


class FreshSignInNeeded(TrabeculaError):
    """A grave act wants a sign-in of the last few minutes."""
