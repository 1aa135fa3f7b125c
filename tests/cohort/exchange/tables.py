"""A study of a public table, and small tables to import into it."""

import csv
import gzip
import io
from pathlib import Path

from cohort.datasets.sources import NHANES, load_public_table
from cohort.enrolment.services import give_draw_share, open_enrolment
from cohort.study.models import Study
from cohort.study.services import add_site, join_site, set_up_study
from portal.sites.models import Site
from tests.cast import LONG_AGO, Cast

SHIPPED = Path(__file__).parents[3] / "cohort" / "exchange" / "data" / "nhanes_fracture_history.csv.gz"
TABLE = load_public_table(NHANES)


def make_public_study(cast: Cast, *, is_open: bool = True) -> tuple[Study, Site]:
    """Set up the public study as its people would: no ethics approval and no consent form of our own."""
    site = add_site(actor=cast.adam, name="NHANES", prefix="NHA")
    study = set_up_study(
        actor=cast.paula,
        code="nhanes",
        title="NHANES fracture history",
        origin="human",
        basis="public_use",
        min_age_years=40,
    )
    join_site(actor=cast.paula, study=study, site=site, joined_on=LONG_AGO)
    if is_open:
        for custodian in (cast.carl, cast.cora):
            give_draw_share(actor=custodian, study=study)
        open_enrolment(actor=cast.paula, study=study)
    return study, site


def read_shipped(n_rows: int) -> bytes:
    """Return the heading and the first rows of the shipped table."""
    with gzip.open(SHIPPED, "rt", encoding="utf-8", newline="") as stream:
        return "".join(line for _, line in zip(range(n_rows + 1), stream, strict=False)).encode()


def change(content: bytes, row: int, **cells: str) -> bytes:
    """Return a table with cells of one row (0 for the first) changed."""
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    rows[row].update(cells)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
