"""Put the communities of a batch together: as files that hold all of them, or as one plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridgeo.design.adjacency import find_borders
from gridgeo.design.partition import manifest_of
from gridgeo.model.errors import GridgeoError, StorageError
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile
from gridgeo.model.tables import ATOMS, CERTIFICATES, check, empty
from gridgeo.storage.export import replacing, write_table
from gridgeo.storage.files import digest

from .atoms import AtomFile, open_atoms
from .folder import ATOMS_FILE, certificates_of, finished, read_manifest, read_notes, read_piece
from .parquet import crs_of, notes_of, without_notes

_REGISTER = ["code", "name", "level", "kind", "parent_id"]


def gather(folder: Path, numbers: list[int]) -> None:
    """Write the areas, the owners of all atoms, and the certificates of a batch to a file each.

    Parameters
    ----------
    folder : Path
    numbers : list of int
        Of the pieces that are done, at least one; one at a time is held in memory, beside the certificates.

    Raises
    ------
    StorageError
        If a file cannot be read or written.
    """
    told = []
    areas_are, owners_are = (read_piece(folder, numbers[0], part).schema for part in ("areas", "owners"))
    areas_are = without_notes(areas_are)
    with (
        replacing(folder / "areas.parquet") as areas_place,
        replacing(folder / "owners.parquet") as owners_place,
        pq.ParquetWriter(areas_place, areas_are) as areas_to,
        pq.ParquetWriter(owners_place, owners_are) as owners_to,
    ):
        for number in numbers:
            areas = read_piece(folder, number, "areas")
            areas_to.write_table(areas.cast(areas_are))
            owners_to.write_table(read_piece(folder, number, "owners"))
            told.append(certificates_of(notes_of(areas.schema)))
    levels = owners_are.names[1:]
    write_table(_join_certificates(told, levels, crs_of(areas_are)), folder / "certificates.parquet")


def join_plans(folder: str | Path, atoms: str | Path | None = None) -> Plan:
    """Join what ``partition_many`` left in a folder to one plan.

    Parameters
    ----------
    folder : str or Path
    atoms : str or Path, optional
        Where the file of atoms lies now, if it was moved since.

    Returns
    -------
    Plan
        The one that ``partition`` draws from the whole table, area by area and id by id. It is held in memory.

    Raises
    ------
    GridgeoError
        If a community is missing, naming it.
    StorageError
        If the folder holds no batch, or its atoms are not there any more or are others.
    TableError
        If an atom id stands in several communities.
    """
    folder = Path(folder)
    held = read_manifest(folder)
    file = _atom_file(folder, held, atoms)
    numbers = finished(folder)
    notes = [read_notes(folder, number) for number in numbers]
    done = {row["community_id"] for each in notes for row in each["summary"]}
    missing = [each for each in file.communities if each not in done]
    if missing:
        raise GridgeoError(
            f"{folder}: {len(missing)} of {len(file.communities)} communities are not divided, the first is "
            f"{missing[0]!r}; {folder / 'summary.csv'} tells why, run the batch again"
        )
    table = file.read_all()
    check(table, ATOMS)
    owners = pa.concat_tables([read_piece(folder, number, "owners") for number in numbers]).to_pandas()
    owners = owners.set_index("atom_id").reindex(table.index)
    levels = owners.columns.to_list()
    areas = [read_piece(folder, number, "areas") for number in numbers]
    rows = pa.concat_tables(each.select(["area_id", *_REGISTER]) for each in areas).to_pandas()
    parent = rows["parent_id"].astype(object)
    rows["parent_id"] = parent.where(parent.notna(), None)
    profile = Profile.from_facts(held["rules"])
    return Plan(
        atoms=table,
        owners={level: owners[level].dropna().rename("area_id") for level in levels},
        register=pd.concat([rows[rows["level"] == level].sort_index() for level in levels]),
        profile=profile,
        borders=find_borders(table),
        certificates=_join_certificates([certificates_of(each) for each in notes], levels, table.crs),
        manifest=_join_manifests(
            [each["manifest"] for each in notes],
            manifest_of(table, profile, "gridgeo", held["effort"], held["seed"]),
        ),
    )


def _join_manifests(told: list[dict[str, Any]], whole: dict[str, Any]) -> dict[str, Any]:
    """Add what only the pieces know: the communities divided from micro grids up, the floors that buildings share."""
    stacked = [row for each in told for row in each["stacked"]]
    return whole | {
        "inner_first": dict(sorted(item for each in told for item in each["inner_first"].items())),
        "stacked": sorted(stacked, key=lambda row: row["atom_id"]),
    }


def _atom_file(folder: Path, held: dict[str, Any], atoms: str | Path | None) -> AtomFile:
    path = Path(atoms) if atoms is not None else folder / held["atoms"]  # an absolute one stays as it is
    if not path.is_file():
        raise StorageError(f"there is no file {str(path)!r} of atoms any more; say where it is with atoms=...")
    if digest(path) != held["atoms_sha256"]:
        raise StorageError(f"{path}: holds other atoms than {folder} was made from; name the file with atoms=...")
    file = open_atoms(path)
    if file is None:
        raise StorageError(f"{path}: is not a file of atoms; {ATOMS_FILE} in a batch or write_atoms makes one")
    return file


def _join_certificates(tables: list[pd.DataFrame], levels: list[str], crs: Any) -> gpd.GeoDataFrame:
    """Put certificates in the order of one run: by level, and by the area that they are about."""
    full = [table for table in tables if len(table)]
    if not full:
        return gpd.GeoDataFrame(empty(CERTIFICATES, crs))
    joined = pd.concat(full, ignore_index=True)
    order = joined["level"].map({level: at for at, level in enumerate(levels)})
    joined = joined.assign(order=order).sort_values(["order", "area_id"], kind="stable").drop(columns="order")
    ids = pd.Index([f"Z{number:04d}" for number in range(1, len(joined) + 1)], name="certificate_id")
    return gpd.GeoDataFrame(joined.set_axis(ids), geometry="geometry", crs=crs)
