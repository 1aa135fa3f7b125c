"""What may be told of how many people a snapshot holds: from the draw on, about how many (pure).

A snapshot made before somebody's baseline visit and one made after it differ by that person. The step of the consent
then grows by one, and the step of the draw too or not: exact counts would say which part the draw put them in.
The exact ones stay in the manifest, which lies closed among the files and is bound by its hash.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

STEP: Final = 5
"""People are told to the nearest five."""

DRAWN: Final = frozenset({"drawn into training", "drawn into the test"})
"""The step of the draw, in the words of the flow."""

WHY_ROUNDED: Final = (
    f"People from the draw on are told to the nearest {STEP}, and sizes and names of files by person are left out: "
    "exact counts of two snapshots would tell whom the draw put into the test."
)

Steps = Sequence[Mapping[str, Any]]


def round_count(n: int) -> int:
    """Return a count to the nearest five."""
    return STEP * round(n / STEP)


def tell_count(n: int) -> str:
    """Return a count in words."""
    return f"fewer than {STEP}" if n < STEP else f"about {round_count(n)}"


def round_flow(steps: Steps) -> list[dict[str, Any]]:
    """Return the steps with every count from the draw on to the nearest five."""
    told, is_drawn = [], False
    for step in steps:
        is_drawn |= step["step"] in DRAWN
        if is_drawn:
            left_out = [{**one, "n": round_count(one["n"])} for one in step["left_out"]]
            told.append({**step, "n": round_count(step["n"]), "left_out": left_out})
        else:
            told.append(dict(step))
    return told


def tell_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a manifest may be handed out: its hash is that of the whole one."""
    tables = [
        {name: value for name, value in one.items() if name != "bytes"}
        for one in manifest["files"]
        if not one["path"].startswith("images/")
    ]
    return {
        **manifest,
        "n": round_count(manifest["n"]),
        "flow": round_flow(manifest["flow"]),
        "files": tables,
        "note": WHY_ROUNDED,
    }
