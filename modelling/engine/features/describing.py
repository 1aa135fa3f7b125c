"""The catalogue as tables of a document: `python -m modelling.engine.features.describing` prints them (pure)."""

import sys

from modelling.engine.features.catalogue import MEASURED, QUANTITIES
from modelling.engine.features.quantities import LSC_FACTOR, Quantity

HEAD = (
    "| Name | Symbol | Unit | What it is | Source | LSC | Code |",
    "|---|---|---|---|---|---|---|",
)


def describe_modality(modality: str) -> str:
    """Return the table of one modality: a row for each quantity, the sites of a pQCT joined in one."""
    of_base: dict[str, list[Quantity]] = {}
    for one in QUANTITIES.values():
        if one.modality == modality:
            of_base.setdefault(one.base, []).append(one)
    return "\n".join([*HEAD, *(_row(base, rows) for base, rows in of_base.items())])


def _row(base: str, rows: list[Quantity]) -> str:
    first = rows[0]
    sites = f" @ {', '.join(one.site for one in rows)}" if first.site else ""
    title = first.title.partition(f", {first.site} %")[0] if first.site else first.title
    known = [
        f"{LSC_FACTOR * one.cv_percent:.1f} %{f' ({one.site} %)' if one.site else ''}" for one in rows if one.cv_percent
    ]
    cells = (f"`{base}`{sites}", first.symbol, first.unit, f"{title}: {first.definition}", first.source)
    return f"| {' | '.join(cells)} | {', '.join(known) or 'not known'} | `{first.function}` |"


def main() -> int:
    """Print the tables."""
    for modality in MEASURED:
        sys.stdout.write(f"{modality}\n\n{describe_modality(modality)}\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
