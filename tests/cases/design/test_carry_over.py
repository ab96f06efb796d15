"""New atoms take the owners of the plan in force."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound, drawn_atoms, pieces_of

import gridgeo as gg
from gridgeo.design.carry_over import carry, carry_over


@pytest.fixture(scope="module")
def plan():
    drawing = "\n".join(["CCCCCCDDDDDD"] * 6)
    return gg.partition(drawn_atoms(drawing, households=20), gg.load_profile("guali-2024"), effort="fast")


def test_other_counts_on_the_same_atoms_leave_every_owner_as_it_is(plan):
    grown = plan.atoms.assign(households=plan.atoms["households"] + 3).iloc[::-1]
    carried = carry_over(plan, grown)
    for level in plan.levels:
        pd.testing.assert_series_equal(carried.owner(level).sort_index(), plan.owner(level).sort_index())
    assert carried.atoms.index.equals(grown.index)
    assert not len(carried.certificates)


def test_atoms_that_are_numbered_anew_get_their_old_ids_back_by_their_shape(plan):
    turned = plan.atoms.iloc[::-1]
    numbered = turned.set_axis(pd.Index([f"A{at:03d}" for at in range(1, len(turned) + 1)], name="atom_id"))
    carried = carry_over(plan, numbered)
    assert carried.atoms.index.tolist() == turned.index.tolist()
    pd.testing.assert_series_equal(carried.owner("grid").sort_index(), plan.owner("grid").sort_index())


def cut_in_two(atoms, atom_id):
    """A new street runs through one atom from north to south, a third from its west."""
    west, south, east, north = atoms.geometry[atom_id].bounds
    halves = [shapely.box(west, south, west + 30, north), shapely.box(west + 30, south, east, north)]
    rows = gpd.GeoDataFrame(pd.concat([atoms.loc[[atom_id]]] * 2), geometry=halves, crs=atoms.crs)
    rows = rows.set_axis(pd.Index(["A001", "A900"], name="atom_id"))
    rows["area_m2"], rows["households"] = rows.area, [6, 14]
    kept = atoms.drop(index=atom_id)
    kept = kept.set_axis(pd.Index([f"A{at:03d}" for at in range(101, 101 + len(kept))], name="atom_id"))
    # The ends of the street are vertices of the atoms to the north and the south, too.
    ends = shapely.MultiPoint([(west + 30, south), (west + 30, north)])
    kept = kept.set_geometry(
        gpd.GeoSeries(shapely.snap(kept.geometry.to_numpy(), ends, 0.01), kept.index, crs=atoms.crs)
    )
    return gpd.GeoDataFrame(pd.concat([kept, rows]), crs=atoms.crs)


def test_a_new_street_changes_the_atoms_it_cuts_and_no_others(plan):
    carried = carry_over(plan, cut_in_two(plan.atoms, "A030"))
    assert set(plan.atoms.index) - set(carried.atoms.index) == {"A030"}
    fresh = carried.atoms.index.difference(plan.atoms.index)
    assert len(fresh) == 2
    assert (carried.owner("grid")[fresh] == plan.owner("grid")["A030"]).all()
    assert (carried.owner("micro")[fresh] == plan.owner("micro")["A030"]).all()
    kept = plan.atoms.index.drop("A030")
    assert (carried.owner("grid")[kept] == plan.owner("grid")[kept]).all()
    assert_sound(carried)
    assert set(pieces_of(carried)) == {1}
    assert set(carried.borders["atom_a"]) <= set(carried.atoms.index)


def test_households_that_lived_there_are_shared_out_by_those_that_do_now(plan):
    passed = carry(plan, cut_in_two(plan.atoms, "A030"))
    fresh = passed.plan.atoms.index.difference(plan.atoms.index)
    settled = pd.Series(passed.settled, index=passed.plan.atoms.index)
    assert sorted(settled[fresh]) == [6, 14]
    assert settled.sum() == plan.atoms["households"].sum()


def test_an_atom_over_a_community_border_stays_on_its_own_side(plan):
    border = plan.atoms[plan.atoms["community_id"] == "C"].geometry.bounds["maxx"].max()
    homes = plan.atoms["community_id"]
    assert carry_over(plan, plan.atoms).owner("community").equals(homes.rename("area_id"))
    moved = plan.atoms.copy()
    east = moved.index[(moved["community_id"] == "D") & (moved.geometry.bounds["minx"] == border)]
    moved.loc[east, "community_id"] = "C"
    carried = carry_over(plan, moved)
    assert set(carried.register.loc[carried.owner("grid")[east], "parent_id"]) == {"C"}
    assert_sound(carried)


def test_a_community_that_the_plan_does_not_know_is_refused(plan):
    with pytest.raises(gg.TableError, match="'E' has no area in the plan"):
        carry_over(plan, plan.atoms.assign(community_id="E"))


def test_atoms_in_another_crs_are_refused(plan):
    with pytest.raises(gg.CrsError):
        carry_over(plan, plan.atoms.to_crs("EPSG:4548"))
