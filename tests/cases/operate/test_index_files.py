import json

import pytest
from towns import town

from gridgeo.model.errors import StorageError
from gridgeo.operate.locate import AreaIndex


@pytest.fixture
def saved(tmp_path):
    """Save the index of a small town."""
    AreaIndex.from_areas(town("AB\nAC")).save(tmp_path / "index")
    return tmp_path / "index"


def answers(index):
    x, y = [500_050.0, 500_100.0, 500_150.0, 500_150.0, 1.5], [3_400_050.0, 3_400_100.0, 3_400_050.0, 3_400_150.0, 1.5]
    return index.locate(x, y).fillna("-").to_list()


def test_a_saved_index_gives_the_same_answers(saved):
    built, opened = AreaIndex.from_areas(town("AB\nAC")), AreaIndex.load(saved, verify=True)
    assert answers(opened) == answers(built) == ["A", "A", "C", "B", "-"]
    assert opened.crs == built.crs
    assert opened.area_ids.equals(built.area_ids)
    assert opened.candidates(114.0, 30.0).equals(built.candidates(114.0, 30.0))


def test_saving_twice_leaves_the_second_index_and_nothing_else(saved):
    files = len(list(saved.iterdir()))
    earlier = AreaIndex.load(saved)
    AreaIndex.from_areas(town("AA\nAA")).save(saved)
    assert answers(AreaIndex.load(saved)) == ["A", "A", "A", "A", "-"]
    assert answers(earlier) == ["A", "A", "C", "B", "-"]
    assert len(list(saved.iterdir())) == files


def test_a_missing_index_is_told(tmp_path):
    with pytest.raises(StorageError, match=r"holds no index\.json"):
        AreaIndex.load(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "gridgeo area index", "version": 1}'])
def test_a_damaged_catalogue_is_told(saved, content):
    (saved / "index.json").write_text(content)
    with pytest.raises(StorageError):
        AreaIndex.load(saved)


def test_another_version_is_told(saved):
    catalogue = json.loads((saved / "index.json").read_text())
    (saved / "index.json").write_text(json.dumps(catalogue | {"version": 99}))
    with pytest.raises(StorageError, match="version 99"):
        AreaIndex.load(saved)


def test_a_catalogue_without_its_facts_is_told(saved):
    catalogue = json.loads((saved / "index.json").read_text())
    (saved / "index.json").write_text(json.dumps(catalogue | {"facts": {}}))
    with pytest.raises(StorageError, match="catalogue is damaged"):
        AreaIndex.load(saved)


def test_a_missing_array_is_told(saved):
    next(saved.glob("codes-*.npy")).unlink()
    with pytest.raises(StorageError, match="is missing"):
        AreaIndex.load(saved)


def test_a_shortened_array_is_told(saved):
    path = next(saved.glob("codes-*.npy"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(StorageError, match="is damaged"):
        AreaIndex.load(saved)


def test_a_changed_byte_is_found_when_asked_for(saved):
    path = next(saved.glob("codes-*.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        AreaIndex.load(saved, verify=True)


def test_an_interrupted_write_leaves_the_earlier_index(saved, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", stop)
    with pytest.raises(KeyboardInterrupt):
        AreaIndex.from_areas(town("AA\nAA")).save(saved)
    monkeypatch.undo()
    assert answers(AreaIndex.load(saved, verify=True)) == ["A", "A", "C", "B", "-"]
    assert not list(saved.glob(".*"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        AreaIndex.from_areas(town("AB")).save(tmp_path / "file" / "index")
