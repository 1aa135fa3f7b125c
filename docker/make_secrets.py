"""Make every secret of an installation, once: `python3 -m docker.make_secrets docker/secrets`.

Needs nothing but Python. Nothing is ever overwritten: a folder that exists is refused.
"""

import argparse
import hashlib
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.scram import make_verifier

DATABASE = "trabecula"
DATABASE_HOST = "postgres"
BROKER_HOST = "broker"
BROKER_USER = "portal"

_RANDOM_BYTES = 32
_FOLDER_MODE = 0o700
# The containers run as users of their own, each of which must read its file; on this machine nobody but the owner
# can get past the folder.
_FILE_MODE = 0o444

_BROKER_CONF = """user default off
user {user} on #{password_hash} ~* &* +@all -@admin -@dangerous +info
"""


MADE_AT_RANDOM = ("secret_key", "secret_key_worker", "identity_key", "deid_key", "setup_token")


def make_secrets() -> dict[str, str]:
    """Return fresh secrets by the names that compose.yaml knows them by."""
    passwords = {role.name: _make_password() for role in LOGIN_ROLES}
    broker_password = _make_password()
    return {
        **{name: _make_password() for name in MADE_AT_RANDOM},
        "postgres_superuser": _make_password(),
        # Whoever makes the roles gets these alone, so that nobody but the scorer ever holds the scorer's password.
        "database_verifiers": json.dumps({name: make_verifier(password) for name, password in passwords.items()}),
        **{
            name_of_url(role): f"postgresql://{role}:{password}@{DATABASE_HOST}/{DATABASE}"
            for role, password in passwords.items()
        },
        "broker_url": f"redis://{BROKER_USER}:{broker_password}@{BROKER_HOST}:6379/0",
        "broker_conf": _BROKER_CONF.format(
            user=BROKER_USER, password_hash=hashlib.sha256(broker_password.encode()).hexdigest()
        ),
    }


def name_of_url(role: str) -> str:
    """Return the name of the secret that holds a role's address: the web role's is the plain database_url."""
    return "database_url" if role == "tb_web" else f"database_url_{role.removeprefix('tb_')}"


def write_secrets(folder: Path, found: dict[str, str]) -> None:
    """Write each secret to a file of its own in a new folder; raise FileExistsError where the folder exists."""
    folder.mkdir(mode=_FOLDER_MODE)
    folder.chmod(_FOLDER_MODE)
    for name, text in found.items():
        path = folder / name
        path.touch(mode=_FILE_MODE | 0o200)
        path.write_text(text, encoding="utf-8")
        path.chmod(_FILE_MODE)


def main(words: Sequence[str]) -> int:
    """Make the folder and say what is in it."""
    parser = argparse.ArgumentParser(prog="python3 -m docker.make_secrets", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that does not exist yet, such as docker/secrets")
    folder: Path = parser.parse_args(words).folder
    found = make_secrets()
    try:
        write_secrets(folder, found)
    except FileExistsError:
        sys.stderr.write(f"{folder} exists already; its secrets are in use and are left as they are\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{folder} cannot be made: {error.strerror}\n")
        return 1
    sys.stdout.write(
        f"{len(found)} secrets made in {folder}. Keep a copy elsewhere: without identity_key no name can be read.\n"
    )
    return 0


def _make_password() -> str:
    return secrets.token_urlsafe(_RANDOM_BYTES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
