import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.carriageways import fit_streets
from gridgeo.design.streets import dividing_lines, find_edge_gap, find_short_streets
from gridgeo.model.tables import FINDINGS, STREETS, check

COMMUNITY = communities("""
    CCC
    CCC
    CCC
""")
NO_LINES = np.array([], dtype=object)


def lines_of(streets, *, anchors=NO_LINES, ground=COMMUNITY, **options):
    shapes = ground.geometry.to_numpy()
    borders = shapely.get_parts(shapely.boundary(shapes))
    return dividing_lines(streets, borders, shapely.union_all(shapes), anchors=anchors, **options)


def in_squares(line):
    """Give the places of a line in squares from the south-west, from west to east."""
    xy = (shapely.get_coordinates(line) - [EAST_M, NORTH_M]) / SIDE_M
    places = [tuple(float(each) for each in place) for place in xy.round(9)]
    return places if places[0] <= places[-1] else places[::-1]


def drawn(streets, **options):
    return sorted(in_squares(line) for line in lines_of(streets, **options))


def faces(streets, **options):
    """Cut the territory along the lines as they are."""
    edge = shapely.boundary(COMMUNITY.geometry.to_numpy())
    noded = shapely.union_all(np.concatenate([edge, lines_of(streets, **options)]), grid_size=1e-7)
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))


# Dead ends


def test_a_street_from_edge_to_edge_stays():
    assert drawn(street_lines([[(0, 1), (3, 1)]])) == [[(0, 1), (3, 1)]]


def test_a_street_is_cut_at_the_edge_of_the_territory():
    assert drawn(street_lines([[(-2, 1), (5, 1)]])) == [[(0, 1), (3, 1)]]


def test_a_lane_that_leads_nowhere_is_dropped():
    assert drawn(street_lines([[(0, 1), (3, 1)], [(1.5, 1), (1.5, 1.5)]])) == [[(0, 1), (3, 1)]]


def test_only_the_dead_stretch_of_a_street_is_dropped():
    streets = street_lines([[(0, 1), (1, 1), (2.5, 1)], [(2, 0), (2, 3)]])
    assert drawn(streets) == [[(0, 1), (1, 1), (2, 1)], [(2, 0), (2, 3)]]


def test_lanes_of_dead_lanes_are_dropped_with_them():
    twigs = [[(0.7, 0.7), (0.9, 0.5)], [(0.8, 0.6), (0.8, 0.7)], [(0.4, 0.4), (0.6, 0.4)]]
    streets = street_lines([[(0, 3), (3, 0)], [(0.2, 0.2), (0.7, 0.7)], *twigs])
    assert drawn(streets) == [[(0, 3), (3, 0)]]


def test_a_dead_end_that_reaches_through_others_keeps_what_bounds_a_block():
    streets = street_lines([[(0.5, 0), (0.5, 2.5)], [(0, 1), (3, 1)], [(0, 2), (3, 2)]])
    assert [(0.5, 0), (0.5, 2)] in drawn(streets)


def test_a_street_that_touches_nothing_is_dropped():
    assert drawn(street_lines([[(1, 1), (2, 1)]])) == []


def test_a_ring_stays_with_the_street_that_leads_to_it():
    ring = [(1.5, 1), (1.5, 1.5), (1.2, 1.8), (1.8, 1.8), (1.5, 1.5)]
    streets = street_lines([[(0, 1), (3, 1)], ring])
    assert [(1.5, 1), (1.5, 1.5)] in drawn(streets)
    assert shapely.length(lines_of(streets)).sum() == pytest.approx(streets.length.sum())
    assert sorted(shapely.area(faces(streets)).round(2)) == [900, 30_000, 59_100]


def test_a_closed_ring_alone_stays():
    ring = [(1, 1), (2, 1), (2, 2), (1, 1)]
    assert len(drawn(street_lines([ring]))) == 1


