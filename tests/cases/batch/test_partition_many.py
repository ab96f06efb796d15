"""Many communities divided at once give the plan of one run, whatever breaks off on the way."""

import dataclasses
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import CRS, EAST_M, NORTH_M

import gridgeo as gg

GUALI = gg.load_profile("guali-2024")


def square_atoms(side=8, wide=3, high=2, seed=0):
    """Lay ``wide x high`` communities of ``side x side`` squares each; their rows are mixed."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(side * wide), np.arange(side * high))
    x, y = x.ravel(), y.ravel()
    west, south = EAST_M + 50.0 * x, NORTH_M + 50.0 * y
    ids = pd.Index([f"A{at:05d}" for at in range(len(x))], name="atom_id")
    data = {
        "community_id": [f"K{column // side}{row // side}" for column, row in zip(x, y, strict=True)],
        "kind": "block",
        "block_id": [f"B{column // 2}-{row // 2}" for column, row in zip(x, y, strict=True)],
        "households": rng.integers(5, 30, len(x)),
        "persons": 0,
        "area_m2": 2_500.0,
    }
    shapes = gpd.GeoSeries(shapely.box(west, south, west + 50, south + 50), index=ids, crs=CRS)
    return gpd.GeoDataFrame(data, geometry=shapes, index=ids).iloc[rng.permutation(len(x))]


def assert_same_plan(one, other):
    assert one.levels == other.levels
    for level in one.levels:
        pd.testing.assert_series_equal(one.owner(level), other.owner(level))
    pd.testing.assert_frame_equal(one.register, other.register)
    pd.testing.assert_frame_equal(one.borders, other.borders)
    columns = ["area_id", "level", "reason", "households", "message"]
    assert one.certificates[columns].to_dict("index") == other.certificates[columns].to_dict("index")
    assert one.manifest == other.manifest


@pytest.fixture(scope="module")
def atoms():
    return square_atoms()


@pytest.fixture(scope="module")
def whole(atoms):
    return gg.partition(atoms, GUALI, effort="fast", seed=3)


def many(atoms, folder, **options):
    return gg.partition_many(atoms, GUALI, folder, **{"effort": "fast", "seed": 3, "workers": 1, **options})


def test_towers_that_are_shared_floor_by_floor_join_to_those_of_one_run(atoms, tmp_path):
    towers = atoms.sort_index().groupby("community_id").head(1).index
    crowded = atoms.assign(households=atoms["households"].where(~atoms.index.isin(towers), 180))
    floors = [[tower, "", "", floor, 30, 0] for tower in towers for floor in range(1, 7)]
    columns = ["atom_id", "building_id", "stairwell", "floor", "households", "assumed"]
    crowded.attrs["floors"] = pd.DataFrame(floors, columns=columns).to_csv(index=False)
    whole = gg.partition(crowded, GUALI, effort="fast", seed=3)
    assert {row["atom_id"] for row in whole.manifest["stacked"]} == set(towers)
    many(crowded, tmp_path / "plans")
    assert gg.join_plans(tmp_path / "plans").manifest == whole.manifest


def test_communities_by_themselves_join_to_the_plan_of_one_run(atoms, whole, tmp_path):
    summary = many(atoms, tmp_path / "plans")
    assert_same_plan(gg.join_plans(tmp_path / "plans"), whole)
    assert summary.index.tolist() == ["K00", "K01", "K10", "K11", "K20", "K21"]
    assert summary["households"].to_dict() == atoms.groupby("community_id")["households"].sum().to_dict()
    grids = whole.areas("grid")
    assert summary["grid_areas"].to_dict() == grids.groupby("parent_id").size().to_dict()
    assert summary["grid_in_band"].sum() == grids["households"].between(300, 500).sum()
    assert summary["micro_areas"].sum() == len(whole.areas("micro"))
    assert summary["certificates"].sum() == len(whole.certificates)
    assert summary["error"].isna().all()


def test_the_files_hold_every_area_and_every_atom(atoms, whole, tmp_path):
    many(atoms, tmp_path / "plans")
    areas = gpd.read_parquet(tmp_path / "plans" / "areas.parquet")
    for level in whole.levels:
        drawn = whole.areas(level)
        read = areas[areas["level"] == level].loc[drawn.index]
        assert read["households"].tolist() == drawn["households"].tolist()
        assert read["name"].tolist() == drawn["name"].tolist()
        assert (read.geometry.to_wkb() == drawn.geometry.to_wkb()).all()
    owners = pd.read_parquet(tmp_path / "plans" / "owners.parquet").set_index("atom_id").loc[atoms.index]
    for level in whole.levels:
        assert owners[level].tolist() == whole.owner(level).tolist()
    certificates = gpd.read_parquet(tmp_path / "plans" / "certificates.parquet")
    assert certificates["message"].tolist() == whole.certificates["message"].tolist()
    assert len(pd.read_csv(tmp_path / "plans" / "summary.csv")) == 6


def test_two_workers_give_the_plan_of_one(atoms, whole, tmp_path, monkeypatch):
    monkeypatch.setattr("gridgeo.batch.many.PORTION", 64)
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    told = []
    options = {"workers": 2, "progress": lambda done, total: told.append((done, total))}
    many(tmp_path / "atoms.parquet", tmp_path / "plans", **options)
    assert_same_plan(gg.join_plans(tmp_path / "plans"), whole)
    assert told[-1] == (6, 6)
    assert told == sorted(told)
    assert not (tmp_path / "plans" / "atoms.parquet").exists()
    assert "OMP_NUM_THREADS" not in os.environ or os.environ["OMP_NUM_THREADS"] != "1"


def test_the_size_of_portions_changes_nothing(atoms, whole, tmp_path, monkeypatch):
    for portion in (1, 100, 10**9):
        monkeypatch.setattr("gridgeo.batch.many.PORTION", portion)
        many(atoms, tmp_path / str(portion))
        assert_same_plan(gg.join_plans(tmp_path / str(portion)), whole)


def test_a_dask_cluster_gives_the_same_plan(atoms, whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options, protocol="tcp://") as cluster:
        many(atoms, tmp_path / "plans", scheduler=cluster.scheduler_address, workers=None)
    assert_same_plan(gg.join_plans(tmp_path / "plans"), whole)


def test_what_is_finished_is_not_done_again(atoms, whole, tmp_path, monkeypatch):
    monkeypatch.setattr("gridgeo.batch.many.PORTION", 1)
    many(atoms, tmp_path / "plans")
    pieces = sorted((tmp_path / "plans" / "communities").glob("??????.parquet"))
    assert len(pieces) == 6
    pieces[2].unlink()
    (tmp_path / "plans" / "communities" / ".gridgeo-left").mkdir()
    before = {path: path.stat().st_mtime_ns for path in pieces if path.exists()}
    summary = many(atoms, tmp_path / "plans")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(summary) == 6
    assert not list((tmp_path / "plans").rglob(".gridgeo-*"))
    assert_same_plan(gg.join_plans(tmp_path / "plans"), whole)


KILLED = """
import gridgeo as gg, sys
import gridgeo.batch.many
gridgeo.batch.many.PORTION = 1
if __name__ == "__main__":
    gg.partition_many(sys.argv[1], "guali-2024", sys.argv[2], effort="fast", seed=3, workers=int(sys.argv[3]))
