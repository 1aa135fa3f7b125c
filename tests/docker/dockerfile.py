"""Reads our Dockerfiles and carries out their steps in a copy of a plain Debian root, where there is no engine."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", "vendor")
PASSED_ON = ("PIP_", "SSL_", "NODE_EXTRA", "REQUESTS_", "npm_config", "NPM_CONFIG")

KNOWN = frozenset({"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "CMD"})


@dataclass(frozen=True)
class Step:
    """One instruction and the rest of its line."""

    name: str
    rest: str


@dataclass(frozen=True)
class Stage:
    """The steps of one stage; `name` is empty for the last one, which becomes the image."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def find(self, name: str) -> list[str]:
        """Return what stands behind each instruction of this name."""
        return [step.rest for step in self.steps if step.name == name]


def read_stages(path: Path) -> list[Stage]:
    """Return the stages of a Dockerfile that holds one instruction a line; raise ValueError for an unknown one."""
    stages: list[Stage] = []
    for line in path.read_text().splitlines():
        name, _, rest = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        if name not in KNOWN or rest.endswith("\\"):
            raise ValueError(f"{path.name}: {line!r} is not an instruction on one line")
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            stages.append(Stage(base, stage))
        else:
            stages[-1].steps.append(Step(name, rest))
    return stages


class Build:
    """One stage, carried out in a copy of a Debian root."""

    def __init__(self, root: Path, earlier: dict[str, Path]) -> None:
        self.root, self.earlier = root, earlier
        self.folder, self.user = "/", "0:0"
        self.environment = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        self.environment |= {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/tmp",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        self.command: list[str] = []

    def carry_out(self, step: Step) -> None:
        """Do what one instruction says."""
        if step.name == "RUN":
            self.run(["/bin/sh", "-c", step.rest])
        elif step.name == "COPY":
            self._copy(step.rest.split())
        elif step.name == "WORKDIR":
            self.folder = step.rest
            self._inside(step.rest).mkdir(parents=True, exist_ok=True)
        elif step.name == "ENV":
            self.environment |= dict(pair.split("=", 1) for pair in step.rest.split())
        elif step.name == "USER":
            self.user = step.rest
        elif step.name == "CMD":
            self.command = json.loads(step.rest)

    def run(self, words: Sequence[str]) -> str:
        """Run a command inside and return what it printed; raise AssertionError with its output if it fails."""
        inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', self.folder, *words]
        command = [str(shutil.which("chroot")), f"--userspec={self.user}", str(self.root), *inside]
        ended = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise AssertionError(
                f"{words[-1]}: status {ended.returncode}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}"
            )
        return ended.stdout

    def _copy(self, words: list[str]) -> None:
        origin = CHECKOUT
        if words[0].startswith("--from="):
            origin = self.earlier[words.pop(0).removeprefix("--from=")]
        *sources, target = words
        for source in sources:
            found, place = origin / source.lstrip("/"), self._inside(target)
            if found.is_dir():
                shutil.copytree(found, place, dirs_exist_ok=True, ignore=LEFT_OUT if origin == CHECKOUT else None)
            else:
                place = place / found.name if target.endswith("/") or target == "." else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, place)

    def _inside(self, path: str) -> Path:
        return self.root / os.path.join(self.folder, path).lstrip("/")


@contextmanager
def build(path: Path, plain_root: Path, scratch: Path, binds: Sequence[str]) -> Iterator[Build]:
    """Carry out a Dockerfile in copies of `plain_root` and give the last stage; needs root.

    binds: folders of this machine that the package clients inside may read, for wheels kept at hand.
    """
    made: dict[str, Path] = {}
    mounted: list[Path] = []
    try:
        for number, stage in enumerate(read_stages(path)):
            root = scratch / f"{path.stem}-{number}"
            subprocess.run(["cp", "-a", "--reflink=auto", str(plain_root), str(root)], check=True)
            for folder in ("/proc", "/dev", *binds):
                (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
                subprocess.run(["mount", "--bind", folder, str(root / folder.lstrip("/"))], check=True)
                mounted.append(root / folder.lstrip("/"))
            current = Build(root, made)
            for step in stage.steps:
                current.carry_out(step)
            made[stage.name] = root
        yield current
    finally:
        for folder_mounted in reversed(mounted):
            subprocess.run(["umount", str(folder_mounted)], check=True)
        for root in made.values():
            shutil.rmtree(root)
