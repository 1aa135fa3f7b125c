"""Which home a door opens, and with which services."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded.environment import environment_for
from portal.embedded.running import running
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


class HomeIsOther(Exception):
    """The home was made by the other door: a demo is never mixed with a real study."""


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
