"""What can go wrong with the embedded services, where somebody can act on it."""


class HomeRefused(Exception):
    """The folder of data cannot be used as it is; the sentence says what to change."""


class HomeInUse(Exception):
    """Another live supervisor holds the home."""


class ServiceFailed(Exception):
    """A service did not come up; the sentence ends with the last lines of its log."""


class BackupRefused(Exception):
    """A backup cannot be written or restored as asked; nothing was changed."""
