import numpy as np
import pandas as pd
import pytest
import shapely
from towns import communities, households_at, street_lines

import gridgeo as gg
from gridgeo.design.problem import Problem

GUALI = gg.load_profile("guali-2024")


def streets_every(step, columns, rows):
    across = [[(0, y), (columns, y)] for y in range(0, rows + 1, step)]
    up = [[(x, 0), (x, rows)] for x in range(0, columns + 1, step)]
    return street_lines(across + up)


def block_town(columns, rows, count):
    """Draw a community of square blocks, each with households at nine places."""
    places = [(x + i / 4, y + j / 4) for x in range(columns) for y in range(rows) for i in (1, 2, 3) for j in (1, 2, 3)]
    community = communities("\n".join("C" * columns for _ in range(rows)))
    return community, streets_every(1, columns, rows), households_at(places, count=count)


def test_a_town_of_blocks_is_divided_inside_the_band_along_its_streets():
    community, streets, homes = block_town(6, 6, 5)
    atoms = gg.make_atoms(community, streets, homes, profile=GUALI)
    plan = gg.partition(atoms, GUALI)
    grids = plan.areas("grid")
    assert grids["households"].between(300, 500).all()
    assert grids["households"].sum() == homes["count"].sum()
    assert plan.quality("grid")["street_share"] == 1.0
    assert plan.quality("grid")["blocks_cut"] == 0
    assert not len(plan.certificates[plan.certificates["level"] == "grid"])


def test_micro_grids_lie_in_grids_and_keep_their_band():
    community, streets, homes = block_town(4, 4, 6)
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    micro, grids = plan.areas("micro"), plan.areas("grid")
    assert micro["households"].between(50, 80).all()
    for area_id, row in micro.iterrows():
        assert area_id.startswith(row["parent_id"])
        assert shapely.difference(row.geometry, grids.geometry[row["parent_id"]]).area < 1e-6


def test_a_total_without_a_division_is_certified_with_the_nearest_relaxation():
    community, streets, homes = block_town(3, 3, 7)
    homes = homes.iloc[:80]
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    told = plan.certificates.query("level == 'grid'").iloc[0]
    assert (told["reason"], told["area_id"], told["households"], told["relaxation"]) == ("total", "C", 560, "low=280")
    assert "1 hold at most 500, 2 need at least 600" in told["message"]
    assert plan.areas("grid")["households"].between(280, 500).all()


def test_a_community_too_small_for_one_grid_is_one_grid_and_told():
    community, streets, homes = block_town(2, 2, 5)
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    assert plan.areas("grid")["households"].tolist() == [180]
    assert plan.certificates["relaxation"].tolist()[0] == "low=180"


def test_a_community_without_households_is_one_grid():
    community, streets, _ = block_town(2, 2, 1)
    plan = gg.partition(gg.make_atoms(community, streets), GUALI)
    assert plan.areas("grid")["households"].tolist() == [0]
    assert plan.certificates["reason"].tolist() == ["total", "total"]


def test_all_households_in_one_point_are_one_atom_that_is_told():
    community, streets, _ = block_town(3, 3, 1)
    homes = households_at([(1.5, 1.5)], count=900)
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    told = plan.certificates[plan.certificates["level"] == "grid"]
    assert "atom_over_max" in told["reason"].tolist()
    assert told.loc[told["reason"] == "atom_over_max", "households"].tolist() == [900]


def test_an_atom_among_giants_is_certified_dead():
    row = communities("CCC")
    homes = households_at([(0.5, 0.5), (1.5, 0.5), (2.5, 0.5)]).assign(count=[400, 150, 400])
    plan = gg.partition(gg.make_atoms(row, streets_every(1, 3, 1), homes, cap=1000), gg.load_profile("sichuan"))
    assert plan.certificates["reason"].tolist() == ["dead_atom"]
    assert plan.certificates["households"].tolist() == [150]


def test_the_two_parts_of_a_community_are_divided_by_themselves():
    parts = communities("CCC.CCC\nCCC.CCC")
    places = [(x + i / 4, y + 0.5) for x in (0, 1, 2, 4, 5, 6) for y in (0, 1) for i in (1, 2, 3)]
    homes = households_at(places, count=20)
    plan = gg.partition(gg.make_atoms(parts, streets_every(1, 7, 2), homes, profile=GUALI), GUALI)
    grids = plan.areas("grid")
    assert grids["households"].tolist() == [360, 360]
    assert set(grids.geom_type) == {"Polygon"}


def test_an_island_too_small_to_stand_alone_is_joined_and_told():
    parts = communities("CCC.C\nCCC..")
    places = [(x + i / 4, y + 0.5) for x in (0, 1, 2) for y in (0, 1) for i in (1, 2, 3)] + [(4.5, 1.5)]
    plan = gg.partition(gg.make_atoms(parts, streets_every(1, 5, 2), households_at(places, count=20)), GUALI)
    told = plan.certificates[plan.certificates["reason"] == "component"]
    assert told["households"].iloc[0] == 20
    assert "joined over a gap of 100 m" in told["message"].iloc[0]
    assert plan.areas("grid")["households"].sum() == 380


def test_areas_are_numbered_from_the_north_west():
    community, streets, homes = block_town(6, 6, 5)
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    first = plan.areas("grid").loc["C-01"]
    assert first.geometry.distance(shapely.Point(500_000, 3_400_600)) == 0


def test_codes_build_on_a_community_of_twelve_digits():
    community, streets, homes = block_town(4, 4, 6)
    community.index = pd.Index(["330109107201"], name="area_id")
    plan = gg.partition(gg.make_atoms(community, streets, homes, profile=GUALI), GUALI)
    assert plan.register.loc["330109107201-01", "code"] == "330109107201001"
    assert plan.register.loc["330109107201-01-02", "code"] == "33010910720100102"


def test_a_method_of_ones_own_divides_too():
    def halves(problem: Problem, seed: int) -> np.ndarray:
        return (np.arange(len(problem)) >= len(problem) // 2).astype(int)

    community, streets, homes = block_town(4, 1, 20)
    plan = gg.partition(gg.make_atoms(community, streets, homes), gg.load_profile("sichuan"), method=halves)
    assert len(plan.areas("grid")) == 2


def test_an_unknown_method_or_effort_names_those_there_are():
    atoms = gg.make_atoms(*block_town(2, 2, 1))
    with pytest.raises(gg.GridgeoError, match="method 'magic' is unknown; choose one of gridgeo, metis"):
        gg.partition(atoms, GUALI, method="magic")
    with pytest.raises(gg.GridgeoError, match="effort 'all' is unknown; choose one of fast, normal, best"):
        gg.partition(atoms, GUALI, effort="all")


def test_a_level_that_the_plan_does_not_hold_is_an_error():
    plan = gg.partition(gg.make_atoms(*block_town(2, 2, 50)), gg.load_profile("sichuan"))
    with pytest.raises(gg.UnknownAreaError, match="no level 'micro'; its levels are community, grid"):
        plan.areas("micro")


def test_the_manifest_tells_how_to_draw_the_plan_again():
    plan = gg.partition(gg.make_atoms(*block_town(4, 4, 6), profile=GUALI), GUALI, effort="fast", seed=7)
    wanted = {"profile": "guali-2024", "method": "gridgeo", "effort": "fast", "seed": 7, "households": 864}
    assert {key: plan.manifest[key] for key in wanted} == wanted
    assert len(plan.manifest["atoms_sha256"]) == 64