def test_a_street_that_ends_at_an_estate_bounds_the_land_beside_it():
    estate = shapely.box(EAST_M + 2 * SIDE_M, NORTH_M, EAST_M + 3 * SIDE_M, NORTH_M + 2 * SIDE_M)
    streets = street_lines([[(0, 1), (2.5, 1)]])
    assert drawn(streets, anchors=np.array([shapely.boundary(estate)])) == [[(0, 1), (2, 1)]]
    assert drawn(streets) == []


def test_dead_ends_stay_where_the_caller_names_no_anchors():
    assert drawn(street_lines([[(0, 1), (2, 1)]]), anchors=None) == [[(0, 1), (2, 1)]]


# Ends that stop short


def test_an_end_just_before_the_edge_is_prolonged_to_it():
    streets = street_lines([[(0, 1), (2.9, 1)]])
    assert drawn(streets) == [[(0, 1), (2.9, 1)], [(2.9, 1), (3, 1)]]
    assert len(faces(streets)) == 2


def test_an_end_is_prolonged_straight_on_to_the_first_line():
    streets = street_lines([[(0.9, 0.9), (0.5, 0.5), (0.95, 0.95)], [(0, 2), (2, 0)], [(0, 2.1), (2.1, 0)]])
    assert [(0.95, 0.95), (1, 1)] in drawn(street_lines([[(0.2, 0.2), (0.95, 0.95)], [(0, 2), (2, 0)]]), anchors=None)
    assert [(0.95, 0.95), (1, 1)] in drawn(streets, anchors=None)


def test_an_end_too_far_before_a_line_stays_where_it_is():
    assert len(faces(street_lines([[(0, 1), (2.8, 1)]]))) == 1
    assert len(faces(street_lines([[(0, 1), (2.8, 1)]]), gap_m=20.001)) == 2
    assert len(faces(street_lines([[(0, 1), (2.99, 1)]]), gap_m=0)) == 1


@pytest.mark.parametrize("gap_m", [1e-6, 1e-4, 0.003, 0.04])
def test_an_end_a_hair_before_a_line_divides(gap_m):
    streets = street_lines([[(0, 1), (2 - gap_m / SIDE_M, 1)], [(2, 0), (2, 3)]])
    assert sorted(shapely.area(faces(streets)).round(2)) == [20_000, 30_000, 40_000]


def test_an_end_beside_a_line_is_joined_to_it():
    streets = street_lines([[(0, 0.5), (1, 0.9998)], [(0, 1), (3, 1)], [(0, 2), (3, 2)]])
    assert len(faces(streets)) == 4


# Bad lines


def test_a_line_that_stands_twice_counts_once():
    streets = street_lines([[(0, 1), (3, 1)], [(3, 1), (0, 1)], [(0, 2), (2, 2)], [(0, 2), (2, 2)]])
    assert drawn(streets) == [[(0, 1), (3, 1)]]


def test_a_line_that_crosses_itself_bounds_its_loop():
    streets = street_lines([[(0, 1), (2, 1), (2, 2), (1, 2), (1, 0)]])
    assert sorted(shapely.area(faces(streets)).round(2)) == [10_000, 10_000, 70_000]


def test_lines_without_length_and_repeated_vertices_do_no_harm():
    streets = street_lines([[(0, 1), (2.9, 1), (2.9, 1)], [(1, 1), (1, 1)], [(2, 2), (2, 2)]])
    assert len(faces(streets)) == 2
    assert np.isfinite(shapely.get_coordinates(lines_of(streets))).all()


def test_lines_of_several_parts_and_with_heights_are_taken_apart():
    streets = street_lines([[(0, 1), (3, 1)], [(1, 0), (1, 3)]])
    both = shapely.force_3d(shapely.multilinestrings(list(streets.geometry)), 7.0)
    one = gpd.GeoDataFrame({"rank": [4], "kind": ["street"]}, geometry=[both], crs=CRS, index=["S1"])
    assert drawn(one) == drawn(streets)


