"""Atoms travel in a file of which one community is read at a time, with all that is noted down beside them."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from towns import communities, households_at, street_lines

import gridgeo as gg


@pytest.fixture
def atoms():
    """Cut two communities of 200 m by 200 m along streets; their rows are mixed."""
    places = [(x + i / 4, y + j / 4) for x in range(4) for y in range(2) for i in (1, 2, 3) for j in (1, 2, 3)]
    lines = [[(x, 0), (x, 2)] for x in range(5)] + [[(0, y), (4, y)] for y in range(3)]
    made = gg.make_atoms(communities("CCDD\nCCDD"), street_lines(lines), households_at(places, count=10),
                         profile=gg.load_profile("guali-2024"))  # fmt: skip
    attrs = made.attrs
    made = made.iloc[np.random.default_rng(0).permutation(len(made))]
    made.attrs = attrs
    return made


def test_what_is_read_is_what_was_written(atoms, tmp_path):
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    back = gg.read_atoms(tmp_path / "atoms.parquet")
    assert back.index.tolist() == atoms.index.tolist()
    assert back["households"].tolist() == atoms["households"].tolist()
    assert (back.geometry.to_wkb() == atoms.geometry.to_wkb()).all()
    assert str(back.crs) == str(atoms.crs)
    assert set(back.columns) == set(atoms.columns)
    assert sorted(back.attrs["borders"].splitlines()) == sorted(atoms.attrs["borders"].splitlines())


def test_borders_keep_their_streets(atoms, tmp_path):
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    before, after = gg.find_borders(atoms), gg.find_borders(gg.read_atoms(tmp_path / "atoms.parquet"))
    assert (before["rank"] > 0).any()
    pd.testing.assert_frame_equal(after, before)


def test_one_community_comes_with_its_own_notes_only(atoms, tmp_path):
    first = atoms.index[0]
    atoms.attrs["heights"] = json.dumps({str(key): {"floors": at} for at, key in enumerate(atoms.index)})
    floors = pd.DataFrame({"atom_id": atoms.index.repeat(2), "name": ['north, "A"', ""] * len(atoms)})
    atoms.attrs |= {"floors": floors.to_csv(index=False), "sites": '{"exclusive:X": {"kind": null}}', "moved": 2}
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    community = atoms["community_id"].loc[first]
    own = gg.read_atoms(tmp_path / "atoms.parquet", community)
    inside = atoms[atoms["community_id"] == community].index
    assert own.index.tolist() == inside.tolist()
    assert set(json.loads(own.attrs["communities"])) == {community}
    assert set(json.loads(own.attrs["heights"])) == set(inside)
    assert json.loads(own.attrs["heights"])[first] == {"floors": 0}
    assert own.attrs["floors"] == floors[floors["atom_id"].isin(inside)].to_csv(index=False)
    assert (own.attrs["sites"], own.attrs["moved"]) == (atoms.attrs["sites"], 2)
    borders, whole = gg.find_borders(own), gg.find_borders(atoms)
    within = whole[whole["atom_a"].isin(inside) & whole["atom_b"].isin(inside)].reset_index(drop=True)
    pd.testing.assert_frame_equal(borders, within)


def test_other_programs_read_the_file_as_geoparquet(atoms, tmp_path):
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    read = gpd.read_parquet(tmp_path / "atoms.parquet")
    assert read.crs == atoms.crs
    assert read.geometry.area.sum() == pytest.approx(80_000)
    groups = pq.ParquetFile(tmp_path / "atoms.parquet").metadata
    assert groups.num_row_groups == 2


def test_a_row_without_a_community_is_refused(atoms, tmp_path):
    atoms.loc[atoms.index[3], "community_id"] = None
    with pytest.raises(gg.TableError, match=rf"community_id of '{atoms.index[3]}' is missing"):
        gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda atoms: atoms.iloc[:0], "has no rows"),
        (pd.DataFrame, "has no geometry"),
        (lambda atoms: atoms.to_crs(4326), "degrees"),
        (lambda atoms: atoms.drop(columns="community_id"), "'community_id' is missing"),
    ],
)
def test_a_table_that_is_no_atoms_is_refused(atoms, tmp_path, change, words):
    with pytest.raises(gg.GridgeoError, match=words):
        gg.write_atoms(change(atoms), tmp_path / "atoms.parquet")


def test_a_name_that_is_no_parquet_is_refused(atoms, tmp_path):
    with pytest.raises(gg.StorageError, match=r"let the name end in \.parquet"):
        gg.write_atoms(atoms, tmp_path / "atoms.gpkg")


def test_a_file_of_something_else_is_told(atoms, tmp_path):
    atoms.to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(gg.StorageError, match="is not a file of atoms"):
        gg.read_atoms(tmp_path / "plain.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(gg.StorageError, match="cannot be read as Parquet"):
        gg.read_atoms(tmp_path / "broken.parquet")
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    with pytest.raises(gg.TableError, match="no community 'E'"):
        gg.read_atoms(tmp_path / "atoms.parquet", "E")
