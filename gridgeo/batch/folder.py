"""Keep the results of a batch in a folder that a run which was killed takes up again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from gridgeo import __version__
from gridgeo.model.errors import StorageError
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile
from gridgeo.storage.export import plain_columns, replacing
from gridgeo.storage.files import digest

from .atoms import AtomFile, reading
from .parquet import notes_of, to_arrow

MANIFEST, ATOMS_FILE = "manifest.json", "atoms.parquet"
_PIECES, _UNFINISHED = "communities", ".gridgeo-*"


def settings(file: AtomFile, place: str, profile: Profile, effort: str, seed: int) -> dict[str, Any]:
    """Note down what the results of a batch depend on.

    Parameters
    ----------
    file : AtomFile
    place : str
        Where it will be looked for, as seen from the folder.
    profile, effort, seed
        As in ``partition_many``.

    Returns
    -------
    dict
        What JSON carries.
    """
    rules = json.loads(json.dumps(dataclasses.asdict(profile), ensure_ascii=False))
    text = json.dumps(rules, sort_keys=True, ensure_ascii=False)
    return {
        "gridgeo": __version__,
        "atoms": place,
        "atoms_sha256": digest(file.path),
        "communities": len(file.communities),
        "profile": profile.name,
        "profile_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "effort": effort,
        "seed": seed,
        "rules": rules,
    }


def claim_folder(folder: Path, wanted: dict[str, Any]) -> None:
    """Make the folder of a batch, or take up one that was made with the same settings.

    Parameters
    ----------
    folder : Path
    wanted : dict
        As ``settings`` gives them.

    Raises
    ------
    StorageError
        If it holds another batch, naming what differs, or anything else, or cannot be written to.
    """
    path = folder / MANIFEST
    if not path.exists():
        there = sorted(folder.iterdir()) if folder.is_dir() else []
        strange = [each.name for each in there if not each.match(_UNFINISHED)]
        if strange:
            raise StorageError(f"{folder}: holds {strange[0]!r} and no batch; choose a folder that is empty or new")
        with replacing(path) as place:
            place.write_text(json.dumps(wanted, ensure_ascii=False, indent=1), "utf-8")
    else:
        held = read_manifest(folder)
        names = ("gridgeo", "atoms_sha256", "profile", "profile_sha256", "effort", "seed")
        apart = [name for name in names if held.get(name) != wanted[name]]
        if apart:
            words = ", ".join(f"{name} {held.get(name)!r} instead of {wanted[name]!r}" for name in apart)
            raise StorageError(f"{folder}: was made with {words}; choose another folder, or remove this one")
    (folder / _PIECES).mkdir(exist_ok=True)


def sweep(folder: Path) -> None:
    """Remove what a run that was killed had begun to write."""
    for left in (*folder.glob(_UNFINISHED), *(folder / _PIECES).glob(_UNFINISHED)):
        shutil.rmtree(left, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the settings of a batch.

    Raises
    ------
    StorageError
        If the folder holds no batch.
    """
    path = folder / MANIFEST
    try:
        held = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StorageError(f"{folder}: holds no batch; gridgeo batch makes one") from None
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: cannot be read ({error}); remove the folder and run the batch again") from None
    if not isinstance(held, dict) or not {"atoms", "communities", "rules"} <= held.keys():
        raise StorageError(f"{path}: is no manifest of a batch; remove the folder and run the batch again")
    return held


def finished(folder: Path) -> list[int]:
    """Number the pieces that are done: each is called by the first of its communities."""
    return sorted(int(path.stem) for path in (folder / _PIECES).glob("*.parquet") if path.stem.isdigit())


def write_piece(plan: Plan, summary: list[dict[str, Any]], folder: Path, number: int) -> None:
    """Write the plan of a few communities; it is done when its areas are there, and they are written last.

    Parameters
    ----------
    plan : Plan
    summary : list of dict
        What each community came to.
    folder : Path
        Of the batch.
    number : int
        Of the first community.

    Raises
    ------
    StorageError
        If a file cannot be written.
    """
    owners = pd.DataFrame({str(level): plan.owner(level) for level in plan.levels}).rename_axis("atom_id").reset_index()
    schema = pa.schema([(name, pa.string()) for name in owners.columns])
    with replacing(_place(folder, number, "owners")) as place:
        pq.write_table(pa.Table.from_pandas(owners, schema=schema, preserve_index=False), place)
    levels = [plan.areas(level).drop(columns=["valid_from", "valid_to"]) for level in plan.levels]
    areas = plain_columns(gpd.GeoDataFrame(pd.concat(levels), crs=plan.crs))
    notes: dict[str, Any] = {"summary": summary, "certificates": _as_rows(plan.certificates)}
    notes["manifest"] = dict(plan.manifest)
    with replacing(_place(folder, number, "areas")) as place:
        pq.write_table(to_arrow(gpd.GeoDataFrame(areas), notes), place)


def _place(folder: Path, number: int, part: str) -> Path:
    return folder / _PIECES / f"{number:06d}{'' if part == 'areas' else '.' + part}.parquet"


def read_piece(folder: Path, number: int, part: str) -> pa.Table:
    """Read the areas or the owners of a piece that is done.

    Parameters
    ----------
    folder : Path
    number : int
    part : str
        ``"areas"``: table ``AREAS`` of every level, as GeoParquet. ``"owners"``: ``atom_id``, and its area at each
        level, outer level first.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    StorageError
        If the file cannot be read.
    """
    path = _place(folder, number, part)
    with reading(path):
        return pq.ParquetFile(path).read()


def read_notes(folder: Path, number: int) -> dict[str, Any]:
    """Read what stands beside the areas of a piece: ``summary``, ``certificates`` and the plan's ``manifest``."""
    path = _place(folder, number, "areas")
    with reading(path):
        return notes_of(pq.read_schema(path))


def certificates_of(notes: dict[str, Any]) -> pd.DataFrame:
    """Read table ``CERTIFICATES`` from what stands beside the areas of a piece; its rows are numbered."""
    table = pd.DataFrame(rows := notes["certificates"])
    return table.assign(geometry=shapely.from_wkb(table["geometry"].to_numpy(dtype=object))) if rows else table


def _as_rows(certificates: pd.DataFrame) -> list[dict[str, Any]]:
    texts = shapely.to_wkb(certificates["geometry"].to_numpy(dtype=object), hex=True)
    return json.loads(pd.DataFrame(certificates).assign(geometry=texts).to_json(orient="records", force_ascii=False))
