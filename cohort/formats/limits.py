"""How much a reader takes on before it refuses (pure). Looked at before anything is decoded (TRUST 3.3)."""

from dataclasses import dataclass

from cohort.formats.errors import FormatError

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The largest file that is opened and the largest image that is decoded, in bytes (DECISIONS 6, Limits)."""

    file_bytes: int = 1536 * MEBIBYTE
    decoded_bytes: int = 1536 * MEBIBYTE
    inflated_bytes: int = 256 * MEBIBYTE
    """How large a deflated DICOM file may become."""

    def __post_init__(self) -> None:
        if min(self.file_bytes, self.decoded_bytes, self.inflated_bytes) < 1:
            raise ValueError("a limit is at least one byte")

    def check_file(self, n_bytes: int) -> None:
        """Raise FormatError when a file is larger than what is opened."""
        if n_bytes > self.file_bytes:
            raise FormatError("the file", in_words(n_bytes), f"at most {in_words(self.file_bytes)}", "too_large")

    def check_decoded(self, n_bytes: int) -> None:
        """Raise FormatError when an image would be larger than what is decoded."""
        if n_bytes > self.decoded_bytes:
            found = f"an image of {in_words(n_bytes)}"
            raise FormatError("the header", found, f"at most {in_words(self.decoded_bytes)}", "too_large")


def in_words(n_bytes: int) -> str:
    """Return a number of bytes as a person reads it."""
    if n_bytes < 10 * MEBIBYTE:
        return f"{n_bytes:,} bytes"
    return f"{n_bytes / MEBIBYTE:,.0f} MiB"
