"""When a bone is held to fail (pure)."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Criterion:
    """When a bone is held to fail: a share of its volume is strained beyond a limit.

    Pistoia et al., Bone 30:842 (2002): 2 % of the tissue beyond an effective strain of 0.007. Other scanners and
    resolutions have limits of their own, so both are stored with every result.
    """

    critical_strain: float = 0.007
    critical_volume: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what is no strain or no share."""
        if not 0 < self.critical_strain < inf:
            raise ValueError(f"critical strain is {self.critical_strain}; wanted a finite number above 0")
        if not 0 < self.critical_volume < 1:
            raise ValueError(f"critical volume is {self.critical_volume}; wanted a share between 0 and 1")
