"""Hot spots are told apart by their course in time."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_hotspots import BOARD, block
from towns import town

import gridgeo as gg
from gridgeo.operate.trends import _patterns, mann_kendall


def pattern(text, growing=0):
    """Name the pattern of one area from its bins: H hot, C cold, a point neither."""
    hot, cold = (np.array([[letter == wanted for letter in text]]) for wanted in "HC")
    return _patterns(hot, cold, np.array([growing]))[0]


@pytest.mark.parametrize(
    ("bins", "growing", "name"),
    [
        ("..........", 0, "none"),
        (".........H", 0, "new"),
        ("C........H", 0, "new"),
        ("........HH", 0, "consecutive"),
        (".....HHHHH", 1, "consecutive"),
        ("HHHHHHHHHH", 1, "intensifying"),
        (".HHHHHHHHH", 1, "intensifying"),
        ("HHHHHHHHHH", 0, "persistent"),
        ("HHHH.HHHHH", -1, "diminishing"),
        ("HHHHHHHHH.", 0, "historical"),
        ("..H.H....H", 0, "sporadic"),
        ("C.H......H", 0, "oscillating"),
        ("HHHHH.....", 0, "none"),
    ],
)
def test_each_pattern_is_that_of_the_published_scheme(bins, growing, name):
    assert pattern(bins, growing) == name


def test_clusters_that_come_stay_and_go_are_told():
    random = np.random.default_rng(1)
    table = random.poisson(6, (400, 20)).astype(float)
    rows = {name: BOARD.index.get_indexer(block(20, *place, 4)) for name, place in
            {"new": (1, 1), "steady": (8, 1), "gone": (15, 1), "run": (1, 12)}.items()}  # fmt: skip
    table[rows["new"], -1:] += 25
    table[rows["steady"]] += 25
    table[rows["gone"], :-1] += 25
    table[rows["run"], -8:] += 25
    trends = gg.hot_spot_trends(BOARD, pd.DataFrame(table, BOARD.index))
    inner = {"new": "G0042", "steady": "G0049", "gone": "G0056", "run": "G0262"}
    assert {name: trends.loc[area, "pattern"] for name, area in inner.items()} == {
        "new": "new", "steady": "persistent", "gone": "historical", "run": "consecutive",
    }  # fmt: skip
    assert trends.loc[list(inner.values()), "course"].tolist() == ["emerging", "persistent", "fading", "emerging"]
    assert (trends.loc[list(inner.values()), "side"] == "hot").all()
    assert trends.loc["G0390", ["pattern", "side", "hot_bins"]].tolist() == ["none", "none", 0]


def test_a_growing_cluster_intensifies_and_a_shrinking_one_diminishes():
    random = np.random.default_rng(2)
    table = random.poisson(6, (400, 16)).astype(float)
    table[BOARD.index.get_indexer(block(20, 2, 2, 4))] += 30 + np.arange(16)
    table[BOARD.index.get_indexer(block(20, 12, 12, 4))] += 45 - np.arange(16)
    trends = gg.hot_spot_trends(BOARD, pd.DataFrame(table, BOARD.index))
    assert trends.loc["G0063", ["pattern", "course"]].tolist() == ["intensifying", "emerging"]
    assert trends.loc["G0273", ["pattern", "course"]].tolist() == ["diminishing", "fading"]
    assert trends.loc["G0063", "trend_z"] > 3
    assert trends.loc["G0273", "trend_z"] < -3


def test_a_quiet_corner_is_a_cold_spot_that_lasts():
    random = np.random.default_rng(3)
    table = random.poisson(30, (400, 8)).astype(float)
    table[BOARD.index.get_indexer(block(20, 5, 5, 5))] = 0
    trends = gg.hot_spot_trends(BOARD, pd.DataFrame(table, BOARD.index))
    assert trends.loc["G0147", ["pattern", "side"]].tolist() == ["persistent", "cold"]


def test_noise_has_no_trends():
    found = [
        (gg.hot_spot_trends(BOARD, pd.DataFrame(np.random.default_rng(seed).poisson(2, (400, 12)), BOARD.index))
         ["pattern"] != "none").any()
        for seed in range(20)
    ]  # fmt: skip
    assert sum(found) <= 4


def test_the_trend_is_that_of_kendall():
    random = np.random.default_rng(4)
    series = np.vstack([random.integers(0, 6, (30, 15)) + np.linspace(0, 3, 15).round(), np.ones(15)])
    z, p = mann_kendall(series)
    for row in range(30):
        tau = stats.kendalltau(np.arange(15), series[row], method="asymptotic")
        assert np.sign(z[row]) == np.sign(tau.statistic) or abs(z[row]) < 0.1
        # the test subtracts 1 from the score; scipy's does not
        score = sum(np.sign(series[row, b] - series[row, a]) for a in range(15) for b in range(a + 1, 15))
        expected = stats.norm.isf(tau.pvalue / 2) * (abs(score) - 1) / abs(score) if score else 0
        assert abs(z[row]) == pytest.approx(expected, abs=1e-9)
    assert (z[-1], p[-1]) == (0, 1)


def test_the_order_of_rows_changes_nothing():
    random = np.random.default_rng(5)
    counts = pd.DataFrame(random.poisson(2, (400, 6)), BOARD.index)
    order = random.permutation(400)
    whole, other = gg.hot_spot_trends(BOARD, counts), gg.hot_spot_trends(BOARD.iloc[order], counts)
    pd.testing.assert_frame_equal(other, whole.iloc[order], check_exact=True)


def test_bad_input_is_refused():
    areas = town("AB")
    with pytest.raises(gg.TableError, match="there are 3 time bins, a trend needs 4 or more"):
        gg.hot_spot_trends(areas, pd.DataFrame(1, areas.index, range(3)))
    with pytest.raises(gg.TableError, match="of area 'B' there are nan in 0"):
        gg.hot_spot_trends(areas, pd.DataFrame(1, ["A"], range(5)))
    assert (gg.hot_spot_trends(areas, pd.DataFrame(1, areas.index, range(5)))["pattern"] == "none").all()
