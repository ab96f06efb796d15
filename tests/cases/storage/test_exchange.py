"""A plan goes into one GeoPackage and comes back as it was."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from pandas.testing import assert_frame_equal, assert_series_equal
from towns import street_lines, town

from gridgeo.model.errors import StorageError, TableError
from gridgeo.model.plan import Plan
from gridgeo.model.profile import load_profile
from gridgeo.model.tables import AREAS, ATOMS, CERTIFICATES, STREETS, check
from gridgeo.storage.export import replacing
from gridgeo.storage.files import check_writable, read_layer, read_plan, write_plan


def small_plan(**changes):
    """Draw a plan of two communities, three grids and no micro grids by hand."""
    ground = town("""
        AABC
        DDEF
    """)
    atoms = ground[["households", "persons", "area_m2", "geometry"]].rename_axis("atom_id")
    atoms = atoms.assign(
        households=range(100, 700, 100),
        community_id=["甲", "甲", "乙", "甲", "乙", "乙"],
        kind="block",
        block_id=[f"B{letter}" for letter in atoms.index],
        keep_with=[None, "school", None, None, None, None],
    )
    atoms.attrs = {"left_out": 3, "borders": '{"a": 1}'}
    grids = pd.Series(["甲1", "甲1", "乙1", "甲1", "乙2", "乙2"], index=atoms.index, name="area_id")
    communities = atoms["community_id"].rename("area_id")
    ids = pd.Index(["甲", "乙", "甲1", "乙1", "乙2"], name="area_id")
    register = pd.DataFrame(
        {
            "code": ids,
            "name": [f"{area_id}号" for area_id in ids],
            "level": ["community", "community", "grid", "grid", "grid"],
            "kind": "base",
            "parent_id": [None, None, "甲", "乙", "乙"],
        },
        index=ids,
    )
    borders = pd.DataFrame({"atom_a": ["A"], "atom_b": ["B"], "length_m": [1 / 3], "street_id": ["S1"], "rank": [4]})
    certificates = gpd.GeoDataFrame(
        {
            "area_id": ["乙"],
            "level": ["grid"],
            "reason": ["total"],
            "households": [1400],
            "low": [300],
            "high": [500],
            "relaxation": [None],
            "message": ["no k"],
        },
        geometry=gpd.GeoSeries([ground.geometry["C"]], crs=atoms.crs),
        index=[0],
    )
    certificates.index = pd.Index(["Z1"], name="certificate_id")
    plan = Plan(
        atoms=atoms,
        owners={"community": communities, "grid": grids},
        register=register,
        profile=load_profile("guali-2024"),
        borders=borders,
        certificates=certificates,
        manifest={"seed": 7, "profile": "guali-2024", "inputs": {"streets": "sha256:0"}, "share": 0.1},
        valid_from=date(2026, 10, 1),
        revision=3,
    )
    return replace(plan, **changes)


def assert_same(one, other):
    for name in ("atoms", "register", "borders", "certificates"):
        assert_frame_equal(pd.DataFrame(getattr(one, name)), pd.DataFrame(getattr(other, name)))
    assert one.owners.keys() == other.owners.keys()
    for level in one.levels:
        assert_series_equal(one.owner(level), other.owner(level))
        assert (one.areas(level).geometry.to_wkb() == other.areas(level).geometry.to_wkb()).all()
    assert one.atoms.attrs == other.atoms.attrs
    assert one.crs == other.crs
    assert (one.profile, one.manifest, one.valid_from, one.revision) == (
        other.profile,
        other.manifest,
        other.valid_from,
        other.revision,
    )


def test_a_plan_comes_back_as_it_was(tmp_path):
    plan = small_plan()
    write_plan(plan, tmp_path / "plan.gpkg")
    assert_same(plan, read_plan(tmp_path / "plan.gpkg"))


def test_a_draft_without_certificates_or_with_a_third_of_a_millimetre_comes_back_as_it_was(tmp_path):
    plan = small_plan(valid_from=None)
    atoms = plan.atoms.set_geometry(
        shapely.transform(plan.atoms.geometry.to_numpy(), lambda xy: xy + 1 / 3), crs=plan.crs
    )
    atoms.attrs = plan.atoms.attrs
    none = Plan(atoms, plan.owners, plan.register, plan.profile, plan.borders)
    write_plan(none, tmp_path / "plan.gpkg")
    back = read_plan(tmp_path / "plan.gpkg")
    assert_same(none, back)
    check(back.atoms, ATOMS)


def test_an_owner_may_leave_atoms_out_and_communities_may_differ_from_the_atoms_own(tmp_path):
    plan = small_plan()
    owners = {"community": plan.owner("community").replace("乙", "甲"), "grid": plan.owner("grid").drop("A")}
    odd = replace(plan, owners=owners)
    write_plan(odd, tmp_path / "plan.gpkg")
    assert_same(odd, read_plan(tmp_path / "plan.gpkg"))


def test_the_file_holds_layers_that_desktop_gis_opens(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(small_plan(), path, extra={"streets": street_lines([[(0, 0), (1, 0)]])})
    kinds = dict(pyogrio.list_layers(path).tolist())
    assert kinds == {
        "grids": "Polygon",
        "communities": "Polygon",
        "atoms": "Polygon",
        "certificates": "Polygon",
        "streets": "LineString",
        "register": None,
        "borders": None,
        "manifest": None,
    }
    grids = pyogrio.read_dataframe(path, layer="grids")
    assert grids.crs == "EPSG:4547"
    assert grids["area_id"].tolist() == ["乙1", "乙2", "甲1"]
    assert grids["valid_from"].tolist() == ["2026-10-01"] * 3
    manifest = pyogrio.read_dataframe(path, layer="manifest").set_index("key")["value"]
    assert manifest["seed"] == "7"
    assert manifest["profile"] == "guali-2024"
    assert pyogrio.read_dataframe(path, layer="atoms")["grid_id"].tolist() == ["甲1", "甲1", "乙1", "甲1", "乙2", "乙2"]


def test_its_layers_are_read_as_tables(tmp_path):
    path = tmp_path / "plan.gpkg"
    write_plan(small_plan(), path, extra={"streets": street_lines([[(0, 0), (1, 0)]])})
    for layer, table in (("grids", AREAS), ("atoms", ATOMS), ("streets", STREETS), ("certificates", CERTIFICATES)):
        check(read_layer(path, layer), table)
    assert read_layer(f"{path}:communities")["level"].tolist() == ["community", "community"]
    assert read_layer(path, "grids")["valid_from"].tolist() == [date(2026, 10, 1)] * 3


def test_areas_of_one_and_of_several_parts_share_a_layer(tmp_path):
    plan = small_plan()
    split = replace(plan, owners={**plan.owners, "grid": plan.owner("grid").replace({"乙1": "甲1"})})
    write_plan(split, tmp_path / "plan.gpkg")
    kinds = dict(pyogrio.list_layers(tmp_path / "plan.gpkg").tolist())
    assert kinds["grids"] == "Polygon" or kinds["grids"] == "MultiPolygon"
    assert_same(split, read_plan(tmp_path / "plan.gpkg"))


def test_an_extra_layer_may_not_take_the_name_of_one_of_the_plans(tmp_path):
    with pytest.raises(StorageError, match="layer 'atoms' is the plan's own"):
        write_plan(small_plan(), tmp_path / "plan.gpkg", extra={"atoms": town("A")})


def test_a_plan_is_written_to_a_geopackage_only(tmp_path):
    with pytest.raises(StorageError, match=r"let the name end in .gpkg"):
        write_plan(small_plan(), tmp_path / "plan.shp")


def test_a_manifest_that_no_file_can_carry_is_refused(tmp_path):
    with pytest.raises(TableError, match="manifest: made_by cannot be written"):
        write_plan(small_plan(manifest={"made_by": object()}), tmp_path / "plan.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_a_geopackage_without_a_plan_is_told(tmp_path):
    from gridgeo.storage.files import write_table

    write_table(town("A"), tmp_path / "town.gpkg")
    with pytest.raises(StorageError, match="holds no plan, layer 'atoms' is missing"):
        read_plan(tmp_path / "town.gpkg")


def test_a_folder_that_cannot_be_written_to_is_told_before_and_after(tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "plan.gpkg"
    for write in (check_writable, lambda place: write_plan(small_plan(), place)):
        with pytest.raises(StorageError, match="the folder cannot be written to"):
            write(path)
    with pytest.raises(StorageError, match="is a folder; name a file in it"):
        check_writable(tmp_path)


def test_a_folder_without_permission_is_told(tmp_path, monkeypatch):
    def refuse(*_words, **_options):  # as the system does for anyone but root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(StorageError, match=r"the folder cannot be written to \(Permission denied\); choose another"):
        check_writable(tmp_path / "plan.gpkg")


def test_missing_folders_are_made(tmp_path):
    write_plan(small_plan(), tmp_path / "a" / "b" / "plan.gpkg")
    assert (tmp_path / "a" / "b" / "plan.gpkg").is_file()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
def test_an_interrupted_write_leaves_the_earlier_file_and_nothing_else(tmp_path, interruption):
    path = tmp_path / "plan.gpkg"
    path.write_text("earlier")

    def write():
        with replacing(path) as place:
            place.write_text("half")
            raise interruption

    with pytest.raises((KeyboardInterrupt, StorageError)):
        write()
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["plan.gpkg"]


def test_beats_and_floor_ranges_come_back_and_beats_are_a_layer(tmp_path):
    plan = small_plan()
    owner = plan.owner("grid").map({"甲1": "B1", "乙1": "B1", "乙2": "B2"}).rename("area_id")
    rows = {"code": ["B1", "B2"], "name": ["警格一", "警格二"], "level": "beat", "kind": "base", "parent_id": None}
    register = pd.concat([plan.register, pd.DataFrame(rows, index=pd.Index(["B1", "B2"], name="area_id"))])
    ranges = [
        {"area_id": f"甲1-F{at}", "parent_id": "甲1", "atom_id": "A", "building_id": None, "stairwell": None,
         "floor_from": at, "floor_to": at, "households": 50}
        for at in (1, 2)
    ]  # fmt: skip
    made = replace(
        plan, owners={**plan.owners, "beat": owner}, register=register, manifest={**plan.manifest, "stacked": ranges}
    )
    write_plan(made, tmp_path / "plan.gpkg")
    back = read_plan(tmp_path / "plan.gpkg")
    assert back.overlays == ["beat"]
    assert_frame_equal(back.areas("beat").drop(columns="parent_id"), made.areas("beat").drop(columns="parent_id"))
    assert back.areas("beat")["parent_id"].isna().all()
    assert_frame_equal(back.stacked, made.stacked)
    assert len(read_layer(tmp_path / "plan.gpkg", "beats")) == 2