"""


@pytest.mark.parametrize(("workers", "stages"), [(1, (0, 2)), (2, (2,))])
def test_a_run_that_is_killed_at_any_stage_goes_on(atoms, whole, tmp_path, workers, stages):
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    (tmp_path / "run.py").write_text(KILLED)
    folder = tmp_path / "plans"
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "atoms.parquet"), str(folder), str(workers)]
    for wanted in stages:  # pieces that are there when it is killed
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while process.poll() is None and (
            len(list(folder.glob("communities/??????.parquet"))) < wanted or not (folder / "manifest.json").exists()
        ):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    time.sleep(1.0)  # workers notice that nobody waits for them
    kept = len(list(folder.glob("communities/??????.parquet")))
    assert kept >= stages[-1]
    times = {path: path.stat().st_mtime_ns for path in folder.glob("communities/??????.parquet")}
    many(tmp_path / "atoms.parquet", folder)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert_same_plan(gg.join_plans(folder), whole)


def test_a_worker_that_dies_is_told_and_the_next_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("gridgeo.batch.many.PORTION", 1)
    atoms = square_atoms(wide=5, high=4)

    def kill(done, total):
        if done:
            for process in multiprocessing.active_children():
                process.kill()

    with pytest.raises(gg.GridgeoError, match=r"a worker died .* what is finished is kept"):
        many(atoms, tmp_path / "plans", workers=2, progress=kill)
    assert len(many(atoms, tmp_path / "plans")) == 20
    expected = gg.partition(atoms, GUALI, effort="fast", seed=3)
    assert_same_plan(gg.join_plans(tmp_path / "plans"), expected)


def test_beats_which_reach_over_communities_are_refused(atoms, tmp_path):
    beats = dataclasses.replace(GUALI, limits={"beat": GUALI.limits["grid"], **GUALI.limits})
    with pytest.raises(gg.ProfileError, match="beats reach over communities"):
        gg.partition_many(atoms, beats, tmp_path / "plans", workers=1)
    sizeless = dataclasses.replace(GUALI, limits={})
    with pytest.raises(gg.ProfileError, match="states no size to divide by"):
        gg.partition_many(atoms, sizeless, tmp_path / "plans", workers=1)
    assert not (tmp_path / "plans").exists()


def test_where_every_community_fails_the_summary_still_tells_why(atoms, tmp_path):
    summary = many(atoms.assign(households=-1), tmp_path / "plans")
    assert summary["error"].str.startswith("TableError: atoms: households of").all()
    assert summary["households"].isna().all()
    assert not (tmp_path / "plans" / "areas.parquet").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 4}, "seed 3 instead of 4"),
        ({"effort": "normal"}, "effort 'fast' instead of 'normal'"),
    ],
)
def test_a_folder_of_other_settings_is_refused(atoms, tmp_path, change, words):
    many(atoms, tmp_path / "plans")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(gg.StorageError, match=words):
        many(atoms, tmp_path / "plans", **change)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_of_other_atoms_rules_or_version_is_refused(atoms, tmp_path):
    folder = tmp_path / "plans"
    many(atoms, folder)
    with pytest.raises(gg.StorageError, match="atoms_sha256"):
        many(atoms.assign(households=atoms["households"] + 1), folder)
    with pytest.raises(gg.StorageError, match="profile 'guali-2024' instead of 'sichuan'"):
        gg.partition_many(atoms, "sichuan", folder, effort="fast", seed=3, workers=1)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"gridgeo": "0.0.1"}))
    with pytest.raises(gg.StorageError, match=r"gridgeo '0\.0\.1' instead of"):
        many(atoms, folder)


def test_a_folder_of_something_else_is_left_alone(atoms, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(gg.StorageError, match=r"holds 'thesis\.txt' and no batch"):
        many(atoms, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_community_that_fails_is_told_and_the_others_are_divided(atoms, whole, tmp_path):
    bad = atoms.copy()
    spoilt = bad.index[bad["community_id"] == "K10"][0]
    bad.loc[spoilt, "households"] = -1
    summary = many(bad, tmp_path / "plans")
    failed = summary[summary["error"].notna()]
    assert failed.index.tolist() == ["K10"]
    assert f"households of '{spoilt}' is -1, below 0" in failed["error"].iloc[0]
    owners = pd.read_parquet(tmp_path / "plans" / "owners.parquet").set_index("atom_id")
    sound = atoms.index[atoms["community_id"] != "K10"]
    assert set(owners.index) == set(sound)
    assert owners.loc[sound, "micro"].tolist() == whole.owner("micro")[sound].tolist()
    with pytest.raises(gg.GridgeoError, match="1 of 6 communities are not divided, the first is 'K10'"):
        gg.join_plans(tmp_path / "plans")


def test_a_file_of_another_format_is_put_into_form_first(atoms, tmp_path):
    gg.write_table(atoms, tmp_path / "atoms.gpkg")
    many(tmp_path / "atoms.gpkg", tmp_path / "plans")
    expected = gg.partition(gg.read_layer(tmp_path / "atoms.gpkg", table="atoms"), GUALI, effort="fast", seed=3)
    joined = gg.join_plans(tmp_path / "plans")
    for level in expected.levels:
        assert joined.owner(level).to_dict() == expected.owner(level).to_dict()


def test_atoms_that_were_moved_are_named_anew_and_others_are_refused(atoms, whole, tmp_path):
    gg.write_atoms(atoms, tmp_path / "atoms.parquet")
    many(tmp_path / "atoms.parquet", tmp_path / "plans")
    (tmp_path / "atoms.parquet").rename(tmp_path / "moved.parquet")
    with pytest.raises(gg.StorageError, match="say where it is with atoms="):
        gg.join_plans(tmp_path / "plans")
    assert_same_plan(gg.join_plans(tmp_path / "plans", atoms=tmp_path / "moved.parquet"), whole)
    gg.write_atoms(atoms.iloc[:-1], tmp_path / "other.parquet")
    with pytest.raises(gg.StorageError, match="holds other atoms"):
        gg.join_plans(tmp_path / "plans", atoms=tmp_path / "other.parquet")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"effort": "all"}, "effort 'all' is unknown; choose one of fast, normal, best"),
        ({"workers": 0}, "workers is 0, below 1"),
        ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "leave one out"),
    ],
)
def test_a_wrong_option_is_told_before_anything_is_written(atoms, tmp_path, options, words):
    with pytest.raises(gg.GridgeoError, match=words):
        many(atoms, tmp_path / "plans", **options)
    assert not (tmp_path / "plans").exists()


def test_a_scheduler_that_does_not_answer_is_told(atoms, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("gridgeo.batch.pools.WAIT_S", 1)
    with pytest.raises(gg.GridgeoError, match="no worker answers"):
        many(atoms, tmp_path / "plans", workers=None, scheduler="tcp://127.0.0.1:9")


def test_a_folder_without_a_batch_is_told(tmp_path):
    with pytest.raises(gg.StorageError, match="holds no batch"):
        gg.join_plans(tmp_path)
