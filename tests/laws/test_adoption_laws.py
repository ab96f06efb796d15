"""What holds for every map that is adopted with streets, judged by shapely alone."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from broken_maps import CORNER, CRS, ragged_map
from hypothesis import given
from hypothesis import strategies as st

import gridgeo as gg

SIDE_M = 300.0
SLIVER_M = 12.0
SNAP_M = 15.0


@st.composite
def towns(draw):
    """Draw a ragged map, streets beside its borders and across, and households."""
    seed = draw(st.integers(0, 10_000))
    random = np.random.default_rng(seed)
    columns, rows = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    areas = ragged_map(columns, rows, points=draw(st.integers(2, 8)), side_m=SIDE_M, seed=seed).areas[["geometry"]]
    beside = draw(st.lists(st.floats(-14, 14), min_size=1, max_size=6))
    shapes = areas.geometry.to_numpy()
    lines = [shapely.buffer(shapes[at % len(shapes)], metres).boundary for at, metres in enumerate(beside)]
    lines += [_across(random, columns, rows) for _ in range(draw(st.integers(0, 5)))]
    lines = [line for line in lines if not line.is_empty]
    index = pd.Index([f"S{number}" for number in range(len(lines))], name="street_id")
    streets = gpd.GeoDataFrame(geometry=gpd.GeoSeries(lines, index=index, crs=CRS))
    xy = CORNER + random.uniform(0.2, 0.8, (200, 2)) * [columns * SIDE_M, rows * SIDE_M]
    index = pd.Index([f"H{number:04d}" for number in range(len(xy))], name="household_id")
    places = gpd.GeoSeries(shapely.points(xy), index=index, crs=CRS)
    homes = gpd.GeoDataFrame({"count": random.integers(1, 4, len(xy))}, geometry=places, index=index)
    return areas, streets, homes


def _across(random, columns, rows):
    """Lay a bent street from somewhere to somewhere, through or along."""
    return shapely.LineString(CORNER + random.uniform(-0.2, 1.2, (4, 2)) * [columns * SIDE_M, rows * SIDE_M])


@given(towns())
def test_the_atoms_of_an_area_are_the_area(town):
    areas, streets, homes = town
    plan = gg.adopt(areas, streets=streets, households=homes)
    shapes, owner = plan.atoms.geometry, plan.owner()
    for key, shape in areas.geometry.items():
        parts = shapes[owner == key].to_numpy()
        assert shapely.area(parts).sum() == pytest.approx(shape.area, abs=1e-4)
        assert shapely.union_all(parts).symmetric_difference(shape).area < 1e-6 * shape.length
    assert gg.certify(plan.areas(), areas).holds
    kept = {tuple(xy) for xy in shapely.get_coordinates(plan.areas().geometry.to_numpy()).tolist()}
    assert {tuple(xy) for xy in shapely.get_coordinates(areas.geometry.to_numpy()).tolist()} <= kept


@given(towns())
def test_no_block_beside_a_border_is_a_sliver(town):
    areas, streets, _ = town
    atoms = gg.adopt(areas, streets=streets).atoms
    assert (2 * atoms.area / atoms.length).min() >= SLIVER_M
    # No end of a block that lies wholly beside a border is thinner than a path, for longer than a road is wide.
    rim = areas.boundary.union_all().buffer(SNAP_M)
    thin = atoms.geometry.difference(atoms.buffer(-1.5).buffer(1.6)).intersection(rim)
    ends = shapely.get_parts(thin.to_numpy())
    assert shapely.length(ends).max(initial=0) / 2 < 2 * SNAP_M


@given(towns())
def test_every_household_counts_once_in_its_area(town):
    areas, streets, homes = town
    plan = gg.adopt(areas, streets=streets, households=homes)
    assert plan.atoms["households"].sum() == homes["count"].sum()
    held = gpd.sjoin(homes, areas, predicate="within").groupby("area_id")["count"].sum()
    assert plan.areas()["households"].to_dict() == held.reindex(areas.index, fill_value=0).to_dict()


@given(towns())
def test_streets_in_another_order_make_the_same_atoms(town):
    areas, streets, homes = town
    one = gg.adopt(areas, streets=streets, households=homes)
    other = gg.adopt(areas.iloc[::-1], streets=streets.iloc[::-1], households=homes.iloc[::-1])
    assert one.atoms.geometry.geom_equals_exact(other.atoms.geometry, 0).all()
    assert one.atoms["households"].tolist() == other.atoms["households"].tolist()
