"""The environment variables by which the portal finds the embedded services: the same ones production sets."""

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from portal.core.database_roles import LOGIN_ROLES
from portal.embedded.places import Places
from portal.embedded.secrets import ensure_secret
from portal.embedded.valkey import SOCKET, USER, USER_SECRET

DATABASE = "trabecula"

ENVIRONMENT_SECRETS = ("SECRET_KEY", "IDENTITY_KEY", "DEID_KEY", "SETUP_TOKEN")
"""Secrets that are environment variables as they are; the file in the home has the variable's name. A backup of the
home carries these in its file of keys, and not the passwords of the services, which belong to the machine."""

ALL_ROLES = frozenset(role.name for role in LOGIN_ROLES)


def environment_for(home: Path | str, roles: Collection[str] = ALL_ROLES) -> dict[str, str]:
    """Return DATABASE_URL and its kin, BROKER_URL and the secrets of a home, making what is missing.

    roles: the database roles to hand over. A process gets those it works with: the scorer's alone for the scorer.
    """
    places = Places.of(home)
    places.make_home()
    unknown = set(roles) - ALL_ROLES
    if unknown:
        raise ValueError(f"no such database role: {', '.join(sorted(unknown))}")
    found = {variable_of(role): _database_url(places, role) for role in sorted(roles)}
    found["BROKER_URL"] = _broker_url(places)
    found["TRABECULA_HOME"] = str(places.home)
    for name in ENVIRONMENT_SECRETS:
        found[name] = ensure_secret(places.secrets, name)
    return found


def variable_of(role: str) -> str:
    """Return the name of the variable that holds a role's URL: the web role's is the plain DATABASE_URL."""
    return "DATABASE_URL" if role == "tb_web" else f"DATABASE_URL_{role.removeprefix('tb_').upper()}"


def database_password(places: Places, role: str) -> str:
    """Return the password of a login role."""
    return ensure_secret(places.secrets, f"database_{role}")


def _database_url(places: Places, role: str) -> str:
    password, sockets = (quote(part, safe="") for part in (database_password(places, role), str(places.sockets())))
    return f"postgresql://{role}:{password}@/{DATABASE}?host={sockets}"


def _broker_url(places: Places) -> str:
    password = quote(ensure_secret(places.secrets, USER_SECRET), safe="")
    return f"redis+socket://{USER}:{password}@{quote(str(places.sockets() / SOCKET))}"
