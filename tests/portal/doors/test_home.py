"""Which homes a door opens, and what it does about half a demo."""

from pathlib import Path

import pytest

from portal.doors import home
from portal.doors.home import SUMMARY, HomeIsOther, claim_home, clear_half_made_demo
from portal.embedded.places import Places


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a checkout whose demo has begun, and is not finished."""
    monkeypatch.setattr(home, "ROOT", tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("TRABECULA_HOME", raising=False)
    claim_home("demo")
    (tmp_path / "var" / "demo").mkdir()
    Places.of(tmp_path / "var").run.mkdir(parents=True)
    return tmp_path / "var"


def test_half_a_demo_in_the_checkouts_own_folder_is_taken_away(var: Path) -> None:
    assert clear_half_made_demo()
    assert not var.exists()


def test_a_whole_demo_stays(var: Path) -> None:
    (var / "demo" / SUMMARY).write_text("{}")
    assert not clear_half_made_demo()
    assert (var / "demo" / SUMMARY).exists()


def test_half_a_demo_elsewhere_is_left_to_a_person_who_is_told_how(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = var.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("TRABECULA_HOME", str(elsewhere))
    with pytest.raises(HomeIsOther, match=f"remove {elsewhere} --yes"):
        clear_half_made_demo()
    assert (elsewhere / "demo").is_dir()


def test_a_home_of_a_real_portal_is_never_taken_away(var: Path) -> None:
    (var / "kind").write_text("portal\n")
    assert not clear_half_made_demo()
    assert var.is_dir()
    with pytest.raises(HomeIsOther, match="holds a portal"):
        claim_home("demo")
