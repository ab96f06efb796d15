"""Share out what ``make_atoms`` noted down beside its table, so that each community carries its own part."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

NOTE = "gridgeo_note"
"""Column of a file of atoms: what was noted down about each of them, as JSON."""
_ATOM_COLUMNS = ("atom_id", "atom_a", "atom_b")
"""Columns of noted tables that hold the ids of atoms; the first column is one of them."""


def split_notes(atoms: gpd.GeoDataFrame) -> tuple[pd.Series, dict[str, Any]]:
    """Share out ``atoms.attrs`` among atoms, communities, and the whole.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``; not changed.

    Returns
    -------
    Series of str
        Indexed by position: JSON of what is noted about an atom; missing where nothing is.
    dict
        ``whole``: what is about no atom; ``by_community``: mappings whose keys are communities; ``by_atom``: the names
        of those whose keys are atoms; ``tables``: the columns of tables with a row for each of some atoms.
    """
    at = {str(key): position for position, key in enumerate(atoms.index)}
    communities = set(atoms["community_id"].dropna().unique())
    told: dict[int, dict[str, Any]] = {}
    rest: dict[str, Any] = {"whole": {}, "by_community": {}, "by_atom": [], "tables": {}}
    for name, value in atoms.attrs.items():
        mapping, table = _mapping(value), _table(value)
        if table is not None:
            rest["tables"][name] = table.columns.to_list()
            for first, *others in table.to_numpy().tolist():
                if first in at:
                    told.setdefault(at[first], {}).setdefault(name, []).append(others)
        elif not communities.isdisjoint(mapping):
            rest["by_community"][name] = mapping
        elif not at.keys().isdisjoint(mapping):
            rest["by_atom"].append(name)
            for key in mapping.keys() & at.keys():
                told.setdefault(at[key], {})[name] = mapping[key]
        elif _is_json(value):
            rest["whole"][str(name)] = value
    texts = {position: json.dumps(note, ensure_ascii=False, sort_keys=True) for position, note in told.items()}
    return pd.Series(texts, dtype="str").reindex(range(len(atoms))), rest


def join_notes(
    ids: Iterable[str], texts: Iterable[Any], rest: Mapping[str, Any], only: set[str] | None
) -> dict[str, Any]:
    """Give what ``split_notes`` shared out back, for all atoms or for those of some communities.

    Parameters
    ----------
    ids : iterable of str
        The atoms.
    texts : iterable of str
        What is noted about each.
    rest : mapping
        As ``split_notes`` gave it.
    only : set of str, optional
        The communities; None for all.

    Returns
    -------
    dict
        For ``atoms.attrs``. Rows about a border with an atom elsewhere are left out.
    """
    ids = list(ids)
    present = set(ids)
    tables: dict[str, list[list[str]]] = {name: [] for name in rest["tables"]}
    others_at = {
        name: [at for at, column in enumerate(columns) if column in _ATOM_COLUMNS]
        for name, columns in rest["tables"].items()
    }
    by_atom: dict[str, dict[str, Any]] = {name: {} for name in rest["by_atom"]}
    for key, text in zip(ids, texts, strict=True):
        for name, value in ({} if pd.isna(text) else json.loads(text)).items():
            if name in tables:
                found = ([key, *others] for others in value)
                tables[name] += [row for row in found if all(row[at] in present for at in others_at[name])]
            else:
                by_atom[name][key] = value
    attrs = dict(rest["whole"])
    for name, rows in tables.items():
        attrs[name] = pd.DataFrame(rows, columns=rest["tables"][name]).to_csv(index=False)
    for name, mapping in rest["by_community"].items():
        kept = mapping if only is None else {key: value for key, value in mapping.items() if key in only}
        attrs[name] = json.dumps(kept, ensure_ascii=False)
    return attrs | {name: json.dumps(mapping, ensure_ascii=False) for name, mapping in by_atom.items()}


def _mapping(value: Any) -> dict[str, Any]:
    """Read a note that is a mapping written as JSON; an empty one where it is not."""
    if not isinstance(value, str) or not value.startswith("{"):
        return {}
    try:
        found = json.loads(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _table(value: Any) -> pd.DataFrame | None:
    """Read a note that is a table written as CSV, its first column an atom; None where it is not."""
    if not isinstance(value, str) or value.partition(",")[0] not in _ATOM_COLUMNS:
        return None
    return pd.read_csv(io.StringIO(value), dtype="str", keep_default_na=False)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
