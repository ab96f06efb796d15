"""Write a draft out as a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan

from .draft_sheet import LOCKED_AREAS, LOCKED_ATOMS, RETIRED_CODES, RETIRED_IDS, TOGETHER, Sheet

LASTING = ("total", "component", "dead_atom", "no_division", "atom_over_max", "hanging_piece")
"""Reasons of certificates that speak of the ground alone: they hold however its areas are drawn."""


def write_plan(sheet: Sheet, revision: int) -> Plan:
    """Make the plan that a sheet holds: a draft, in force on no day.

    Parameters
    ----------
    sheet : Sheet
    revision : int

    Returns
    -------
    Plan
        With the atoms and borders of the base; certificates that no longer apply are left out.
    """
    base = sheet.plan
    index = base.atoms.index
    owners = {
        level: pd.Series(sheet.owner[level].copy(), index=index, name="area_id", dtype=base.owners[level].dtype)
        for level in base.owners
    }
    atoms, community = base.atoms, owners[str(Level.COMMUNITY)]
    if (atoms["community_id"].to_numpy(dtype=object) != community.to_numpy(dtype=object)).any():
        atoms = atoms.assign(community_id=community.astype(atoms["community_id"].dtype))
    return replace(
        base,
        atoms=atoms,
        owners=owners,
        register=_register(sheet),
        certificates=_certificates(sheet),
        manifest=_manifest(sheet),
        valid_from=None,
        revision=revision,
    )


def _register(sheet: Sheet) -> pd.DataFrame:
    """Write the register, outer level first, each level in order of its ids."""
    base = sheet.plan.register
    ids = sorted(sheet.rows, key=lambda name: (_rank(sheet, sheet.rows[name]["level"]), name))
    columns = {name: [sheet.rows[each].get(name) for each in ids] for name in base.columns}
    index = pd.Index(ids, name="area_id", dtype=base.index.dtype)
    return pd.DataFrame(columns, index=index, columns=base.columns).astype(base.dtypes.to_dict())


def _rank(sheet: Sheet, level: str) -> int:
    return sheet.levels.index(level) if level in sheet.levels else len(sheet.levels)


def _manifest(sheet: Sheet) -> dict[str, Any]:
    """Note down what the next draft has to know; what is empty is left out."""
    now = {row["code"] for row in sheet.rows.values()}
    notes: dict[str, Any] = {
        RETIRED_IDS: sorted(sheet.retired),
        RETIRED_CODES: sorted(str(code) for code in sheet.codes if code not in now),
        LOCKED_AREAS: sorted(sheet.locked_areas),
        LOCKED_ATOMS: sorted(sheet.locked_atoms),
        TOGETHER: sorted(sorted(group) for group in set(sheet.together.values())),
    }
    kept = {key: value for key, value in sheet.plan.manifest.items() if key not in notes}
    return kept | {key: value for key, value in notes.items() if value}


def _certificates(sheet: Sheet) -> pd.DataFrame:
    """Keep the certificates whose area holds the atoms it held, and, where they speak of a division, is divided so."""
    base = sheet.plan
    if not len(base.certificates):
        return base.certificates
    was = {level: base.owners[level].reindex(base.atoms.index).to_numpy(dtype=object) for level in sheet.levels}
    changed = {level: was[level] != sheet.owner[level] for level in sheet.levels}
    kept = [
        _applies(sheet, was, changed, str(row.area_id or ""), str(row.level), str(row.reason))
        for row in base.certificates.itertuples()
    ]
    found = base.certificates[np.array(kept, dtype=bool)]
    return found if not isinstance(base.certificates, gpd.GeoDataFrame) else gpd.GeoDataFrame(found)


def _applies(
    sheet: Sheet,
    was: dict[str, np.ndarray],
    changed: dict[str, np.ndarray],
    area_id: str,
    level: str,
    reason: str,
) -> bool:
    if not area_id:
        return level not in changed or not changed[level].any()
    home = sheet.plan.register["level"].get(area_id)
    if home not in changed or area_id not in sheet.rows:
        return False
    held = was[home] == area_id
    if not np.array_equal(np.flatnonzero(held), sheet.members.get((str(home), area_id), np.zeros(0))):
        return False
    return reason in LASTING or level not in changed or not changed[level][held].any()