def test_no_street_at_all_divides_nothing():
    none = street_lines([[(0, 1), (3, 1)]]).iloc[:0]
    assert drawn(none) == []
    assert drawn(street_lines([[(8, 8), (9, 9)]])) == []
    assert len(gg.make_atoms(COMMUNITY, none)) == 1


def test_the_order_of_rows_and_the_direction_of_lines_have_no_influence():
    lattice = _lattice(12)
    turned = lattice.sample(frac=1, random_state=5)
    turned["geometry"] = [line.reverse() if at % 2 else line for at, line in enumerate(turned.geometry)]
    ground = gpd.GeoDataFrame(geometry=[lattice.union_all().convex_hull.buffer(-40)], crs=CRS)
    first, second = lines_of(lattice, ground=ground), lines_of(turned, ground=ground)
    assert shapely.to_wkb(first).tolist() == shapely.to_wkb(second).tolist()


def _lattice(side, seed=0):
    """Lay a crooked lattice of streets with dead lanes off the middle of every other street."""
    random = np.random.default_rng(seed)
    step = np.arange(side) * 80.0
    xy = np.stack(np.meshgrid(step, step, indexing="ij"), axis=-1) + random.uniform(-15, 15, (side, side, 2))
    xy += [EAST_M, NORTH_M]
    ends = [[xy[:-1].reshape(-1, 2), xy[1:].reshape(-1, 2)], [xy[:, :-1].reshape(-1, 2), xy[:, 1:].reshape(-1, 2)]]
    streets = np.concatenate([np.stack(pair, axis=1) for pair in ends])
    middle = streets[::2].mean(axis=1)
    lanes = np.stack([middle, middle + random.uniform(-12, 12, middle.shape)], axis=1)
    shapes = shapely.linestrings(np.concatenate([streets, lanes]))
    index = pd.Index([f"S{number:06d}" for number in range(len(shapes))], name="street_id")
    return gpd.GeoDataFrame({"rank": 4, "kind": "street"}, geometry=shapes, index=index, crs=CRS)


@pytest.mark.parametrize("seed", range(3))
def test_dropping_dead_ends_changes_no_block_and_leaves_none(seed):
    lattice = _lattice(15, seed)
    ground = gpd.GeoDataFrame(geometry=[lattice.union_all().convex_hull.buffer(-40)], crs=CRS)
    edge = shapely.boundary(ground.geometry.to_numpy())
    kept, dropped = lines_of(lattice, ground=ground, anchors=None), lines_of(lattice, ground=ground)
    assert shapely.length(dropped).sum() < shapely.length(kept).sum() - 100
    before, after = (
        shapely.get_parts(shapely.union_all(np.concatenate([edge, lines]), grid_size=1e-7)) for lines in (kept, dropped)
    )
    blocks = [np.sort(shapely.area(shapely.get_parts(shapely.polygonize(noded)))) for noded in (before, after)]
    assert len(blocks[0]) == len(blocks[1])
    assert blocks[0] == pytest.approx(blocks[1], abs=1e-3)
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(after, at)) for at in (0, -1)])
    assert np.unique(ends, axis=0, return_counts=True)[1].min() >= 2


# Streets that stop short are told


def test_a_street_that_stops_well_before_the_edge_is_told():
    found = find_short_streets(street_lines([[(0, 1), (2.6, 1)]]), COMMUNITY)
    check(found, FINDINGS)
    row = found.iloc[0]
    assert (len(found), row["kind"], row["severity"], row["area_ids"]) == (1, "streets_short", "note", "C")
    assert (row["value"], row["limit"], row["quantity"]) == (pytest.approx(40), 15.0, "m")
    assert row["message"] == "street 'S000' (S000) ends 40 m before a border"
    assert in_squares(row.geometry) == [(2.6, 1), (3, 1)]


def test_a_street_that_stops_well_before_another_is_told_with_both():
    found = find_short_streets(street_lines([[(0, 1), (1.5, 1)], [(2, 0), (2, 3)]]), COMMUNITY)
    assert found["message"].tolist() == ["street 'S000' (S000) ends 50 m before street 'S001' (S001)"]


