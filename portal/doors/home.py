"""Which home a door opens, and with which services."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.environment import environment_for
from portal.embedded.removing import remove_home
from portal.embedded.running import running, status_of
from portal.embedded.supervisor import Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent

ROLES_OF = {
    "web": ("tb_web", "tb_ident", "tb_clinical", "tb_allocator", "tb_label_writer"),
    "worker": ("tb_worker", "tb_snapshot"),
    "clock": ("tb_worker", "tb_sealer"),
    "deploy": ("tb_deploy",),
    "scorer": ("tb_scorer",),
}
"""Process kind → the database roles whose addresses it is given."""

SECRETS_OF = {
    "web": ("SECRET_KEY", "IDENTITY_KEY", "DEID_KEY", "SETUP_TOKEN"),
    "worker": ("SECRET_KEY", "DEID_KEY"),
    "clock": ("SECRET_KEY",),
    "deploy": ("SECRET_KEY",),
    "scorer": ("SECRET_KEY",),
}


SUMMARY = "summary.json"
"""Written when a demo is whole."""


class HomeIsOther(Exception):
    """The home holds something else: a demo is never mixed with a real study, nor begun upon half of one."""


@dataclass(frozen=True)
class House:
    """A home with running services, or the servers the environment names."""

    home: Path
    supervisor: Supervisor | None
    outside: bool
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one kind of process: its own roles and secrets, no other's."""
        base = {**os.environ, "TRABECULA_HOME": str(self.home), "TRABECULA_PROCESS": process, **self.settings}
        if self.outside:
            return base
        whole = environment_for(self.home, ROLES_OF[process])
        kept = {"TRABECULA_HOME", "BROKER_URL", *SECRETS_OF[process]}
        return {**base, **{key: value for key, value in whole.items() if key.startswith("DATABASE_URL") or key in kept}}


def home_folder() -> Path:
    """Return TRABECULA_HOME, or `var` in the checkout."""
    return Path(os.environ.get("TRABECULA_HOME") or ROOT / "var").expanduser().absolute()


@contextmanager
def open_house(settings: dict[str, str] | None = None) -> Iterator[House]:
    """Give a house with running services while the block runs."""
    home = home_folder()
    if os.environ.get("DATABASE_URL"):
        yield House(home, None, outside=True, settings=settings or {})
        return
    with running(home) as services:
        yield House(services.home, services.supervisor, outside=False, settings=settings or {})


def claim_home(kind: str) -> None:
    """Mark the home as a demo's or a portal's at its first start. Raises HomeIsOther if it is the other's."""
    mark = home_folder() / "kind"
    mark.parent.mkdir(parents=True, exist_ok=True)
    if not mark.exists():
        mark.write_text(kind + "\n", encoding="utf-8")
    if (found := mark.read_text(encoding="utf-8").strip()) != kind:
        raise HomeIsOther(
            f"{mark.parent} holds a {found}, and this is ./run {'demo' if kind == 'demo' else 'serve'}: "
            "set TRABECULA_HOME to another folder"
        )


def clear_half_made_demo() -> bool:
    """Take away a demo that was interrupted while it was made; return whether there was one.

    Only in the checkout's own folder: another may hold files that are not ours, so there it is for a person to do.
    Raises HomeIsOther.
    """
    home = home_folder()
    kind = home / "kind"
    is_demo = kind.exists() and kind.read_text(encoding="utf-8").strip() == "demo"
    has_begun = (home / "demo").is_dir() and not (home / "demo" / SUMMARY).exists()
    if not (is_demo and has_begun) or os.environ.get("DATABASE_URL") or status_of(home)["stage"] != "stopped":
        return False
    if home != ROOT / "var":
        raise HomeIsOther(
            f"the demo in {home} was interrupted while it was made. Take it away with "
            f"`.venv/bin/python -m portal.embedded remove {home} --yes`, or set TRABECULA_HOME to another folder"
        )
    remove_home(home)
    return True
