"""Hot spots are found where they were planted, and nowhere in noise."""

import builtins

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import stats
from towns import CRS, town

import gridgeo as gg
from gridgeo.operate.contiguity import touching_areas
from gridgeo.operate.hotspots import gi_star


def chessboard(side, *, width_m=100.0):
    """Lay a square of square areas, row by row from the south-west."""
    column, row = np.meshgrid(np.arange(side), np.arange(side))
    west, south = column.ravel() * width_m + 500_000, row.ravel() * width_m + 3_400_000
    ids = pd.Index([f"G{number:04d}" for number in range(side * side)], name="area_id")
    return gpd.GeoDataFrame(geometry=shapely.box(west, south, west + width_m, south + width_m), crs=CRS, index=ids)


BOARD = chessboard(20)


def block(side, west, south, size):
    """Name the areas of a block of a chessboard."""
    return [f"G{row * side + column:04d}" for row in range(south, south + size) for column in range(west, west + size)]


def by_the_book(values, neighbours):
    """Compute Gi* as Ord and Getis 1995 print it, one area at a time."""
    n, mean = len(values), np.mean(values)
    spread = np.sqrt(np.mean(np.square(values)) - mean**2)
    made = []
    for area in range(n):
        own = [area, *neighbours[area]]
        inner = np.sqrt((n * len(own) - len(own) ** 2) / (n - 1))
        made.append((sum(values[each] for each in own) - mean * len(own)) / (spread * inner))
    return np.array(made)


def test_areas_touch_at_borders_and_at_corners_and_where_vertices_do_not_match():
    areas = town("""
        AAB
        AAC
        DEC
    """)
    touching = pd.DataFrame(touching_areas(areas).toarray(), areas.index, areas.index)
    assert {name: "".join(row.index[row > 0]) for name, row in touching.iterrows()} == {
        "A": "BCDE", "B": "AC", "C": "ABE", "D": "AE", "E": "ACD",
    }  # fmt: skip


def test_areas_across_a_gap_touch_within_a_tolerance():
    areas = town("A.B")
    assert touching_areas(areas).nnz == 0
    assert touching_areas(areas, tolerance_m=100.0).nnz == 2


def test_z_is_that_of_the_published_formula():
    random = np.random.default_rng(5)
    counts = pd.Series(random.poisson(3, 400), BOARD.index)
    spots = gg.hot_spots(BOARD, counts)
    near = [
        [y * 20 + x for y in range(max(r - 1, 0), min(r + 2, 20)) for x in range(max(c - 1, 0), min(c + 2, 20))
         if (x, y) != (c, r)]
        for r in range(20) for c in range(20)
    ]  # fmt: skip
    np.testing.assert_allclose(spots["z"], by_the_book(counts.to_numpy(dtype=float), near), rtol=1e-9, atol=1e-9)
    assert spots["neighbours"].tolist() == [len(each) for each in near]


def test_p_is_that_of_many_random_permutations():
    random = np.random.default_rng(6)
    values = random.poisson(0.7, 400).astype(float)
    touching = touching_areas(BOARD)
    z, p = gi_star(values, touching)
    sums = np.array([values[random.permutation(400)[:9]].sum() for _ in range(20_000)])
    nine = np.flatnonzero(np.diff(touching.indptr) == 8)
    hottest = nine[np.argmax(z[nine])]
    held = values[hottest] + (touching[[hottest]] @ values)[0]
    above = np.mean(sums >= held), np.mean(sums > held)
    assert above[1] * 2 * 0.8 - 0.001 <= p[hottest] <= above[0] * 2 * 1.2 + 0.001


def test_planted_clusters_are_found_and_only_there():
    found, false = [], 0
    for seed in range(20):
        counts = pd.Series(np.random.default_rng(seed).poisson(5, 400), BOARD.index)
        core = [*block(20, 3, 3, 3), *block(20, 12, 10, 3)]
        around = {*block(20, 2, 2, 5), *block(20, 11, 9, 5)}
        counts[core] = np.random.default_rng(seed + 1000).poisson(20, len(core))
        spots = gg.hot_spots(BOARD, counts)
        hot = spots.index[spots["kind"] == "hot"]
        found.append(len(set(hot) & set(core)) / len(core))
        false += len(set(hot) - around)
        assert spots.loc[["G0084", "G0233"], "kind"].tolist() == ["hot", "hot"]  # the middle of each
    assert np.mean(found) > 0.8  # corners have more noise than cluster around them
    assert false <= 20 * 0.05 * len(core)


