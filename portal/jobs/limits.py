"""What a child process may use. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one child process and what it starts; None means no limit.

    memory_mb: resident memory of the child and its own children together, watched; None means the setting's.
    address_space_mb: RLIMIT_AS. Not for CUDA, which reserves far more addresses than it uses.
    cpu_seconds: RLIMIT_CPU of each process.
    file_mb: RLIMIT_FSIZE, the largest file it may write.
    wall_seconds: time from start to end.
    """

    memory_mb: int | None = None
    address_space_mb: int | None = None
    cpu_seconds: int | None = None
    file_mb: int | None = None
    open_files: int = 1024
    wall_seconds: float | None = None
