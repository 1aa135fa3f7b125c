"""The run folder of an attempt: all that the work is given and all that it leaves, readable without the portal.

    jobs/<job>/attempt-000002/
        run.json        what to do; `python -m … .` in this folder does it again
        checkpoints/    begins with the whole checkpoints of the attempt before
        log.txt         what the process printed
        tmp/

Each attempt has its own folder, named for its token: a child that outlived its worker cannot write into the folder
of the one that took over.
"""

import contextlib
import json
import os
import shutil
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings

from portal.core.errors import Refused
from portal.jobs import checkpoints
from portal.jobs.cage import Cage, find_cage
from portal.jobs.leases import Held
from portal.jobs.registry import get_kind

PASSABLE = 0o011
"""Added to the folders above a run folder where the worker is root: its child, another user, passes through by name
and lists nothing."""


@dataclass(frozen=True)
class Prepared:
    """A run folder that is ready, and what was found out on the way."""

    folder: Path
    resumes_at: int
    n_torn: int

    @property
    def words(self) -> str:
        """Where the work begins, for the job's page."""
        if not self.resumes_at and not self.n_torn:
            return "starting"
        torn = f"; {self.n_torn} damaged checkpoint(s) not used" if self.n_torn else ""
        return f"going on from step {self.resumes_at}{torn}" if self.resumes_at else f"starting over{torn}"


def find_cage_at_home() -> Cage:
    """Return the strictest cage that works where this portal's run folders lie.

    Under a folder that only its owner may enter, a child keeps its worker's user: another would not come through.
    """
    cage = find_cage()
    if cage.own_user and not all(above.stat().st_mode & stat.S_IXOTH for above in Path(settings.HOME).parents):
        return replace(cage, own_user=False)
    return cage


def prepare_folder(held: Held) -> Prepared:
    """Make the folder of this attempt, with the checkpoints it can go on from. Raises OSError."""
    folder, job_folder = held.folder, held.folder.parent
    for above in (Path(settings.HOME), job_folder.parent, job_folder):
        above.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            above.chmod(stat.S_IMODE(above.stat().st_mode) | PASSABLE)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    run = {
        "job": str(held.job_pk),
        "kind": held.kind,
        "spec": held.spec,
        "spec_sha256": held.spec_sha256,
        "attempt": held.attempt,
        "token": held.token,
    }
    (folder / "run.json").write_text(json.dumps(run, indent=2) + "\n", "utf-8")
    resumes_at, n_torn = _hand_on_checkpoints(job_folder, folder)
    return Prepared(folder, resumes_at, n_torn)


def drop_checkpoints(held: Held) -> None:
    """Remove every checkpoint of a job that needs none any more."""
    for folder in folder_of_job(held).glob("attempt-*/checkpoints"):
        shutil.rmtree(folder, ignore_errors=True)


def drop_private(held: Held) -> None:
    """Remove from the folder of an attempt what must not outlive it."""
    with contextlib.suppress(Refused):  # a kind that nobody knows any more has laid nothing there
        for name in get_kind(held.kind).private:
            shutil.rmtree(held.folder / name, ignore_errors=True)


def folder_of_job(held: Held) -> Path:
    """Return the folder of all attempts of a job."""
    return held.folder.parent


def hidden_paths() -> tuple[Path, ...]:
    """Return what no child shall see: secrets, sockets, the database's and the portal's files, other jobs' folders."""
    home = Path(settings.HOME)
    found = [
        home / name
        for name in [
            "secrets",
            "run",
            "blobs",
            "quarantine",
            "originals",
            "snapshots",
            "jobs",
            "demo",
            "logs",
            "postgres",
            "valkey",
        ]
    ]
    found += [Path("/run/trabecula"), Path("/var/lib/trabecula")]
    for one in settings.DATABASES.values():
        if str(one["HOST"]).startswith("/"):
            found.append(Path(str(one["HOST"])) / f".s.PGSQL.{one['PORT'] or 5432}")
    broker = urlsplit(str(settings.CELERY_BROKER_URL))
    if broker.scheme.endswith("+socket"):
        found.append(Path(unquote(broker.path)))
    return tuple(dict.fromkeys(found))


def _hand_on_checkpoints(job_folder: Path, folder: Path) -> tuple[int, int]:
    """Link the newest whole checkpoints of earlier attempts into a new one; return its step and how many were torn."""
    earlier = sorted((path for path in job_folder.glob("attempt-*") if path != folder), reverse=True)
    found = [one for path in earlier for one in checkpoints.find(path / "checkpoints")]
    found.sort(key=lambda one: one.step, reverse=True)
    whole: dict[str, checkpoints.Checkpoint] = {}
    n_torn = 0
    for one in found:
        if len(whole) == checkpoints.KEPT:
            break
        if one.path.name in whole:
            continue
        if checkpoints.is_whole(one):
            whole[one.path.name] = one
        else:
            n_torn += 1
    own = folder / "checkpoints"
    own.mkdir(mode=0o700)
    for name, one in whole.items():
        # A link and no copy: checkpoints are never changed in place, only replaced.
        os.link(one.path, own / name)
    return max((one.step for one in whole.values()), default=0), n_torn