def test_dead_ends_and_ends_that_are_prolonged_are_not_told():
    streets = street_lines([[(0, 1), (2.3, 1)], [(0, 2), (2.9, 2)], [(0, 0.5), (3, 0.5)]])
    assert not len(find_short_streets(streets, COMMUNITY))


def test_more_short_streets_than_a_person_reads_share_a_row():
    lanes = [[(0, y), (3 - 0.3 - 0.01 * at, y)] for at, y in enumerate(np.linspace(0.2, 2.8, 9))]
    found = find_short_streets(street_lines(lanes), COMMUNITY, most=4)
    assert found["value"].tolist() == pytest.approx([30, 31, 32, 33, 5])
    assert found["message"].iloc[-1] == "5 more streets end up to 60 m before the line ahead of them"
    assert len(shapely.get_parts(found.geometry.iloc[-1])) == 5
    assert find_short_streets(street_lines(lanes).iloc[::-1], COMMUNITY, most=4)["message"].equals(found["message"])


def test_without_streets_no_street_is_short():
    assert not len(find_short_streets(street_lines([[(8, 8), (9, 9)]]), COMMUNITY))
    assert not len(find_short_streets(street_lines([[(0, 1), (3, 1)]]).iloc[:0], COMMUNITY))


@pytest.mark.parametrize("tell", [find_short_streets, find_edge_gap, fit_streets])
def test_streets_in_another_crs_are_refused(tell):
    with pytest.raises(gg.CrsError, match=r"use (streets|communities)\.to_crs"):
        tell(street_lines([[(0, 1), (3, 1)]]).to_crs("EPSG:32650"), COMMUNITY)


# Carriageways

TWO_CARRIAGEWAYS = street_lines(
    [
        *[[(x, 0), (x, 6)] for x in (0, 1.4, 3.1, 3.22, 4.6, 6)],
        *[[(0, y), (6, y)] for y in (0, 1.2, 2.7, 4.1, 6)],
    ]
)
LARGE = communities("\n".join(["CCCCCC"] * 6))


def narrow_faces(streets, width_m=20):
    noded = shapely.union_all(streets.geometry.to_numpy())
    shapes = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    return int((2 * shapely.area(shapes) < width_m * shapely.length(shapes)).sum())


def test_two_carriageways_become_one_line_between_them():
    pytest.importorskip("neatnet")
    made = fit_streets(TWO_CARRIAGEWAYS, LARGE)
    check(made, STREETS)
    assert (narrow_faces(TWO_CARRIAGEWAYS), narrow_faces(made)) == (4, 0)
    middle = shapely.box(EAST_M + 3 * SIDE_M, NORTH_M + 10, EAST_M + 3.3 * SIDE_M, NORTH_M + 590)
    between = made.geometry.intersection(middle)
    upright = between[between.length > 100]
    assert upright.index.tolist() == ["S002"]
    assert (shapely.get_coordinates(upright["S002"])[:, 0] - EAST_M) / SIDE_M == pytest.approx(3.16, abs=0.01)
    assert made.length.sum() < TWO_CARRIAGEWAYS.length.sum() - 550
    assert (made["name"] == made.index).all()


def test_atoms_of_fitted_streets_lie_on_them():
    pytest.importorskip("neatnet")
    made = fit_streets(TWO_CARRIAGEWAYS, LARGE)
    atoms = gg.make_atoms(LARGE, made)
    borders = gg.find_borders(atoms)
    assert borders.loc[borders["rank"] > 0, "length_m"].sum() > 0.99 * borders["length_m"].sum()


