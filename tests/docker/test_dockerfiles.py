"""The images: plain Debian, no secret inside, no root at run time; their steps work in a plain Debian root.

The steps are carried out where TRABECULA_DEBIAN_ROOT names a Debian 12 root (debootstrap makes one) and the test runs
as root; TRABECULA_DEBIAN_BINDS may name folders of wheels, separated by colons.
"""

import os
import re
from pathlib import Path

import pytest

from tests.docker.dockerfile import CHECKOUT, build, read_stages

DOCKERFILES = sorted((CHECKOUT / "docker").glob("*.Dockerfile"))
NAMES = [path.name for path in DOCKERFILES]
HELD = {
    "web.Dockerfile": ("gunicorn", "docker.make_roles"),
    "worker.Dockerfile": ("celery", "torch"),
    "scorer.Dockerfile": ("psycopg", "nacl"),
}
NOT_HELD = {
    "web.Dockerfile": ("torch",),
    "worker.Dockerfile": ("docker.make_roles",),
    "scorer.Dockerfile": ("torch", "monai", "gunicorn"),
}
PLAIN_ROOT = os.environ.get("TRABECULA_DEBIAN_ROOT", "")


def test_there_is_one_for_each_image_of_the_compose_file() -> None:
    text = (CHECKOUT / "docker" / "compose.yaml").read_text()
    assert set(re.findall(r"dockerfile: docker/(\S+?)}", text)) == set(NAMES)
    assert len(NAMES) == 3


@pytest.mark.parametrize("path", DOCKERFILES, ids=NAMES)
def test_every_stage_is_plain_debian_so_that_its_steps_can_be_tried(path: Path) -> None:
    assert {stage.base for stage in read_stages(path)} == {"debian:bookworm-slim"}


@pytest.mark.parametrize("path", DOCKERFILES, ids=NAMES)
def test_an_image_runs_as_a_user_of_its_own(path: Path) -> None:
    image = read_stages(path)[-1]
    ((user, group),) = [line.split(":") for line in image.find("USER")]
    assert f"useradd --uid {user} --gid {group} " in " ".join(image.find("RUN"))


def test_the_scorer_shares_its_user_with_no_other_image() -> None:
    users = {path.name: read_stages(path)[-1].find("USER")[0] for path in DOCKERFILES}
    scorer = users.pop("scorer.Dockerfile")
    assert scorer not in users.values()


@pytest.mark.parametrize("path", DOCKERFILES, ids=NAMES)
def test_no_image_is_built_with_a_secret(path: Path) -> None:
    given = " ".join(line for stage in read_stages(path) for line in stage.find("ENV"))
    assert "TRABECULA_" in given
    assert not re.search(r"SECRET|PASSWORD|KEY|TOKEN|_URL", given)


@pytest.mark.parametrize("path", DOCKERFILES, ids=NAMES)
def test_what_is_copied_from_the_checkout_is_there(path: Path) -> None:
    copied = [line.split()[:-1] for stage in read_stages(path) for line in stage.find("COPY")]
    sources = [name for words in copied if not words[0].startswith("--from") for name in words]
    assert "portal/" in sources
    assert [name for name in sources if not (CHECKOUT / name).exists()] == []


def test_history_secrets_and_data_are_kept_out_of_every_image() -> None:
    ignored = set((CHECKOUT / ".dockerignore").read_text().splitlines())
    assert {".git", "var", "docker/secrets", "docker/env", "docker/tls"} <= ignored


def test_an_instruction_over_several_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.Dockerfile").write_text("FROM debian:bookworm-slim\nRUN one && \\\n    two\n")
    with pytest.raises(ValueError, match="is not an instruction on one line"):
        read_stages(tmp_path / "a.Dockerfile")


@pytest.mark.skipif(not PLAIN_ROOT, reason="TRABECULA_DEBIAN_ROOT names no plain Debian root to try the steps in")
@pytest.mark.skipif(os.geteuid() != 0, reason="the steps of an image can be tried as root only")
@pytest.mark.parametrize("path", DOCKERFILES, ids=NAMES)
def test_the_steps_of_an_image_work_in_a_plain_debian_root(path: Path, tmp_path: Path) -> None:
    binds = [folder for folder in os.environ.get("TRABECULA_DEBIAN_BINDS", "").split(":") if folder]
    with build(path, Path(PLAIN_ROOT), tmp_path, binds) as image:
        assert "Research use, not a medical device" in image.run(["python3", "-m", "modelling.engine", "--help"])
        assert image.run(["sh", "-c", f"command -v {image.command[0]}"]).strip()
        image.run(["python3", "-c", f"import {', '.join(HELD[path.name])}"])
        for name in NOT_HELD[path.name]:
            with pytest.raises(AssertionError, match="No module named"):
                image.run(["python3", "-c", f"import {name}"])
