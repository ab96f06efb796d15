"""Check whether the areas of one network lie whole in those of others, and what would have to move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .findings import Finding, tabulate
from .household_defects import take_in_households
from .intake import Survey, check_numbers, take_in
from .nesting_atoms import has_sizes, read_owners
from .nesting_findings import land_findings, name_findings, row_findings
from .nesting_land import cut_land
from .nesting_moves import move_inner, move_outer
from .nesting_names import Names, agreement, find_names
from .nesting_pieces import Network
from .nesting_tables import Verdict, count_network, list_cuts, list_inner, list_moves, list_outer
from .parent_defects import NO_PARENT

__all__ = ["Nesting", "check_nesting"]

MOVES = ("outer", "inner")
WEIGHTS = ("area", "households", "atoms")


@dataclass(frozen=True, eq=False)
class Nesting:
    """Whether inner areas lie whole in the outer areas of one or several networks.

    Parameters
    ----------
    holds : bool
        True where every inner area lies whole in one outer area of each network, hairlines aside. The nesting itself
        is true or false likewise. What rows say of their parents and codes is told in ``findings``.
    reason : str
        Why it holds or does not, in one line.
    networks : DataFrame
        Index ``network``: ``holds, inner_areas, outer_areas, whole, cut, part_outside, outside, empty, unions,
        hairlines, hairline_m2, moves, undecided, moved_m2, moved_households, moved_atoms,
        names_compared, codes_compared, households_in_none``.
        ``unions``: how many outer areas are unions of whole inner areas.
    inner : DataFrame
        One row for each inner area and network: ``area_id, network, outer_id`` (which has the largest share of it),
        ``state`` (``whole``; ``cut``: in several outer areas; ``part outside``: in one, and partly in none;
        ``outside``: in none; ``empty``: no land), ``area_share, household_share, atom_share`` (of that outer area),
        ``outside_share, outer_areas, area_m2, households, atoms, hairlines, named_id, name_agrees, code_agrees,
        after``.
    outer : GeoDataFrame
        One row for each outer area: ``area_id, network, whole, cut`` (how many inner areas it holds so), ``is_union``
        (it is the union of whole inner areas), ``free_m2`` and the geometry (its land in no inner area), ``area_m2,
        after, parts, parts_after``. ``after`` is what the moves make of it: ``changed``, ``torn`` into more parts,
        ``emptied`` of all inner areas, or "".
    cuts : GeoDataFrame
        The pieces of the inner areas that are not whole: ``area_id, network, outer_id, is_largest, area_m2, area_share,
        households, household_share, atoms, atom_share, width_m`` (largest inscribed circle; not of the largest piece).
    moves : GeoDataFrame
        What has to move so that everything nests: ``network, area_id`` (the inner area that is cut), ``outer_id``
        (where the piece lies), ``from_id, to_id`` (outer areas with ``move="outer"``, inner areas otherwise; missing
        where a person must decide, or where the land was in no area), ``area_m2, households, atoms, note``.
    findings : GeoDataFrame
        Table ``FINDINGS``: ``outside_parent, wrong_parent, wrong_code, invalid_ring, empty_geometry, hairline``.
    tolerance_m : float, metres
    """

    holds: bool
    reason: str
    networks: pd.DataFrame
    inner: pd.DataFrame
    outer: gpd.GeoDataFrame
    cuts: gpd.GeoDataFrame
    moves: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    tolerance_m: float

    def __bool__(self) -> bool:
        return self.holds


def check_nesting(
    inner: Any,
    outer: Any,
    households: Any = None,
    tolerance_m: float = 0.001,
    *,
    parent: str | Mapping[str, str] | None = None,
    code: str | Mapping[str, str] | None = None,
    move: str = "outer",
    weight: str | None = None,
    atoms: pd.DataFrame | None = None,
) -> Nesting:
    """Check whether inner areas lie whole in outer areas, and find the least that must move so that they do.

    Each network is judged by itself. The moves are the least by weight: every nesting leaves each inner area in one
    outer area, so all but its heaviest piece has to move at least, and exactly that moves.

    Parameters
    ----------
    inner : GeoDataFrame, GeoSeries, or Series of str
        Areas in metres, or the owner of each atom (``atom_id`` -> ``area_id``, as ``plan.owner("micro")``); not
        changed. Invalid polygons are mended in a copy and told.
    outer : like ``inner``, or a mapping of network name to such
        One or several networks.
    households : GeoDataFrame, optional
        Points, with a column ``count`` where a row stands for several. One on a border counts once, for the area with
        the smaller id. Atoms bring their own.
    tolerance_m : float, metres
        Pieces that are nowhere as wide are hairlines: counted, not listed. Atoms have none.
    parent : str or mapping of network to str, optional
        Column of ``inner`` that names the outer area; ``parent_id`` where it is there and the network knows the names
        (of several, the one that knows most of them).
    code : str or mapping of network to str, optional
        Column of both with codes, that of an inner area beginning with that of its outer area; ``"area_id"`` for the
        ids themselves. By default ``code`` where both have it and any agree.
    move : str
        ``"outer"``: the outer borders follow the inner areas; ``"inner"``: the inner borders follow the outer areas.
    weight : str, optional
        What shall move least: ``"area"``, ``"households"`` or ``"atoms"``. Area by default, atoms where they have none.
    atoms : DataFrame or GeoDataFrame, optional
        Table ``ATOMS`` of the owners, for sizes, households and places.

    Returns
    -------
    Nesting

    Raises
    ------
    TableError
        If an argument is no such table or empty, ids are missing or repeated, an atom is missing, a column or a choice
        is unknown.
    CrsError
        If coordinates are not in metres, or the tables are in different systems.
    """
    check_numbers(tolerance_m=tolerance_m)
    _check_choice("move", move, MOVES)
    named = _name_networks(outer)
    if isinstance(inner, pd.Series) and not isinstance(inner, gpd.GeoSeries):
        weight = weight or ("area" if has_sizes(atoms) else "atoms")
        counted = isinstance(atoms, pd.DataFrame) and "households" in atoms
        _check_weight(weight, by_atoms=True, counted=counted, sized=has_sizes(atoms))
        survey, networks = read_owners(inner, named, atoms, households)
        tolerance_m = 0.0
    else:
        if atoms is not None:
            raise TableError("atoms: belong to owners; pass plan.owner(level) for inner and outer, or leave atoms out")
        weight = weight or "area"
        _check_weight(weight, by_atoms=False, counted=households is not None, sized=True)
        survey, networks = _read_land(inner, named, households, tolerance_m)
    names = find_names(survey, networks, parent, code)
    return _judge(survey, networks, names, (move, weight, tolerance_m))


def _check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise TableError(f"{what} is {value!r}; choose one of {', '.join(known)}")


def _check_weight(weight: str, *, by_atoms: bool, counted: bool, sized: bool) -> None:
    """Refuse to weigh what nobody has measured."""
    _check_choice("weight", weight, WEIGHTS)
    if weight == "households" and not counted:
        raise TableError(
            "weight is 'households', but nobody has counted them; pass "
            + ("atoms with a column 'households'" if by_atoms else "households=points")
        )
    if weight == "atoms" and not by_atoms:
        raise TableError("weight is 'atoms', but inner is a table of polygons; pass owners, or weight='area'")
    if weight == "area" and not sized:
        raise TableError("weight is 'area', but the sizes of the atoms are not known; pass atoms=plan.atoms")


def _name_networks(outer: Any) -> dict[str, Any]:
    """Read one table, or several by name."""
    if not isinstance(outer, Mapping):
        return {"outer": outer}
    if not outer:
        raise TableError("outer: holds no network; pass a table, or a mapping of names to tables")
    return {str(name): table for name, table in outer.items()}


def _read_land(
    inner: Any, named: dict[str, Any], households: Any, tolerance_m: float
) -> tuple[Survey, dict[str, Network]]:
    """Cut polygons along the polygons of each network."""
    survey = _take_in_named(inner, "inner")
    outers = {name: _take_in_named(table, name, survey.crs) for name, table in named.items()}
    dwellings = None if households is None else take_in_households(households, survey.crs)
    networks = {}
    for name, one in outers.items():
        pieces = cut_land(survey, one, dwellings, tolerance_m)
        networks[name] = Network(name, one.ids, one.shapes, one.area_m2, pieces, one)
    return survey, networks


def _take_in_named(table: Any, what: str, crs: Any = None) -> Survey:
    """Read a network that has rows, each with an id of its own."""
    survey = take_in(_with_whole_ids(table), what, crs)
    if not len(survey):
        raise TableError(f"{what}: has no rows; pass at least one area")
    missing = np.flatnonzero(survey.ids == "")
    if len(missing):
        raise TableError(
            f"{what}: area_id is missing in row {survey.rows[missing].min()}; name every area or leave the row out"
        )
    twice = np.flatnonzero(survey.ids[1:] == survey.ids[:-1])
    if len(twice):
        rows = np.sort(survey.rows[survey.ids == survey.ids[twice[0]]])
        raise TableError(
            f"{what}: area_id {survey.ids[twice[0]]!r} stands in rows {rows[0]} and {rows[1]}; ids must be unique, "
            "number the rows or join them with dissolve()"
        )
    return survey


def _with_whole_ids(table: Any) -> Any:
    """Write ids that are whole numbers, but were read as 7.0, without their point."""
    if not isinstance(table, gpd.GeoDataFrame | gpd.GeoSeries) or not pd.api.types.is_float_dtype(table.index.dtype):
        return table
    whole = [key if pd.isna(key) or key % 1 else int(key) for key in table.index.tolist()]
    return table.set_axis(pd.Index(whole, dtype=object, name=table.index.name), axis=0)


def _judge(
    survey: Survey, networks: Mapping[str, Network], names: Mapping[str, Names], choice: tuple[str, str, float]
) -> Nesting:
    """Bring all networks into tables."""
    _, _, tolerance_m = choice
    verdicts = [_judge_one(survey, network, names[name], choice) for name, network in networks.items()]
    cuts = list_cuts(verdicts, survey.crs)
    counts = pd.DataFrame([count_network(verdict) for verdict in verdicts]).set_index("network")
    holds = bool(counts["holds"].all())
    return Nesting(
        holds,
        _reason(counts),
        counts,
        list_inner(verdicts),
        list_outer(verdicts, survey.crs),
        cuts,
        list_moves(verdicts, survey.crs),
        _list_findings(survey, verdicts, cuts),
        tolerance_m,
    )


def _judge_one(survey: Survey, network: Network, names: Names, choice: tuple[str, str, float]) -> Verdict:
    """Find how inner areas lie in one network, what has to move, and whether names agree."""
    move, weight, tolerance_m = choice
    pieces = network.pieces
    kept = pieces.largest(weight)
    moves = (
        move_outer(pieces, kept, network.shapes, tolerance_m)
        if move == "outer"
        else move_inner(pieces, kept, tolerance_m)
    )
    main = np.where(kept == NO_PARENT, NO_PARENT, np.append(pieces.outer, NO_PARENT)[kept])
    homes = np.append(network.ids.astype(object), "")[main]
    codes = None if names.outer_code is None else np.append(names.outer_code, "")[main]
    name_agrees = agreement(names.parent, homes, by_start=False)
    code_agrees = agreement(names.code, codes, by_start=True)
    compared = [] if code_agrees is None else [one for one in code_agrees.tolist() if one is not None]
    if names.may_be_foreign and not any(compared):
        code_agrees = None
    return Verdict(network, survey.ids, kept, moves, move, names, name_agrees, code_agrees)


def _list_findings(survey: Survey, verdicts: list[Verdict], cuts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Tell everything in the form of an audit."""
    found: list[Finding] = []
    if verdicts[0].network.survey is not None:
        found += row_findings(survey, "inner", concerned=True)
    for verdict in verdicts:
        network = verdict.network
        if network.survey is not None:
            found += row_findings(network.survey, network.name, concerned=False)
        found += land_findings(verdict, cuts[cuts["network"] == network.name])
        found += name_findings(verdict)
    return tabulate(found, survey.ids, survey.crs)


def _reason(counts: pd.DataFrame) -> str:
    """Say in one line how the networks nest."""
    said = []
    for row in counts.itertuples():
        total = row.inner_areas
        if row.holds:
            said.append(f"all {total} areas lie whole in {row.Index}")
            continue
        ways = {"cut": "cut", "part_outside": "partly outside", "outside": "outside", "empty": "without land"}
        wrong = ", ".join(f"{getattr(row, name)} {words}" for name, words in ways.items() if getattr(row, name))
        said.append(f"{row.whole} of {total} areas lie whole in {row.Index} ({wrong})")
    return "; ".join(said)
