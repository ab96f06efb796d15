"""Carry a whole plan in one GeoPackage: layers that desktop GIS opens, and all that is needed to have the plan back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import StorageError, TableError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile

from .export import check_geopackage_name, plain_columns, replacing, with_key, write_vector_layer
from .formats import Source, open_source
from .values import decode, encode
from .vectors import list_vector_layers, read_vectors

AREA_LAYERS = {
    Level.GRID: "grids",
    Level.MICRO: "micro_grids",
    Level.COMMUNITY: "communities",
    Level.BEAT: "beats",
}
"""Level of a plan -> layer with its areas, drawn for the map; the plan itself is in ``atoms``."""

_OWN = "plan."
"""How keys of table ``manifest`` begin that are not the plan's manifest."""
_TABLES = ("atoms", "register", "borders", "certificates")


def write_plan(plan: Plan, path: str | Path, extra: Mapping[str, pd.DataFrame] | None = None) -> None:
    """Write a plan to a GeoPackage.

    Parameters
    ----------
    plan : Plan
    path : str or Path
        Ending in ``.gpkg``; folders on the way are made. An earlier file is replaced when all is written.
    extra : mapping of str to DataFrame, optional
        More layers, such as ``{"streets": streets, "findings": findings}``.

    Raises
    ------
    StorageError
        If the folder cannot be written to, or an extra layer is called like one of the plan's.
    TableError
        If the plan holds values that a file cannot carry.

    Notes
    -----
    Layers ``grids, micro_grids, communities, beats`` (table AREAS; those of the plan's levels), ``atoms`` (with a
    column a level that names the owner) and tables ``register, borders, certificates, manifest``.
    """
    path = Path(path)
    check_geopackage_name(path)
    layers = {name: plan.areas(level) for level, name in AREA_LAYERS.items() if level in plan.owners}
    taken = {*layers, *_TABLES, "manifest"}
    for name in extra or {}:
        if name in taken:
            raise StorageError(f"{path.name}: layer {name!r} is the plan's own; call the extra layer otherwise")
    own: dict[str, Any] = {"profile": dataclasses.asdict(plan.profile), "revision": plan.revision, "layouts": {}}
    own["valid_from"] = None if plan.valid_from is None else plan.valid_from.isoformat()
    atoms, own["owners"] = _with_owners(plan)
    own["attrs"] = _json_only(plan.atoms.attrs)
    tables = {"atoms": atoms, "register": plan.register, "borders": plan.borders, "certificates": plan.certificates}
    with replacing(path) as place:
        for name, frame in {**layers, **(extra or {})}.items():
            write_vector_layer(plain_columns(with_key(frame)), place, name, append=place.exists())
        for name, frame in tables.items():
            flat, own["layouts"][name] = _flatten(frame, name)
            write_vector_layer(flat, place, name, append=True, exact=True)
        write_vector_layer(_manifest_rows(plan, own), place, "manifest", append=True)


def read_plan(path: str | Path) -> Plan:
    """Read a plan that ``write_plan`` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Plan
        Equal to the one that was written, coordinates to the last digit.

    Raises
    ------
    StorageError
        If the file cannot be read or holds no plan.
    """
    with open_source(path) as source:
        if source.format != "GeoPackage":
            raise StorageError(f"{source.name}: holds no plan; write_plan writes one to a GeoPackage")
        missing = {*_TABLES, "manifest"} - set(list_vector_layers(source))
        if missing:
            raise StorageError(f"{source.name}: holds no plan, layer {min(missing)!r} is missing; write_plan writes it")
        manifest, own = _read_manifest(source)
        try:
            tables = {name: _restore(source, name, own["layouts"][name]) for name in _TABLES}
            return _assemble(tables, manifest, own)
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f"{source.name}: the plan in it is damaged ({error!r}); write it again") from None


def _with_owners(plan: Plan) -> tuple[gpd.GeoDataFrame, list[list[Any]]]:
    """Add a column a level that names each atom's area; tell (level, column, name of the Series, whether added)."""
    atoms = plan.atoms.copy(deep=False)
    told = []
    for level, owner in plan.owners.items():
        column, values = f"{level}_id", owner.reindex(atoms.index)
        is_there = column in atoms
        if is_there and not (atoms[column].astype(object) == values.astype(object)).all():
            column, is_there = f"{level}_owner_id", False
        if not is_there:
            atoms[column] = values
        told.append([str(level), column, owner.name, not is_there])
    return atoms, told


