"""The two ways a proof can fail: it says something false (a finding), or it cannot be read at all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was promised.

    where: the entry, the member or the signer it is about.
    found, wanted: what is there and what should be, in words or as hexadecimal digests; never a sealed value.
    """

    where: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, wanted {self.wanted}"


class Unreadable(ValueError):
    """A file is not of the form this package reads, so nothing can be said about whether it is true."""
