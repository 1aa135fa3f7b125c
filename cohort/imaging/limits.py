"""What an upload may weigh and how long its files are kept: settings, with the values that hold where none is set."""

from django.conf import settings

MEBIBYTE = 1 << 20


def largest_file_bytes() -> int:
    """The largest single file that is taken in (DECISIONS 6, "Limits": a real XtremeCT II volume is 1.8 GB)."""
    return int(settings.UPLOAD_FILE_MB) * MEBIBYTE


def most_files() -> int:
    """How many files one upload may hold."""
    return int(settings.UPLOAD_FILES)


def refused_file_days() -> int:
    """How long a refused file waits in quarantine, so that somebody can look at what was wrong with it."""
    return int(settings.REFUSED_FILE_DAYS)


def original_days() -> int:
    """How long the original of an accepted file is kept, encrypted."""
    return int(settings.ORIGINAL_DAYS)