def _assemble(tables: dict[str, pd.DataFrame], manifest: dict[str, Any], own: dict[str, Any]) -> Plan:
    atoms = tables["atoms"]
    owners = {level: atoms[column].dropna().rename(name) for level, column, name, _ in own["owners"]}
    atoms = gpd.GeoDataFrame(atoms.drop(columns=[column for _, column, _, added in own["owners"] if added]))
    atoms.attrs = own["attrs"]
    return Plan(
        atoms=atoms,
        owners=owners,
        register=tables["register"],
        profile=Profile.from_facts(own["profile"]),
        borders=tables["borders"],
        certificates=tables["certificates"],
        manifest=manifest,
        valid_from=None if own["valid_from"] is None else date.fromisoformat(own["valid_from"]),
        revision=own["revision"],
    )


def _flatten(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make a frame of plain columns, and note down what gives its types and its index back."""
    index = None if isinstance(frame.index, pd.RangeIndex) else (frame.index.name or "index")
    shape = frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None
    layout: dict[str, Any] = {"index": index, "index_name": frame.index.name, "geometry": shape, "columns": []}
    layout["order"] = list(frame.columns)
    series = {} if index is None else {index: frame.index.to_series()}
    series |= {str(column): frame[column] for column in frame.columns if column != shape}
    flat = pd.DataFrame(index=range(len(frame)))
    for column, values in series.items():
        form, plain = encode(values, f"{name}: column {column!r}")
        as_json = any(not isinstance(value, str) for value in plain if value is not None) and form["form"] == "object"
        if as_json:
            plain = [None if value is None else json.dumps(value, ensure_ascii=False) for value in plain]
        layout["columns"].append([column, form, as_json])
        flat[column] = _typed(plain, as_json)
    if shape is None or frame.crs is None:
        return flat, layout | {"has_crs": False}
    shapes = gpd.GeoSeries(frame.geometry.to_numpy(), crs=frame.crs)
    return gpd.GeoDataFrame(flat, geometry=shapes, crs=frame.crs), layout | {"has_crs": True}


def _typed(plain: list[Any], as_text: bool) -> pd.Series:
    """Type plain values as the file keeps them: text unless all are numbers or truth values."""
    present = [value for value in plain if value is not None]
    if as_text or not present or isinstance(present[0], str):
        return pd.Series(plain, dtype="str")
    return pd.Series(plain)


def _restore(source: Source, name: str, layout: dict[str, Any]) -> pd.DataFrame:
    """Read a table of the plan as it was written."""
    flat, _ = read_vectors(source, name)
    made = {}
    for column, form, as_json in layout["columns"]:
        plain = [None if pd.isna(value) else value for value in flat[column].tolist()]
        if as_json:
            plain = [None if value is None else json.loads(value) for value in plain]
        made[column] = decode(form, plain, pd.RangeIndex(len(flat)))
    frame = pd.DataFrame(made, index=pd.RangeIndex(len(flat)))
    if layout["geometry"] is not None:
        shapes = flat.geometry.to_numpy() if layout["has_crs"] else np.full(len(flat), None, dtype=object)
        crs = flat.crs if layout["has_crs"] else None
        frame[layout["geometry"]] = gpd.GeoSeries(shapes, crs=crs)
        frame = gpd.GeoDataFrame(frame, geometry=layout["geometry"], crs=crs)
    if layout["index"] is not None:
        frame = frame.set_index(layout["index"])
        frame.index.name = layout["index_name"]
    return frame[layout["order"]]


def _manifest_rows(plan: Plan, own: Mapping[str, Any]) -> pd.DataFrame:
    """Write facts as rows of key and value, text as it is and the rest as JSON."""
    facts = {**plan.manifest, **{f"{_OWN}{key}": value for key, value in own.items()}}
    rows = []
    for key, value in facts.items():
        text = isinstance(value, str)
        rows.append([str(key), value if text else _to_json(value, str(key)), "text" if text else "json"])
    return pd.DataFrame(rows, columns=["key", "value", "form"], dtype="str")


def _to_json(value: Any, key: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise TableError(
            f"manifest: {key} cannot be written ({error}); keep text, numbers, lists and mappings"
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _json_only(facts: Mapping[Any, Any]) -> dict[str, Any]:
    """Keep what JSON carries of the notes beside a frame."""
    kept = {}
    for key, value in facts.items():
        try:
            kept[str(key)] = json.loads(json.dumps(value, default=_plain))
        except (TypeError, ValueError):
            continue
    return kept


def _read_manifest(source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the plan's manifest, and apart from it what the plan needs beside its tables."""
    rows, _ = read_vectors(source, "manifest")
    manifest: dict[str, Any] = {}
    own: dict[str, Any] = {}
    try:
        for key, text, form in rows[["key", "value", "form"]].itertuples(index=False):
            value = text if form == "text" else json.loads(text)
            if key.startswith(_OWN):
                own[key.removeprefix(_OWN)] = value
            else:
                manifest[key] = value
    except (KeyError, ValueError, TypeError) as error:
        raise StorageError(f"{source.name}: table manifest is damaged ({error}); write the plan again") from None
    return manifest, own
