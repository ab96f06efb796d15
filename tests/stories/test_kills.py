"""Kill publishing processes at random moments: what was acknowledged is there, and nothing is there in half."""

import sys
from pathlib import Path

import pytest
from stores import BACK_ENDS, new_place

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import kills


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_nothing_acknowledged_is_lost_and_nothing_is_there_in_half(tmp_path, back_end):
    told = kills.run(new_place(tmp_path, back_end), publishes=4, seed=7)
    assert told["acknowledged"] >= 4
    assert told["kills"] >= 1
    assert (told["lost"], told["half"], told["unsound"]) == (0, 0, 0)
    assert 0 <= told["more"] <= told["kills"]
