"""Nesting of networks: which areas are cut, in what proportion, what has to move, and what is refused."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from real_maps import layer
from towns import CRS, EAST_M, NORTH_M, households_at, town

import gridgeo as gg
from gridgeo.model.tables import FINDINGS, check

WHOLE = town("AABB\nAABB"), town("XXYY\nXXYY")
CUT = town("AABB\nAABB\nCCDD"), town("XXXY\nXXXY\nXXYY")


def row(frame, **values):
    for name, value in values.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


# Polygons


def test_areas_that_fill_outer_areas_nest_without_moves():
    nesting = gg.check_nesting(*WHOLE)
    assert nesting
    assert nesting.reason == "all 2 areas lie whole in outer"
    assert nesting.inner["state"].tolist() == ["whole", "whole"]
    assert nesting.inner["outer_id"].tolist() == ["X", "Y"]
    assert nesting.outer["is_union"].tolist() == [True, True]
    assert len(nesting.cuts) == len(nesting.moves) == len(nesting.findings) == 0


def test_a_cut_area_is_told_with_its_pieces_and_households():
    homes = households_at([(2.5, 1.5), (3.5, 1.5), (3.5, 2.5), (0.5, 0.5)], count=3)
    nesting = gg.check_nesting(*CUT, homes)
    assert not nesting
    cut = row(nesting.inner, area_id="B")
    assert cut["state"] == "cut"
    assert cut["outer_id"] == "X"
    assert cut["area_share"] == pytest.approx(0.5)
    assert cut["household_share"] == pytest.approx(1 / 3)
    piece = row(nesting.cuts, area_id="B", outer_id="Y")
    assert piece["area_m2"] == pytest.approx(20_000)
    assert piece["households"] == 6
    assert piece["width_m"] == pytest.approx(100, rel=0.02)
    assert nesting.outer.set_index("area_id")["cut"].to_dict() == {"X": 1, "Y": 1}
    assert nesting.outer["is_union"].tolist() == [False, False]
    check(nesting.findings, FINDINGS)
    assert nesting.findings["kind"].tolist() == ["outside_parent"]
    assert nesting.findings["parent_ids"].tolist() == ["X,Y"]


def test_the_outer_border_moves_to_hold_the_cut_area_whole():
    move = row(gg.check_nesting(*CUT).moves, area_id="B")
    assert (move["from_id"], move["to_id"], move["note"]) == ("Y", "X", "")
    assert move["area_m2"] == pytest.approx(20_000)


def test_the_inner_border_moves_to_the_neighbour_in_the_same_outer_area():
    move = row(gg.check_nesting(*CUT, move="inner").moves, area_id="B")
    assert (move["outer_id"], move["from_id"], move["to_id"]) == ("Y", "B", "D")


def test_households_decide_where_they_are_weighed():
    homes = households_at([(3.5, 1.5)])
    nesting = gg.check_nesting(*CUT, homes, weight="households")
    assert row(nesting.inner, area_id="B")["outer_id"] == "Y"
    assert row(nesting.moves, area_id="B")["to_id"] == "Y"
    assert nesting.networks["moved_households"].tolist() == [0]


def test_a_piece_that_nobody_can_take_wants_a_decision():
    nesting = gg.check_nesting(town("AAAA"), town("XXXY"), move="inner")
    move = row(nesting.moves, area_id="A")
    assert pd.isna(move["to_id"])
    assert "holds no inner area" in move["note"]
    assert nesting.networks["undecided"].tolist() == [1]


def test_a_piece_that_no_area_of_its_outer_area_touches_wants_a_decision():
    moves = gg.check_nesting(town("AABBBCCC"), town("XXYYYYXY"), move="inner").moves
    assert moves["area_id"].tolist() == ["C"]
    assert moves["to_id"].isna().all()
    assert moves["note"].tolist() == ["no inner area of this outer area touches it: a person decides who takes it"]


def test_a_piece_beside_a_piece_that_moves_goes_with_it():
    inner = town("""
        ABBBB
        ACCCC
        DDDDD
    """)
    outer = town("""
        XXYYY
        XXYYY
        ZZZZZ
    """)
    assert gg.check_nesting(inner, outer, move="inner").moves["to_id"].tolist() == ["A", "A"]
    inner, outer = town("ABBBBB\n.CCCCC"), town("XXYYYY\nXXYYYY")
    moves = gg.check_nesting(inner, outer, move="inner").moves.set_index("area_id")
    assert moves["to_id"].to_dict() == {"B": "A", "C": "A"}, "C touches A only through what B gives"


def test_an_outer_area_that_loses_every_inner_area_is_told():
    nesting = gg.check_nesting(town("AAABBB"), town("XXYYZZ"), tolerance_m=0.01)
    assert row(nesting.outer, area_id="Y")["after"] == "emptied"
    assert row(nesting.outer, area_id="X")["after"] == "changed"


def test_an_outer_area_that_falls_apart_is_told():
    inner = town("""
        ABC
        ABC
        ABC
    """)
    outer = town("""
        XYX
        XXX
        XYX
    """)
    torn = row(gg.check_nesting(inner, outer).outer, area_id="Y")
    assert (torn["after"], torn["parts"], torn["parts_after"]) == ("changed", 2, 1)
    outer = town("""
        XYX
        XYX
        XXX
    """)
    torn = row(gg.check_nesting(inner, outer).outer, area_id="X")
    assert (torn["after"], torn["parts"], torn["parts_after"]) == ("torn", 1, 2)


def test_land_outside_every_outer_area_is_told_apart():
    nesting = gg.check_nesting(town("AABBC"), town("XXX.."))
    assert nesting.inner["state"].tolist() == ["whole", "part outside", "outside"]
    assert row(nesting.inner, area_id="B")["outside_share"] == pytest.approx(0.5)
    assert pd.isna(row(nesting.moves, area_id="B")["from_id"])
    lost = row(nesting.moves, area_id="C")
    assert pd.isna(lost["to_id"])
    assert "lies in no outer area" in lost["note"]


def test_land_of_an_outer_area_in_no_inner_area_is_measured():
    nesting = gg.check_nesting(town("AA..B"), town("XXXYY"))
    assert nesting
    assert nesting.outer["free_m2"].tolist() == [10_000, 10_000]
    assert nesting.outer["is_union"].tolist() == [False, False]
    assert nesting.outer.geometry.area.tolist() == [10_000, 10_000]


def test_a_hairline_is_counted_and_a_strip_is_a_cut():
    inner, outer = WHOLE
    for east, state in ((0.0005, "whole"), (0.5, "cut")):
        shapes = [shapely.box(EAST_M, NORTH_M, EAST_M + 200 - east, NORTH_M + 200),
                  shapely.box(EAST_M + 200 - east, NORTH_M, EAST_M + 400, NORTH_M + 200)]  # fmt: skip
        nesting = gg.check_nesting(inner, outer.set_geometry(shapes, crs=CRS))
        assert row(nesting.inner, area_id="A")["state"] == state
        hairlines = nesting.findings[nesting.findings["kind"] == "hairline"]
        assert hairlines["value"].tolist() == ([1.0] if state == "whole" else [])
    assert gg.check_nesting(inner, outer.set_geometry(shapes, crs=CRS), tolerance_m=1.0)


def test_an_inner_area_inside_the_sum_of_others_is_still_cut():
    inner = town("BBBBB\nBAAAB\nBBBBB")
    outer = town("XXXYY\nXXXYY\nXXXYY")
    assert gg.check_nesting(inner, outer).inner["state"].tolist() == ["cut", "cut"]


def test_land_of_two_outer_areas_counts_once():
    outer = pd.concat([town("XXX."), town(".YYY")])
    nesting = gg.check_nesting(town("AAAA"), outer)
    assert nesting.cuts["area_m2"].sum() == pytest.approx(40_000)
    assert row(nesting.cuts, outer_id="X")["area_m2"] == pytest.approx(30_000)


def test_several_networks_are_judged_each_by_itself():
    nesting = gg.check_nesting(CUT[0], {"beat": CUT[1], "same": CUT[0]})
    assert nesting.networks["holds"].to_dict() == {"beat": False, "same": True}
    assert not nesting.holds
    assert len(nesting.inner) == 8


def test_a_row_that_names_another_parent_is_told():
    inner = WHOLE[0].assign(parent_id=["X", "X"])
    nesting = gg.check_nesting(inner, {"same": WHOLE[0], "beat": WHOLE[1]})
    assert nesting.holds
    assert nesting.findings["kind"].tolist() == ["wrong_parent"]
    assert "B: names X, but lies in Y of beat" in nesting.findings["message"].iloc[0]
    assert row(nesting.inner, network="beat", area_id="B")["name_agrees"] is False
    named = gg.check_nesting(WHOLE[0].assign(ward=["X", "Z"]), WHOLE[1], parent="ward")
    assert "names Z, which outer does not have" in named.findings["message"].iloc[0]


def test_codes_that_do_not_begin_with_the_outer_code_are_told():
    inner = WHOLE[0].assign(code=["0101", "0201"])
    nesting = gg.check_nesting(inner, WHOLE[1].assign(code=["01", "03"]))
    assert nesting.inner["code_agrees"].tolist() == [True, False]
    assert nesting.findings["kind"].tolist() == ["wrong_code"]
    assert "B: its code 0201 does not begin with 03" in nesting.findings["message"].iloc[0]
    unrelated = gg.check_nesting(*WHOLE)
    assert len(unrelated.findings) == 0
    assert not unrelated.networks["codes_compared"].any()
    asked = gg.check_nesting(*WHOLE, code="area_id")
    assert asked.findings["message"].str.contains("not one of 2 codes").tolist() == [True]


def test_a_broken_polygon_is_mended_and_told():
    x, y = EAST_M, NORTH_M
    bow = shapely.Polygon([(x, y), (x + 200, y + 200), (x + 200, y), (x, y + 200)])
    inner = WHOLE[0].set_geometry([bow, None], crs=CRS)
    nesting = gg.check_nesting(inner, WHOLE[1])
    assert nesting.inner["state"].tolist() == ["whole", "empty"]
    assert nesting.inner["area_m2"].tolist() == [pytest.approx(20_000), 0]
    assert sorted(nesting.findings["kind"]) == ["empty_geometry", "invalid_ring"]
    assert not nesting.holds


# Atoms


INNER = pd.Series(list("AABBBC"), index=list("123456"))
OUTER = pd.Series(list("XXXYYY"), index=list("123456"))
ATOMS = town("123456").rename_axis("atom_id").assign(households=[1, 1, 9, 1, 1, 1])


def test_atoms_need_no_geometry():
    nesting = gg.check_nesting(INNER, OUTER)
    cut = row(nesting.inner, area_id="B")
    assert (cut["state"], cut["outer_id"], cut["atom_share"]) == ("cut", "Y", pytest.approx(2 / 3))
    assert nesting.networks["moved_atoms"].tolist() == [1]
    assert row(nesting.moves, area_id="B")["from_id"] == "X"
    assert nesting.findings["quantity"].tolist() == ["atoms"]


def test_the_weight_of_atoms_decides():
    nesting = gg.check_nesting(INNER, OUTER, atoms=ATOMS, weight="households")
    assert row(nesting.inner, area_id="B")["outer_id"] == "X"
    assert nesting.networks["moved_households"].tolist() == [2]
    assert nesting.networks["moved_m2"].tolist() == [20_000]


def test_atoms_with_geometry_go_to_the_neighbour_they_touch():
    moves = gg.check_nesting(INNER, OUTER, atoms=ATOMS, move="inner").moves
    assert moves[["from_id", "to_id", "atoms", "households"]].to_numpy().tolist() == [["B", "A", 1.0, 9.0]]
    assert moves.geometry.area.tolist() == [10_000]


def test_atoms_without_an_owner_are_land_in_none():
    outer = OUTER.astype(object).where(OUTER.index != "6", None)
    nesting = gg.check_nesting(INNER, outer)
    assert row(nesting.inner, area_id="C")["state"] == "outside"
    inner = INNER.astype(object).where(INNER.index != "6", None)
    assert gg.check_nesting(inner, OUTER).outer["is_union"].tolist() == [False, False]
    assert gg.check_nesting(INNER, INNER).outer["is_union"].all()


# What is refused


@pytest.mark.parametrize(
    ("inner", "outer", "options", "words"),
    [
        (WHOLE[0], "beats.gpkg", {}, "outer: is a str, not a GeoDataFrame"),
        (WHOLE[0], {}, {}, "outer: holds no network"),
        (WHOLE[0].iloc[:0], WHOLE[1], {}, "inner: has no rows"),
        (WHOLE[0], {"beat": WHOLE[1].iloc[:0]}, {}, "beat: has no rows"),
        (
            WHOLE[0],
            pd.concat([WHOLE[1], WHOLE[1]]),
            {},
            "outer: area_id 'X' stands in rows 0 and 2; ids must be unique",
        ),
        (WHOLE[0].set_axis(["A", None]), WHOLE[1], {}, "inner: area_id is missing in row 1"),
        (*WHOLE, {"parent": "ward"}, "inner: has no column 'ward'; its columns are area_id, code"),
        (*WHOLE, {"parent": {"beat": "ward"}}, "parent: there is no network 'beat'; they are outer"),
        (*WHOLE, {"code": "ward"}, "has no column 'ward'"),
        (*WHOLE, {"move": "both"}, "move is 'both'; choose one of outer, inner"),
        (*WHOLE, {"weight": "people"}, "weight is 'people'; choose one of area, households, atoms"),
        (*WHOLE, {"weight": "households"}, "pass households=points"),
        (*WHOLE, {"weight": "atoms"}, "inner is a table of polygons"),
        (*WHOLE, {"tolerance_m": -1.0}, "tolerance_m is -1.0"),
        (*WHOLE, {"atoms": ATOMS}, "atoms: belong to owners"),
        (INNER, WHOLE[1], {}, "outer: is a GeoDataFrame, but inner is a Series of owners"),
        (INNER, OUTER.iloc[:5], {}, "outer: atom '6' is missing, inner holds it (1 missing, 0 more)"),
        (INNER.iloc[:5], OUTER, {}, "inner: atom '6' is missing, outer holds it (0 missing, 1 more)"),
        (pd.concat([INNER, INNER]), OUTER, {}, "inner: atom '1' stands more than once"),
        (INNER, OUTER, {"atoms": ATOMS.iloc[1:]}, "atoms: atom '1' is missing, its owner is known (1 missing)"),
        (INNER, OUTER, {"weight": "area"}, "the sizes of the atoms are not known"),
        (INNER, OUTER, {"households": households_at([(0, 0)])}, "the atoms hold them"),
        (INNER, OUTER, {"atoms": ATOMS.assign(households=-1)}, "atoms: households of '1' is -1"),
        (INNER.iloc[:0], OUTER, {}, "inner: has no rows"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(inner, outer, options, words):
    with pytest.raises(gg.TableError) as caught:
        gg.check_nesting(inner, outer, **options)
    assert words in str(caught.value)


def test_degrees_and_two_systems_are_refused():
    with pytest.raises(gg.CrsError, match="degrees"):
        gg.check_nesting(WHOLE[0].to_crs("EPSG:4326"), WHOLE[1])
    with pytest.raises(gg.CrsError, match=r"beat: is in .*use beat\.to_crs"):
        gg.check_nesting(WHOLE[0], {"beat": WHOLE[1].to_crs("EPSG:4549")})


# Real maps


def test_statistical_areas_nest_but_for_hairlines():
    base = layer("taipei_statistical_areas/areas.gpkg", "base_areas", "EPSG:3826").set_index("codebase", drop=False)
    code2 = layer("taipei_statistical_areas/areas.gpkg", "code2_areas", "EPSG:3826").set_index("code2", drop=False)
    code1 = base.dissolve("code1")
    nesting = gg.check_nesting(base, {"code2": code2, "code1": code1}, parent={"code2": "code2", "code1": "code1"})
    assert nesting.holds
    assert set(nesting.findings["kind"]) == {"hairline"}
    assert nesting.outer["is_union"].all()
    assert gg.check_nesting(code1, code2, code="area_id").inner["code_agrees"].all()


def test_a_car_route_lies_in_two_sectors():
    routes = layer("cambridge_ma/cambridge.gpkg", "police_car_routes", "EPSG:26986").set_index("car_route")
    sectors = layer("cambridge_ma/cambridge.gpkg", "police_sectors", "EPSG:26986").set_index("sector")
    nesting = gg.check_nesting(routes, sectors)
    assert nesting.inner.loc[nesting.inner["state"] != "whole", "area_id"].tolist() == ["6R"]
    assert set(nesting.cuts["outer_id"]) == {"2", "3"}


@pytest.mark.parametrize(
    ("file", "crs", "inner", "outer"),
    [
        ("denver_precincts/denver.gpkg", "EPSG:26954", "precincts_2016_original", "precincts_2016_repaired"),
        ("providence_ri/providence.gpkg", "EPSG:32130", "precincts", "districts"),
        ("cambridge_ma/cambridge.gpkg", "EPSG:26986", "neighborhoods", "police_sectors"),
    ],
)
def test_shares_agree_with_a_plain_overlay(file, crs, inner, outer):
    one, two = layer(file, inner, crs), layer(file, outer, crs)
    one, two = (frame[["geometry"]].set_axis(frame.index.astype(str)) for frame in (one, two))
    nesting = gg.check_nesting(one, two)
    one, two = one.rename_axis("area_id").reset_index(), two.rename_axis("outer_id").reset_index()
    plain = gpd.overlay(one, two, keep_geom_type=True)
    plain = plain.assign(m2=plain.area).groupby(["area_id", "outer_id"])["m2"].sum()
    cuts = nesting.cuts.dropna(subset="outer_id").set_index(["area_id", "outer_id"])["area_m2"]
    assert len(cuts)
    assert np.allclose(cuts, plain.reindex(cuts.index), rtol=1e-6, atol=1.0)
    strange = plain.drop(cuts.index)
    whole = nesting.inner[nesting.inner["state"] == "whole"].set_index("area_id")["outer_id"]
    strange = strange[[whole.get(area) != held for area, held in strange.index]]
    assert strange.sum() <= nesting.networks["hairline_m2"].sum() + 1.0