@pytest.mark.parametrize("mean", [0.3, 1.0, 6.0])
def test_noise_has_hot_spots_no_more_often_than_the_rate_of_false_discoveries(mean):
    random = np.random.default_rng(11)
    touching = touching_areas(BOARD)
    false = 0
    for _ in range(200):
        _, p = gi_star(random.poisson(mean, 400).astype(float), touching)
        false += bool((stats.false_discovery_control(p) <= 0.05).any())
    assert false <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


def test_noise_over_unlike_households_has_no_hot_spots_though_its_plain_rates_swing():
    random = np.random.default_rng(12)
    homes = pd.Series(random.integers(5, 500, 400), BOARD.index)
    false = 0
    for _ in range(60):
        spots = gg.hot_spots(BOARD, pd.Series(random.poisson(homes * 0.02), BOARD.index), households=homes)
        false += bool(spots["kind"].ne("none").any())
    assert false <= 60 * 0.05 + 3 * np.sqrt(60 * 0.05 * 0.95)


def test_many_incidents_where_many_live_are_no_hot_spot_but_few_households_with_as_many_are():
    random = np.random.default_rng(13)
    homes = pd.Series(100, BOARD.index)
    homes[block(20, 3, 3, 4)] = 500
    counts = pd.Series(random.poisson(homes * 0.1), BOARD.index)
    counts[block(20, 12, 12, 3)] = 50
    spots = gg.hot_spots(BOARD, counts, households=homes)
    assert set(spots.index[spots["kind"] == "hot"]) >= set(block(20, 12, 12, 3))
    assert not set(spots.index[spots["kind"] == "hot"]) & set(block(20, 3, 3, 4))
    plain = gg.hot_spots(BOARD, counts, per="area")
    assert set(plain.index[plain["kind"] == "hot"]) >= set(block(20, 4, 4, 2))
    assert spots.loc["G0252", ["count", "rate"]].tolist() == [50, 500.0]


def test_rates_of_few_households_are_drawn_to_the_mean():
    homes = pd.Series(400, BOARD.index)
    homes["G0210"] = 4
    counts = pd.Series(np.random.default_rng(2).poisson(np.where(np.arange(400) < 200, 20, 60)), BOARD.index)
    counts["G0210"] = 2
    spots = gg.hot_spots(BOARD, counts, households=homes)
    mean = 1000 * counts.sum() / homes.sum()
    few, many = spots.loc["G0210"], spots.loc["G0300"]
    assert few["rate"] == 500
    assert abs(few["smoothed_rate"] - mean) < 0.5 * abs(few["rate"] - mean)
    assert abs(many["smoothed_rate"] - many["rate"]) < 0.2 * abs(many["rate"] - mean)


def test_standardised_rates_are_those_of_the_library():
    smoothing = pytest.importorskip("esda.smoothing")
    from gridgeo.operate.hotspots import _rates

    random = np.random.default_rng(4)
    homes = random.integers(5, 500, 100).astype(float)
    counts = random.poisson(homes * random.uniform(0.01, 0.3, 100)).astype(float)
    np.testing.assert_allclose(_rates(counts, homes)[2], smoothing.assuncao_rate(counts, homes), rtol=1e-12)


def test_areas_without_households_take_no_part_in_rates():
    homes = pd.Series(100, BOARD.index)
    homes["G0000"] = 0
    counts = pd.Series(np.random.default_rng(1).poisson(5, 400), BOARD.index)
    counts["G0000"] = 900
    spots = gg.hot_spots(BOARD, counts, households=homes)
    assert spots.loc["G0000", ["rate", "z", "p", "q"]].isna().all()
    assert spots.loc["G0000", ["count", "kind"]].tolist() == [900, "none"]
    assert spots.loc["G0001", "kind"] == "none"


