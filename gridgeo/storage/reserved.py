"""Keep every id and code that a territory ever published, so that none is used again for other land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from gridgeo.model.errors import TableError

from .schema import ROWS, areas, plan_frames, reserved

KINDS = ("area_id", "code")
SAME_LAND_SHARE = 0.5
_WAY_OUT = "renew_ids(plan, before, store.reserved()) gives it another, or pass lineage that says it is the same area"


def check_reserved(
    connection: sa.Connection,
    territory: str,
    parts: Mapping[str, int],
    before: Mapping[str, int],
    lineage: pd.DataFrame | None,
) -> None:
    """Refuse a plan that uses a retired id, or another area's code, for other land.

    An id that the plan before holds stays its area's, whatever its shape; where lineage is given, that has to say so
    too. Land is the same where the smaller of the two areas lies in the other by half or more.

    Parameters
    ----------
    connection : Connection
        In a transaction, in which the frames of the new plan are stored.
    territory : str
    parts, before : mapping of str to int
        Role -> ``frame_id`` of the new plan, and of that in force on its first day before; empty where there is none.
    lineage : DataFrame, optional
        Table ``LINEAGE`` from the plan before to the new one.

    Raises
    ------
    TableError
        Naming the first id or code, and the version that held it.
    """
    became: set[tuple[str, str]] = set()
    if lineage is not None:
        went = lineage.dropna(subset=["before_id", "after_id"])
        became = {*zip(went["before_id"], went["after_id"], strict=True)}
        _check_lineage(lineage, became)
    if parts["register"] == before.get("register"):
        return
    for kind in KINDS:
        used = _used_again(connection, territory, kind, parts, before.get("register", 0))
        for place in np.flatnonzero(~_is_same_land(used["old"], used["new"])).tolist():
            word, holder, area_id = (used[name][place] for name in ("word", "holder", "area_id"))
            if (holder, area_id) in became:
                continue
            what = "area_id" if kind == "area_id" else f"code of {area_id!r}"
            named = "" if holder == word else f" as area {holder!r}"
            raise TableError(
                f"register: {what} {word!r} is used again for other land; version {used['version'][place]} "
                f"held it{named}, and ids and codes are never used again; {_WAY_OUT}"
            )


def _check_lineage(lineage: pd.DataFrame, became: set[tuple[str, str]]) -> None:
    """Refuse an id that lives on although lineage says that its land went elsewhere."""
    for area_id in sorted(set(lineage["before_id"].dropna()) & set(lineage["after_id"].dropna())):
        if (area_id, area_id) not in became:
            raise TableError(
                f"register: area_id {area_id!r} is used for other land: lineage says that nothing of {area_id!r} "
                "became it, and ids are never used again; renew_ids(plan, before, store.reserved()) gives it another"
            )


def _used_again(
    connection: sa.Connection, territory: str, kind: str, parts: Mapping[str, int], before: int
) -> dict[str, Sequence[Any]]:
    """Pair the drawn areas whose id, or code, is reserved with those that held it last."""
    mine = (reserved.c.territory == territory, reserved.c.kind == kind)
    held: dict[str, dict[str, int]] = {}
    query = sa.select(reserved.c.word, reserved.c.area_id, reserved.c.last_version).where(*mine)
    for word, area_id, version in connection.execute(query):
        held.setdefault(word, {})[area_id] = version
    lives = set(_words(connection, kind, before))
    pairs = []
    for area_id, word in sorted(set(_words(connection, kind, parts["register"])) - lives):
        holders = held.get(word, {})
        if kind == "area_id" or area_id not in holders:
            pairs += [(word, holder, area_id, version) for holder, version in sorted(holders.items())]
    new = _drawn(connection, [frame_id for role, frame_id in parts.items() if role.startswith("areas:")])
    old: dict[int, dict[str, bytes]] = {}
    for version in {pair[3] for pair in pairs}:
        role = plan_frames.c.role.startswith("areas:")
        query = sa.select(plan_frames.c.frame_id).where(plan_frames.c.version == version, role)
        old[version] = _drawn(connection, connection.scalars(query).all())
    rows = [
        (*pair, old[pair[3]][pair[1]], new[pair[2]]) for pair in pairs if pair[1] in old[pair[3]] and pair[2] in new
    ]
    names = ("word", "holder", "area_id", "version", "old", "new")
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())


def _words(connection: sa.Connection, kind: str, frame_id: int) -> list[tuple[str, str]]:
    """List the ids of a register, each with its word."""
    row = ROWS["register"].c
    query = sa.select(row.area_id, row[kind].label("word")).where(row.frame_id == frame_id, row[kind].is_not(None))
    return [(area_id, word) for area_id, word in connection.execute(query)]


def _drawn(connection: sa.Connection, frame_ids: Sequence[int]) -> dict[str, bytes]:
    """Load the shapes of areas, by id."""
    query = sa.select(areas.c.area_id, areas.c.geometry).where(areas.c.frame_id.in_(frame_ids))
    return dict(connection.execute(query).all())


def _is_same_land(old: Sequence[bytes], new: Sequence[bytes]) -> Any:
    """Tell in which pairs the smaller shape lies in the other by half or more: array of bool."""
    if not len(old):
        return np.zeros(0, dtype=bool)
    ones, others = (shapely.make_valid(shapely.from_wkb(np.array(wkb, dtype=object))) for wkb in (old, new))
    common = shapely.area(shapely.intersection(ones, others))
    return common >= SAME_LAND_SHARE * np.minimum(shapely.area(ones), shapely.area(others))


def reserve(connection: sa.Connection, territory: str, register_frame: int, version: int) -> None:
    """Enter the ids and codes of a version.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory : str
    register_frame : int
        Frame of its register.
    version : int
    """
    register = ROWS["register"].c
    mine = register.frame_id == register_frame
    for kind in KINDS:
        word = register[kind]
        known = sa.and_(reserved.c.territory == territory, reserved.c.kind == kind)
        pairs = sa.select(word, register.area_id).where(mine, word.is_not(None))
        held = sa.tuple_(reserved.c.word, reserved.c.area_id).in_(pairs)
        connection.execute(sa.update(reserved).where(known, held).values(last_version=version))
        listed = sa.select(reserved.c.word).where(
            known, reserved.c.word == word, reserved.c.area_id == register.area_id
        )
        names = ["territory", "kind", "word", "area_id", "first_version", "last_version"]
        fresh = sa.select(
            sa.literal(territory), sa.literal(kind), word, register.area_id, sa.literal(version), sa.literal(version)
        ).where(mine, word.is_not(None), ~listed.exists())
        connection.execute(sa.insert(reserved).from_select(names, fresh))


def read_reserved(connection: sa.Connection, territory: str) -> pd.DataFrame:
    """List the ids and codes that were ever published.

    Parameters
    ----------
    connection : Connection
    territory : str

    Returns
    -------
    DataFrame
        ``kind`` (area_id, code), ``word, area_id`` (which area it names), ``first_version, last_version``; in order.
    """
    names = ["kind", "word", "area_id", "first_version", "last_version"]
    columns = [reserved.c[name] for name in names]
    rows = connection.execute(sa.select(*columns).where(reserved.c.territory == territory)).all()
    found = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    made = pd.DataFrame(
        {name: pd.Series(found[place], dtype="str" if place < 3 else "int64") for place, name in enumerate(names)}
    )
    return made.sort_values(names, ignore_index=True)
