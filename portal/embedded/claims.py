"""The bond between a home and its cluster, which as root lies apart from it: neither may be paired with a stranger.

Both sides hold the same identity. Without it, a deleted and remade home would meet an old cluster whose passwords
are gone, and a copied home would begin with an empty database and look as if everything had been lost.
"""

import json
import logging
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.embedded.errors import HomeRefused
from portal.embedded.files import make_folder, write_whole
from portal.embedded.places import CLUSTERS, SOCKETS, Places, make_shared_root

log = logging.getLogger(__name__)


def claim_cluster(places: Places) -> None:
    """Pair the home with its cluster's folder, making the folder the first time. Call with the home locked."""
    claim = _read(places.claim)
    _refuse_another_person(places, claim)
    if places.account.is_another:
        make_shared_root(CLUSTERS)
        _follow_a_moved_home(places, claim)
        _set_a_stranger_aside(places, claim)
        if make_folder(places.cluster):
            places.account.own(places.cluster)
    _refuse_a_lost_cluster(places, claim)
    identity = claim.get("id") or str(uuid.uuid4())
    made = {"made": True} if claim.get("made") else {}
    _write(places.claim, id=identity, cluster=str(places.cluster), uid=places.account.uid, **made)
    if places.account.is_another:
        _write(places.cluster_claim, id=identity, home=str(places.home))


def confirm_cluster(places: Places) -> None:
    """Write down that the cluster was made, so that its loss is noticed and no empty one takes its place."""
    _write(places.claim, **{**_read(places.claim), "made": True})


def _refuse_a_lost_cluster(places: Places, claim: dict[str, Any]) -> None:
    if claim.get("made") and not places.data.exists():
        raise HomeRefused(
            f"the database of {places.home} is not in {places.data} any more: put that folder back (as root it lies "
            f"outside the home), or restore a backup into a new home; to begin with an empty one, delete {places.claim}"
        )


def _refuse_another_person(places: Places, claim: dict[str, Any]) -> None:
    owner = claim.get("uid", places.account.uid)
    if owner != places.account.uid:
        raise HomeRefused(
            f"the database of {places.home} was made by uid {owner} and lies in {claim['cluster']}; "
            f"this start would run it as '{places.account.name}' (uid {places.account.uid}): start it as before"
        )


def _follow_a_moved_home(places: Places, claim: dict[str, Any]) -> None:
    before = Path(claim.get("cluster", places.cluster))
    if before == places.cluster or not before.is_dir():
        return
    home_before = Path(_read(before / "home.json").get("home", "/"))
    if home_before.exists():
        raise HomeRefused(
            f"{places.home} looks like a copy of {home_before}, whose database lies in {before}: "
            "carry it over with backup and restore into an empty home"
        )
    _set_a_stranger_aside(places, claim)
    if not places.cluster.exists():
        before.rename(places.cluster)
        shutil.rmtree(SOCKETS / before.name, ignore_errors=True)
        log.warning("the home moved from %s to %s, and its database with it", home_before, places.home)


def _set_a_stranger_aside(places: Places, claim: dict[str, Any]) -> None:
    if not places.cluster.is_dir():
        return
    identity = _read(places.cluster_claim).get("id")
    if identity is None and not places.data.exists():
        return  # made a moment before a crash, and still empty
    if identity is None or identity != claim.get("id"):
        aside = places.cluster.with_name(f"{places.cluster.name}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
        places.cluster.rename(aside)
        log.warning(
            "the database of an earlier home at %s was set aside in %s; delete it if unwanted", places.home, aside
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):
        raise HomeRefused(f"{path} does not hold what it should; it says which database belongs to the home")
    return found


def _write(path: Path, **content: object) -> None:
    text = (json.dumps(content, indent=1) + "\n").encode()
    # Nothing is written when nothing changed, so that a full disk cannot hinder a start.
    if not path.exists() or path.read_bytes() != text:
        write_whole(path, text)
