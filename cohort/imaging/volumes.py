"""From stored files back to values: every byte is checked against its hash on the way."""

from cohort.formats.errors import FormatError
from cohort.formats.reading import read_volume
from cohort.formats.volume import Volume
from cohort.imaging.models import Series, StoredFile
from portal.core.errors import UnreadableFile
from portal.core.storage import path_of, verify_blob


def load_volume(series: Series) -> Volume:
    """Return the values of a series as they were stored. Raises UnreadableFile."""
    files = list(StoredFile.objects.filter(series=series, role=StoredFile.Role.IMAGE).order_by("number"))
    for one in files:
        verify_blob(one.sha256)
    try:
        return read_volume([path_of(one.sha256) for one in files])
    except FormatError as error:
        raise UnreadableFile(f"{series} cannot be read again: {error}") from None
