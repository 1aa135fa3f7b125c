"""Model versions are looked at as after a whole sign-in, in a house of their own."""

from pathlib import Path

import pytest

from tests.cast import Cast


@pytest.fixture(autouse=True)
def _without_second_factor(settings: pytest.FixtureRequest) -> None:
    settings.SECOND_FACTOR_REQUIRED = False  # type: ignore[attr-defined]


@pytest.fixture
def home(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    settings.HOME = tmp_path  # type: ignore[attr-defined]
    # The child has another account, and must come through to its own folder.
    tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture
def cast(cast: Cast, home: Path) -> Cast:
    return cast
