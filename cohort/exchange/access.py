"""The tables that can be looked at: one that is shipped with the portal, or one somebody brought, by its hash."""

from functools import cache
from pathlib import Path

from cohort.exchange.models import TableImport
from cohort.study.models import Study
from portal.core.hashing import sha256_hex
from portal.core.storage import open_blob, put_bytes

SHIPPED = Path(__file__).parent / "data" / "nhanes_fracture_history.csv.gz"


@cache
def shipped_sha256() -> str:
    """Return the hash of the shipped table."""
    return sha256_hex(SHIPPED.read_bytes())


def keep_shipped() -> str:
    """Put the shipped table into the store, where an import takes it from; return its hash."""
    return put_bytes(SHIPPED.read_bytes())


def read_kept(sha256: str) -> bytes:
    """Return a table that was looked at, its bytes checked. Raises UnreadableFile."""
    with open_blob(sha256, verify=True) as stream:
        return stream.read()


def find_import(study: Study) -> TableImport | None:
    """Return what was taken in for a study somebody was let in to, None if nothing was yet."""
    return TableImport.objects.filter(study=study).select_related("imported_by").first()
