"""Find the real data that some tests read where it lies; a test that needs it skips where it is absent."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name):
    """Give the path of a file of the shared data, or skip the test."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"real data {name} is not here ({FOLDER} holds no such file)")
    return path
