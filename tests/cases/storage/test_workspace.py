"""Hold workspaces to their promise: other programs read them, and a store made from one answers the same."""

import sqlite3
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from filled_stores import DAYS, PLANS, fill, same_answers
from stores import BACK_ENDS, new_place
from towns import CRS

from gridgeo.model.errors import StorageError
from gridgeo.storage.store import open_store
from gridgeo.storage.workspace import import_workspace

FORMS = ("town.gpkg", "town")


@pytest.fixture
def filled(store):
    fill(store)
    return store


@pytest.mark.parametrize("to", BACK_ENDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_store_made_from_a_workspace_answers_the_same(filled, tmp_path, form, to):
    filled.export(tmp_path / form, phones=True)
    place = new_place(tmp_path, to) if to == "postgis" else str(tmp_path / "again.db")
    import_workspace(tmp_path / form, place)
    with open_store(place) as again:
        same_answers(filled, again)
        assert again.check() == []
        assert again.publish(PLANS[0], valid_from=DAYS[2]) == len(filled.plans()) + 1


def test_a_store_goes_from_file_to_server_to_file_and_is_the_same(tmp_path):
    places = [str(tmp_path / "one.db"), new_place(tmp_path, "postgis"), str(tmp_path / "two.db")]
    with open_store(places[0]) as store:
        fill(store)
    for number, (before, after) in enumerate(pairwise(places)):
        with open_store(before) as store:
            store.export(tmp_path / f"{number}.gpkg", phones=True)
        import_workspace(tmp_path / f"{number}.gpkg", after)
    with open_store(places[0]) as one, open_store(places[2]) as two:
        same_answers(one, two)


def test_a_geopackage_shows_the_areas_of_every_version_with_their_days(filled, tmp_path):
    filled.export(tmp_path / "town.gpkg")
    areas = gpd.read_file(tmp_path / "town.gpkg", layer="areas_in_time")
    assert areas.crs == CRS
    listed = filled.plans()
    for version, days in listed.iterrows():
        of_it = areas[areas["version"] == version]
        plan = filled.plan(days["valid_from"])
        assert sorted(of_it["area_id"]) == sorted(plan.register.index)
        assert set(of_it["valid_from"]) == {days["valid_from"].isoformat()}
        for level in plan.levels:
            shapes = of_it[of_it["level"] == level].set_index("area_id").geometry
            assert shapes.geom_equals(plan.areas(level).geometry.reindex(shapes.index)).all()
    atoms = gpd.read_file(tmp_path / "town.gpkg", layer="atoms_in_time")
    assert len(atoms) == sum(len(filled.plan(day).atoms) for day in listed["valid_from"])


def test_a_geopackage_keeps_to_its_standard(filled, tmp_path):
    filled.export(tmp_path / "town.gpkg")
    layers = {str(name): kind for name, kind in pyogrio.list_layers(tmp_path / "town.gpkg")}
    assert {"areas", "atoms", "incidents", "addresses", "plans", "duties", "officers"} <= set(layers)
    with sqlite3.connect(tmp_path / "town.gpkg") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    connection.close()
    for name, kind in layers.items():
        if kind is not None:
            assert pyogrio.read_info(tmp_path / "town.gpkg", layer=name)["crs"] is not None, name


def test_a_folder_holds_geoparquet(filled, tmp_path):
    filled.export(tmp_path / "town")
    atoms = gpd.read_parquet(tmp_path / "town" / "atoms.parquet")
    assert atoms.crs == CRS
    assert atoms.geometry.area.sum() == PLANS[0].atoms.geometry.area.sum()
    assert len(pd.read_parquet(tmp_path / "town" / "plans.parquet")) == 3


@pytest.mark.parametrize("form", FORMS)
def test_phones_stay_behind_unless_they_are_asked_for(filled, tmp_path, form):
    filled.export(tmp_path / form)
    files = (tmp_path / form).iterdir() if form == "town" else [tmp_path / form]
    assert not any(number in file.read_bytes() for file in files for number in (b"13800138000", b"13900139000"))
    import_workspace(tmp_path / form, tmp_path / "again.db")
    with open_store(tmp_path / "again.db") as again:
        for day in DAYS:
            found = again.officers(day)
            assert found["phone"].isna().all()
            assert found["name"].tolist() == ["王一", "李二"]
        assert again.check() == []


def test_only_the_territory_that_was_asked_for_goes_along(store_place, tmp_path):
    for territory, plans in (("east", PLANS), ("west", PLANS[:1])):
        with open_store(store_place, territory=territory) as store:
            for day, plan in zip(DAYS, plans, strict=False):
                store.publish(plan, valid_from=day)
    with open_store(store_place, territory="west") as west:
        west.export(tmp_path / "west.gpkg")
        import_workspace(tmp_path / "west.gpkg", tmp_path / "again.db")
        with open_store(tmp_path / "again.db", territory="west") as again:
            assert again.plans().equals(west.plans())
    with open_store(tmp_path / "again.db", territory="east") as again:
        assert len(again.plans()) == 0


def test_an_empty_store_is_exchanged_too(store, tmp_path):
    store.export(tmp_path / "town.gpkg")
    import_workspace(tmp_path / "town.gpkg", tmp_path / "again.db")
    with open_store(tmp_path / "again.db") as again:
        assert len(again.plans()) == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_place_that_is_taken_is_left_alone(filled, tmp_path, form):
    (tmp_path / form).mkdir()
    with pytest.raises(StorageError, match="is there already; name another place"):
        filled.export(tmp_path / form)
    assert list((tmp_path / form).iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_workspace_is_said_so(filled, tmp_path, form):
    with pytest.raises(StorageError, match="there is no such file or folder"):
        import_workspace(tmp_path / form, tmp_path / "again.db")
    if form == "town":
        (tmp_path / form).mkdir()
    else:
        PLANS[0].atoms.to_file(tmp_path / form)
    with pytest.raises(StorageError, match=r"is not one that Store.export wrote; read its layers with read_layer"):
        import_workspace(tmp_path / form, tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()


def test_a_newer_workspace_is_refused(filled, tmp_path):
    filled.export(tmp_path / "town.gpkg")
    with sqlite3.connect(tmp_path / "town.gpkg") as connection:
        connection.execute("UPDATE workspace SET value = '9017' WHERE name = 'schema'")
    connection.close()
    with pytest.raises(StorageError, match=r"written by a newer gridgeo \(schema 9017\)"):
        import_workspace(tmp_path / "town.gpkg", tmp_path / "again.db")


def test_a_workspace_that_was_changed_is_not_imported(filled, tmp_path):
    filled.export(tmp_path / "town")
    owners = pd.read_parquet(tmp_path / "town" / "owners.parquet")
    owners.loc[0, "area_id"] = "G9"
    owners.to_parquet(tmp_path / "town" / "owners.parquet")
    with pytest.raises(StorageError, match=r"owners: frame .* is not what was published"):
        import_workspace(tmp_path / "town", tmp_path / "again.db")
    (tmp_path / "town" / "owners.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(StorageError, match="is damaged"):
        import_workspace(tmp_path / "town", tmp_path / "again.db")
    assert not (tmp_path / "again.db").exists()
