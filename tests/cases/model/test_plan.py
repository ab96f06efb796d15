import dataclasses

import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import town

import gridgeo as gg


def test_areas_are_the_union_of_their_atoms():
    atoms = town("ABCD", households=10)
    owner = pd.Series(["x", "x", "y", "y"], index=atoms.index)
    drawn = gg.draw_areas(atoms, owner)
    assert drawn["households"].to_dict() == {"x": 20, "y": 20}
    assert drawn["area_m2"].tolist() == [20_000.0, 20_000.0]
    assert shapely.coverage_is_valid(drawn.geometry.to_numpy())


def test_rings_run_as_rfc_7946_wants_them():
    drawn = gg.draw_areas(town("AAA\nABA\nAAA"), pd.Series(["x", "y"], index=["A", "B"]))
    ring = drawn.geometry["x"]
    assert ring.exterior.is_ccw
    assert not ring.interiors[0].is_ccw


def test_an_area_of_two_parts_stays_one_area():
    drawn = gg.draw_areas(town("ABA"), pd.Series(["x", "y"], index=["A", "B"]))
    assert drawn.geom_type.tolist() == ["MultiPolygon", "Polygon"]


def test_atoms_that_nobody_owns_are_drawn_nowhere():
    drawn = gg.draw_areas(town("AB"), pd.Series(["x"], index=["A"]))
    assert drawn.index.tolist() == ["x"]
    assert drawn["area_m2"].iloc[0] == pytest.approx(10_000)
    assert isinstance(drawn["households"].iloc[0], np.integer)


def test_quality_counts_what_is_cut():
    plan = drawn_plan("ABCD", grid="1122", households=200)
    borders = plan.borders.assign(
        rank=[
            5 if {a, b} == {"B", "C"} else 0
            for a, b in zip(plan.borders["atom_a"], plan.borders["atom_b"], strict=True)
        ]
    )
    quality = dataclasses.replace(plan, borders=borders).quality("grid")
    assert (quality["areas"], quality["in_band"], quality["households_min"]) == (2, 1.0, 400)
    assert (quality["street_share"], quality["border_m"], quality["blocks_cut"]) == (1.0, 100.0, 0)
    assert quality["compactness"] == pytest.approx(4 * np.pi * 20_000 / 600**2)


def test_quality_sees_borders_off_the_streets_and_cut_blocks():
    plan = drawn_plan("ABCD", grid="1122", households=100)
    atoms = plan.atoms.assign(block_id=["x", "x", "x", "y"])
    plan = dataclasses.replace(plan, atoms=atoms, borders=plan.borders.assign(rank=0))
    quality = plan.quality("grid")
    assert (quality["street_share"], quality["blocks_cut"], quality["in_band"]) == (0.0, 1, 0.0)


def test_borders_of_communities_are_nobodys_choice():
    plan = drawn_plan("ABCD", grid="1122", community="1122")
    assert plan.quality("grid")["border_m"] == 0.0
    assert np.isnan(plan.quality("grid")["street_share"])


def test_each_area_is_measured():
    measures = drawn_plan("ABCD", grid="1122", households=200).area_measures("grid")
    assert measures["atoms"].tolist() == [2, 2]
    assert measures["in_band"].tolist() == [True, True]
    assert measures["border_m"].tolist() == [100.0, 100.0]