def test_permutations_are_the_same_for_the_same_seed():
    counts = pd.Series(np.random.default_rng(1).poisson(5, 400), BOARD.index)
    counts[block(20, 3, 3, 3)] = 40
    first, again = (gg.hot_spots(BOARD, counts, permutations=999, seed=7) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert first["p"].min() == pytest.approx(2 / 1000)
    assert set(block(20, 3, 3, 3)) <= set(first.index[first["p"] < 0.01])


def test_the_order_of_rows_changes_nothing():
    random = np.random.default_rng(9)
    counts = pd.Series(random.poisson(5, 400), BOARD.index)
    order = random.permutation(400)
    whole = gg.hot_spots(BOARD, counts)
    shuffled = gg.hot_spots(BOARD.iloc[order], counts.iloc[random.permutation(400)])
    pd.testing.assert_frame_equal(shuffled, whole.iloc[order], check_exact=True)


def test_incidents_themselves_are_counted_in_the_area_that_owns_them():
    areas = town("AB\nCD")
    points = gpd.GeoSeries.from_xy([500_050.0] * 3 + [500_150.0], [3_400_050.0] * 3 + [3_400_150.0], crs=CRS)
    assert gg.hot_spots(areas, points)["count"].to_dict() == {"A": 0, "B": 1, "C": 3, "D": 0}


@pytest.mark.parametrize("drawing", ["A", "AB", "A.B.C"])
def test_a_few_areas_or_islands_give_no_hot_spot_and_no_error(drawing):
    areas = town(drawing)
    spots = gg.hot_spots(areas, pd.Series([100, 1, 1][: len(areas)], areas.index))
    assert (spots["kind"] == "none").all()
    assert spots["count"].tolist() == [100, 1, 1][: len(areas)]


def test_an_island_stands_for_itself():
    islands = BOARD.iloc[::1].copy()
    islands.geometry = islands.geometry.buffer(-10)
    counts = pd.Series(np.random.default_rng(1).poisson(5, 400), BOARD.index)
    counts["G0007"] = 200
    spots = gg.hot_spots(islands, counts)
    assert (spots["neighbours"] == 0).all()
    assert spots.index[spots["kind"] == "hot"].tolist() == ["G0007"]


@pytest.mark.parametrize("number", [0, 7])
def test_areas_that_are_all_alike_have_no_hot_spot(number):
    spots = gg.hot_spots(BOARD, pd.Series(number, BOARD.index))
    assert spots[["z", "p", "q"]].isna().all(axis=None)
    assert (spots["kind"] == "none").all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"counts": pd.Series({"A": 1})}, "counts: of area 'B' there are none"),
        ({"counts": pd.Series({"A": 1, "B": -2})}, "counts: of area 'B' there are -2"),
        ({"counts": pd.Series([1, 2, 3], ["A", "A", "B"])}, "counts: area 'A' is there twice"),
        ({"per": "person"}, "per is 'person'; it is one of households, km2, area"),
        ({"per": "households"}, "no area has households"),
        ({"false_discovery_rate": 5}, "false_discovery_rate is 5"),
    ],
)
def test_bad_input_is_refused(options, words):
    given = {"counts": pd.Series({"A": 1, "B": 2}), **options}
    with pytest.raises(gg.TableError, match=words):
        gg.hot_spots(town("AB"), given.pop("counts"), **given)


def test_bad_areas_are_refused():
    counts = pd.Series({"A": 1, "B": 2})
    with pytest.raises(gg.TableError, match="areas: there is none"):
        gg.hot_spots(town("AB").iloc[:0], counts)
    with pytest.raises(gg.CrsError, match="is in degrees"):
        gg.hot_spots(town("AB").to_crs(4326), counts)
    with pytest.raises(gg.TableError, match="area_id 'A' is there twice"):
        gg.hot_spots(town("AB").iloc[[0, 0]], counts)


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    real = builtins.__import__

    def refuse(name, *rest, **more):
        if name.startswith("esda"):
            raise ModuleNotFoundError("No module named 'esda'", name="esda")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(gg.GridgeoError, match=r'hot spots need esda; pip install "gridgeo\[statistics\]"'):
        gg.hot_spots(town("ABC\nDEF\nGHI"), pd.Series(range(9), list("ABCDEFGHI")))
