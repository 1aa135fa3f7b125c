"""As whom the services run: the person who started them, or, for root, a system user of their own.

PostgreSQL refuses to run as root, for a good reason: whoever breaks it would own the machine.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.errors import HomeRefused

SYSTEM_USER = "trabecula"


@dataclass(frozen=True)
class Account:
    """An operating-system user. `is_another` is true where the services run as somebody else than this process."""

    name: str
    uid: int
    gid: int
    is_another: bool

    def own(self, path: Path) -> None:
        """Give one file or folder (never its parents) to this account."""
        if self.is_another:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def service_account() -> Account:
    """Return whom the services run as; as root, make the system user when it is missing."""
    if os.geteuid() != 0:
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid(), is_another=False)
    entry = _find_system_user() or _make_system_user()
    if entry.pw_uid == 0:
        raise HomeRefused(f"the system user '{SYSTEM_USER}' has uid 0; PostgreSQL does not run as root")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_another=True)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise HomeRefused(
            f"uid {uid} has no entry in /etc/passwd, and PostgreSQL does not start without one; "
            "run as a listed user, or set DATABASE_URL and BROKER_URL to services of your own"
        ) from None


def _find_system_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None


def _make_system_user() -> pwd.struct_passwd:
    tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is None:
        raise HomeRefused(
            f"as root the services run as the system user '{SYSTEM_USER}': make it first (no useradd here)"
        )
    done = subprocess.run(
        [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        capture_output=True,
        text=True,
        check=False,
    )
    # Another start may have made it a moment ago: what counts is that it is there now.
    entry = _find_system_user()
    if entry is None:
        raise HomeRefused(f"the system user '{SYSTEM_USER}' could not be made: {done.stderr.strip()}")
    return entry
