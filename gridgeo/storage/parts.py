"""Take a plan apart into the frames that the store keeps, and put it together again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import TableError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile
from gridgeo.model.tables import ATOMS, check

from .rows import crs_text

_OWN_DAYS = ["valid_from", "valid_to"]  # columns of AREAS that belong to the version, not to the area


def check_plan(plan: Plan) -> None:
    """Refuse a plan whose parts do not belong together.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    TableError
        Naming the atom or the area that is missing.
    """
    check(plan.atoms, ATOMS)
    if not len(plan.atoms):
        raise TableError("atoms: the plan has none; make_atoms gives them")
    if not plan.register.index.is_unique:
        twice = plan.register.index[plan.register.index.duplicated()][0]
        raise TableError(f"register: area_id {twice!r} stands more than once; ids must be unique")
    if Level.COMMUNITY not in plan.owners:
        raise TableError("owners: level 'community' is missing; a plan says for each atom which community it lies in")
    for level, owner in plan.owners.items():
        _check_owner(owner, str(level), plan)


def _check_owner(owner: pd.Series, level: str, plan: Plan) -> None:
    if not owner.index.is_unique:
        twice = owner.index[owner.index.duplicated()][0]
        raise TableError(f"owner of level {level!r}: atom {twice!r} stands more than once")
    strange = owner.index.difference(plan.atoms.index)
    if len(strange):
        raise TableError(f"owner of level {level!r}: there is no atom {strange[0]!r}")
    if owner.isna().any():
        raise TableError(f"owner of level {level!r}: atom {owner.index[owner.isna()][0]!r} has no area")
    unknown = pd.Index(owner.unique()).difference(plan.register.index)
    if len(unknown):
        raise TableError(f"register: area {unknown[0]!r} of level {level!r} is missing")


def take_apart(plan: Plan) -> dict[str, pd.DataFrame]:
    """Give the frames that make a plan up, its drawn areas included.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict of str to DataFrame
        Role -> frame; ``owners`` and ``areas`` have one a level (``areas:grid``).
    """
    made: dict[str, pd.DataFrame] = {
        "atoms": plan.atoms,
        "borders": plan.borders,
        "register": plan.register,
        "certificates": plan.certificates,
    }
    for level, owner in plan.owners.items():
        made[f"owners:{level}"] = owner.rename("area_id").to_frame()
        made[f"areas:{level}"] = plan.areas(level).drop(columns=_OWN_DAYS)
    return made


def facts_of(plan: Plan) -> dict[str, Any]:
    """Give what a version says in its own row.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict
        ``revision, crs, levels, profile, manifest``.

    Raises
    ------
    TableError
        If the manifest holds what JSON cannot carry.
    """
    try:
        manifest = json.loads(json.dumps(dict(plan.manifest), default=_plain))
    except (TypeError, ValueError) as error:
        raise TableError(f"manifest: {error}; keep text, numbers, lists and mappings in it") from None
    return {
        "revision": plan.revision,
        "crs": crs_text(plan.crs),
        "levels": [[str(level), owner.name] for level, owner in plan.owners.items()],
        "profile": dataclasses.asdict(plan.profile),
        "manifest": manifest,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def put_together(version: sa.Row[Any], load: Callable[[str], pd.DataFrame]) -> Plan:
    """Make the plan of a version.

    Parameters
    ----------
    version : Row of ``plans``
    load : function of role
        Gives the frame of that role.

    Returns
    -------
    Plan
    """
    return Plan(
        atoms=cast(gpd.GeoDataFrame, load("atoms")),
        owners={level: load(f"owners:{level}")["area_id"].rename(name) for level, name in version.levels},
        register=load("register"),
        profile=Profile.from_facts(version.profile),
        borders=load("borders"),
        certificates=load("certificates"),
        manifest=version.manifest,
        valid_from=version.valid_from,
        revision=version.revision,
    )


def with_days(areas: pd.DataFrame, version: sa.Row[Any]) -> gpd.GeoDataFrame:
    """Write into areas from when until when their plan is in force.

    Parameters
    ----------
    areas : GeoDataFrame
        As ``take_apart`` gave them.
    version : Row of ``plans``

    Returns
    -------
    GeoDataFrame
        Table ``AREAS``.
    """
    made = areas.assign(valid_from=version.valid_from, valid_to=version.valid_to)
    return made[[*[name for name in areas.columns if name != "geometry"], *_OWN_DAYS, "geometry"]]