def test_other_streets_and_columns_stay_as_they_are():
    pytest.importorskip("neatnet")
    river = street_lines([[(3.16, -1), (3.16, 7)]]).rename(index={"S000": "R1"}).assign(kind="river", rank=1)
    far = street_lines([[(20, 20), (30, 20)], [(20, 20.1), (30, 20.1)]]).rename(index={"S000": "F1", "S001": "F2"})
    streets = pd.concat([river, TWO_CARRIAGEWAYS.assign(rank=6), far])
    made = fit_streets(streets, LARGE)
    for key in ("R1", "F1", "F2"):
        assert made.geometry[key].equals_exact(streets.geometry[key])
    assert shapely.hausdorff_distance(made.geometry["S000"], streets.geometry["S000"]) < 1e-6
    assert made["rank"].equals(streets["rank"].loc[made.index])
    assert made.index.tolist() == [key for key in streets.index if key in set(made.index)]


def test_a_narrow_block_with_households_is_kept():
    pytest.importorskip("neatnet")
    homes = households_at([(3.16, 0.5), (3.16, 2), (3.16, 3.5), (3.16, 5)])
    made = fit_streets(TWO_CARRIAGEWAYS, LARGE, keep=homes)
    assert {"S002", "S003"} <= set(made.index)
    assert narrow_faces(made) == 4


def test_the_order_of_rows_has_no_influence_on_fitted_streets():
    pytest.importorskip("neatnet")
    first = fit_streets(TWO_CARRIAGEWAYS, LARGE)
    second = fit_streets(TWO_CARRIAGEWAYS.iloc[::-1], LARGE).loc[first.index]
    assert shapely.to_wkb(first.geometry).tolist() == shapely.to_wkb(second.geometry).tolist()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [[(0, 1), (3, 1)]],
        [[(0, 1), (3, 1)], [(1, 0), (1, 3)]],
        [[(0, 0), (1, 0), (1, 1), (0, 0)]],
        [[(x, 0), (x, 3)] for x in range(4)] + [[(0, y), (3, y)] for y in range(4)],
    ],
    ids=["none", "one", "cross", "ring", "lattice"],
)
def test_a_town_with_hardly_any_streets_is_left_as_it_is(lines):
    pytest.importorskip("neatnet")
    streets = street_lines(lines or [[(0, 1), (3, 1)]]).iloc[: len(lines)]
    made = fit_streets(streets, COMMUNITY)
    assert made.index.tolist() == streets.index.tolist()
    assert made.geometry.tolist() == streets.geometry.tolist()


def test_without_neatnet_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "neatnet", None)
    with pytest.raises(gg.GridgeoError, match=r"pip install 'gridgeo\[streets\]'"):
        fit_streets(TWO_CARRIAGEWAYS, LARGE)


def test_what_neatnet_stumbles_over_is_told_with_the_way_out(monkeypatch):
    neatnet = pytest.importorskip("neatnet")

    def stumble(*_, **__):
        raise ValueError("Length of values (3) does not match length of index (2)")

    monkeypatch.setattr(neatnet, "neatify", stumble)
    with pytest.raises(gg.GridgeoError, match=r"neatnet cannot fit these 11 streets .* go on without fit_streets"):
        fit_streets(TWO_CARRIAGEWAYS, LARGE)


# An inner city


def test_the_streets_of_nanjing_lose_islands_and_no_name():
    pytest.importorskip("neatnet")
    path = shared("nanjing_xinjiekou/nanjing.gpkg")
    ground = gg.read_layer(path, "study_area", table="communities")
    streets = gg.read_layer(path, "streets", to=ground.crs)
    homes = gg.read_layer(path, "household_points", table="households", to=ground.crs)
    made = fit_streets(streets, ground, keep=homes)
    gone = streets[~streets.index.isin(made.index)]
    assert 0 < gone.length.sum() < 0.01 * streets.length.sum()
    assert set(gone["name"].dropna()) <= {"新街口转盘"}
    assert narrow_faces(made) < narrow_faces(streets)
    everywhere = shapely.points(shapely.get_coordinates(shapely.segmentize(streets.geometry.to_numpy(), 5)))
    moved = shapely.distance(everywhere, made.union_all())
    assert (np.quantile(moved, 0.99) < 6, moved.max() < 40) == (True, True)
