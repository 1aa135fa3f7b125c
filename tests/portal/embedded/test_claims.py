"""A home and its cluster belong together: moved, copied, deleted and foreign homes."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.embedded.claims import claim_cluster
from portal.embedded.errors import HomeRefused, ServiceFailed
from portal.embedded.places import CLUSTERS, Places
from portal.embedded.postgres import Postgres
from portal.embedded.running import Services, running
from tests.portal.embedded.homes import make_table, temporary_home

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's cluster lies apart from its home")


def has_table(services: Services) -> bool:
    with psycopg.connect(services.environment["DATABASE_URL"]) as connection:
        return connection.execute("SELECT to_regclass('written') IS NOT NULL").fetchone() == (True,)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    """Give a path for a second home."""
    with temporary_home(tmp_path / "other") as path:
        yield path


@as_root
def test_a_moved_home_takes_its_database_along(home: Path, other: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    home.rename(other)
    with running(other, reserve_mb=0) as services:
        assert has_table(services)
    assert not (CLUSTERS / Places.of(home).fingerprint).exists()


@as_root
def test_a_copied_home_is_refused_and_the_first_goes_on(home: Path, other: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    shutil.copytree(home, other)
    with (
        pytest.raises(HomeRefused, match=r"looks like a copy of .*: carry it over with backup and restore"),
        running(other),
    ):
        pass
    with running(home, reserve_mb=0) as services:
        assert has_table(services)


@as_root
def test_a_deleted_home_made_anew_begins_empty_and_the_old_database_is_kept_aside(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    shutil.rmtree(home)
    cluster = Places.of(home).cluster
    assert cluster.is_dir()
    with running(home, reserve_mb=0) as services:
        assert not has_table(services)
    aside = list(CLUSTERS.glob(f"{cluster.name}.set-aside-*"))
    try:
        assert len(aside) == 1
        assert (aside[0] / "postgres" / "PG_VERSION").is_file()
    finally:
        for folder in aside:
            shutil.rmtree(folder)


def test_a_home_whose_database_was_lost_does_not_begin_with_an_empty_one(home: Path):
    with running(home, reserve_mb=0) as services:
        make_table(services)
    places = Places.of(home)
    kept = places.data.rename(home / "kept")
    with pytest.raises(HomeRefused, match=r"is not in .*postgres any more: put that folder back"), running(home):
        pass
    assert not places.data.exists()
    kept.rename(places.data)
    with running(home, reserve_mb=0) as services:
        assert has_table(services)


def test_a_home_whose_first_start_was_cut_short_starts_the_next_time(home: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_postgres: Postgres) -> None:
        raise ServiceFailed("initdb was killed")

    with monkeypatch.context() as patch:
        patch.setattr(Postgres, "prepare", fail)
        with pytest.raises(ServiceFailed, match="initdb was killed"), running(home, reserve_mb=0):
            pass
    with running(home, reserve_mb=0) as services:
        assert not has_table(services)


def test_a_home_whose_database_another_user_made_is_refused(home: Path):
    places = Places.of(home)
    places.make_home()
    claim = {"id": "1", "cluster": "/home/ann/var", "uid": places.account.uid + 1}
    places.claim.write_text(json.dumps(claim))
    with pytest.raises(HomeRefused, match=r"was made by uid \d+ and lies in /home/ann/var; .*: start it as before"):
        claim_cluster(places)


def test_a_damaged_claim_is_refused(home: Path):
    places = Places.of(home)
    places.make_home()
    places.claim.write_text("[]")
    with pytest.raises(HomeRefused, match="does not hold what it should"):
        claim_cluster(places)


def test_claiming_twice_changes_nothing(home: Path):
    places = Places.of(home)
    places.make_home()
    claim_cluster(places)
    first = places.claim.read_bytes(), places.claim.stat().st_ino
    claim_cluster(places)
    assert (places.claim.read_bytes(), places.claim.stat().st_ino) == first
