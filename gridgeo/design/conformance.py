"""Hold a plan against each clause of its profile: what holds, what fails and where, what cannot be judged and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.model.bands import say_band
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Clause, Limits, Profile

from .border_clauses import judge_features, judge_streets
from .clause_points import check_asked, points_of
from .evidence import Evidence, gather
from .five_covers import Cover, cover_five_ways
from .place_clauses import (
    judge_alone,
    judge_buildings,
    judge_codes,
    judge_institutions,
    judge_nesting,
    judge_one_piece,
    judge_overlap,
    judge_units,
)
from .size_clauses import judge_band, judge_site_band
from .staffing import check_day, judge_one_officer, judge_staff
from .verdicts import FAILS, HOLDS, STATES, UNJUDGED, Fault, Verdict, tabulate_faults, unjudged

JUDGES: Mapping[str, Callable[[Evidence, str], Verdict]] = {
    "no_overlap": judge_overlap,
    "nesting": judge_nesting,
    "one_piece": judge_one_piece,
    "on_features": judge_features,
    "whole_units": judge_units,
    "whole_buildings": judge_buildings,
    "whole_institutions": judge_institutions,
    "alone": judge_alone,
    "one_officer": judge_one_officer,
    "one_first_officer": lambda evidence, level: judge_one_officer(evidence, level, shared=True),
    "staff": judge_staff,
    "codes": judge_codes,
}
_ONE_LEVEL = ("cover", "no_overlap", "one_officer", "one_first_officer", "staff")
"""Points that a clause without a level asks of grids alone."""

CLAUSE_COLUMNS = (
    "clause", "point", "level", "subject", "strength", "source", "says", "says_zh", "state", "figure", "limit",
    "quantity", "judged", "least", "most", "measure", "low", "high", "target", "reason", "missing", "why",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Conformance:
    """What came of holding a plan against the clauses of a profile.

    Parameters
    ----------
    profile : Profile
    clauses : DataFrame
        Index ``clause_id``: the clause, ``clause/point`` where it has several points. ``clause``, ``point`` (what was
        judged), ``level``, ``subject``, ``strength`` (hard, soft, may), ``source`` (the profile's), ``says`` and
        ``says_zh`` (the clause's words), ``state`` (``holds``, ``fails``, ``cannot be judged``); ``figure`` and
        ``limit``, ``quantity`` (what the figure is), ``judged`` (how many were looked at), ``least`` and ``most`` (of
        what each area holds); ``measure, low, high, target`` of a band, missing ends missing; ``reason``, ``missing``
        and ``why`` it cannot be judged.
    findings : GeoDataFrame
        Table ``FINDINGS``: each place that fails a clause, with its ``clause`` and ``level`` and the ``thing``
        concerned besides areas. Of a hard clause an
        error, of a soft one a warning, of a permission a note.
    covers : DataFrame
        Index ``way``: the five ways to cover at the level of grids (else the outermost that the plan has): ``total,
        covered, in_none, outside`` (the territory), ``share, quantity, missing`` (what was not given).
    """

    profile: Profile
    clauses: pd.DataFrame
    findings: gpd.GeoDataFrame
    covers: pd.DataFrame

    @property
    def holds(self) -> bool:
        """Tell whether some hard clause was judged and none fails; ``unjudged`` tells what this leaves open."""
        hard = self.clauses.loc[self.clauses["strength"] == "hard", "state"]
        return bool((hard == HOLDS).any() and not (hard == FAILS).any())

    @property
    def states(self) -> pd.Series:
        """Give the state of each clause: that of its gravest point."""
        rank = self.clauses["state"].map(STATES.index)
        worst = rank.groupby(self.clauses["clause"], sort=False).min()
        return worst.map(dict(enumerate(STATES))).rename("state")

    @property
    def unjudged(self) -> pd.DataFrame:
        """Give the points that could not be judged, as rows of ``clauses``."""
        return self.clauses[self.clauses["state"] == UNJUDGED]

    def __str__(self) -> str:
        counts = self.states.value_counts().reindex(STATES[::-1], fill_value=0)
        told = ", ".join(f"{state}: {count}" for state, count in counts.items())
        return f"{len(self.states)} clauses of {self.profile.name}: {told}"

    def _repr_html_(self) -> str:
        """Show the clauses in a notebook."""
        shown = self.clauses[["level", "strength", "says", "state", "figure", "limit", "quantity", "why"]]
        return f"<p>{escape(str(self))}</p>{shown.to_html(na_rep='', float_format='{:,.4g}'.format)}"


def conformance(  # noqa: PLR0913
    plan: Plan,
    profile: Profile | None = None,
    *,
    households: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    units: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    duties: pd.DataFrame | None = None,
    territory: Any = None,
    at: date | None = None,
    street_share: float | None = None,
    judged_by: Mapping[str, str] | None = None,
    tolerance_m: float = 0.01,
    street_m: float = 1.0,
    least_m2: float = 1.0,
) -> Conformance:
    """Hold a plan against each clause of a profile.

    Areas are drawn anew from their atoms, and households counted anew where they are given: nothing that the plan says
    of itself is taken over. What a clause needs and was not given leaves it unjudged, and so does a clause in words.

    Parameters
    ----------
    plan : Plan
    profile : Profile, optional
        Without it, the one that the plan was drawn by.
    households, streets, buildings : GeoDataFrame, optional
        Tables ``HOUSEHOLDS``, ``STREETS``, ``BUILDINGS``. Without households, the atoms tell how many there are, and
        whether each lies in some area is left open.
    places : GeoDataFrame, optional
        Institutions: points, or polygons of their ground; ``name`` and ``kind`` where known.
    units : GeoDataFrame, optional
        Polygons of estates, villages and the like that no border should cut.
    duties : DataFrame, optional
        Table ``DUTIES``.
    territory : Polygon, MultiPolygon, GeoSeries or GeoDataFrame, optional
        What the areas should cover.
    at : date, optional
        The day of which the duties are judged; without it the first day of the plan.
    street_share : float, optional
        The share of inner borders that must run on streets, where the city states one.
    judged_by : mapping of clause id to point, optional
        How to judge clauses of one's own: ``{"borders": "on_streets"}``; ``gridgeo.design.clause_points`` lists the
        points.
    tolerance_m : float, metres
        Uncovered land narrower than this is not counted, and what lies so near to an area is covered by it.
    street_m : float, metres
        A border so near to a street runs on it.
    least_m2 : float, square metres
        What lies in another area and is below this is a slip of the drawing.

    Returns
    -------
    Conformance
        ``.clauses, .findings, .covers, .holds``.

    Raises
    ------
    TableError, CrsError
        If the plan has no atoms, or a layer breaks its contract or has no CRS.
    ProfileError
        If ``judged_by`` names a clause or a point that there is not.
    """
    profile = plan.profile if profile is None else profile
    asked = dict(judged_by or {})
    check_asked(profile, asked)
    check_day(at)
    layers = {"households": households, "streets": streets, "places": places, "units": units}
    layers |= {"buildings": buildings, "duties": duties, "territory": territory}
    settings = {"at": plan.valid_from if at is None else at, "street_share": street_share}
    settings |= {"tolerance_m": tolerance_m, "street_m": street_m, "least_m2": least_m2}
    bench = _Bench(gather(plan, profile, layers, settings), asked)
    found = list(bench.judge())
    main = Level.GRID if bench.evidence.holds(Level.GRID) else Level.COMMUNITY
    return Conformance(
        profile=profile,
        clauses=_tabulate(profile, found),
        findings=tabulate_faults([(clause.id, strength, each) for clause, strength, each in found], plan.crs),
        covers=_tabulate_covers(bench.covers(main)),
    )


class _Bench:
    """Judge the clauses one by one; the five covers of a level are measured once."""

    def __init__(self, evidence: Evidence, asked: Mapping[str, str]) -> None:
        self.evidence = evidence
        self._asked = asked
        self._covers: dict[str, dict[str, Cover]] = {}

    def judge(self) -> Iterator[tuple[Clause, str, Verdict]]:
        """Judge each clause in the order of the profile, then the bands that no clause states."""
        profile = self.evidence.profile
        bands = list(self._bands())
        for clause in profile.clauses:
            own = [(strength, verdict) for name, strength, verdict in bands if name == clause.id]
            own += [(clause.strength, verdict) for verdict in self._points(clause)]
            for strength, verdict in own or [(clause.strength, _in_words(clause, profile))]:
                yield clause, strength, verdict
        for name, strength, verdict in bands:
            if not name:
                band = verdict.band
                clause = Clause(
                    f"{verdict.level}.{verdict.point}", "size", strength, en=_said(verdict.level, band),
                    level=verdict.level,
                )  # fmt: skip
                yield clause, strength, verdict

    def _bands(self) -> Iterator[tuple[str, str, Verdict]]:
        profile = self.evidence.profile
        for level, main in profile.limits.items():
            for limits in (main, *profile.further.get(level, ())):
                yield limits.clause, limits.strength, judge_band(self.evidence, str(level), limits)
        if profile.exclusive is not None:
            for kind, limits in profile.exclusive.bands.items():
                verdict = judge_site_band(self.evidence, profile.exclusive.level, kind, limits)
                yield limits.clause or profile.exclusive.clause, limits.strength, verdict

    def _points(self, clause: Clause) -> Iterator[Verdict]:
        points, is_whole = points_of(self.evidence.profile, clause, self._asked)
        for point in points:
            for level in self._levels(clause, point):
                for verdict in self._judge(point, level, clause):
                    yield verdict if is_whole else verdict.not_enough()

    def _levels(self, clause: Clause, point: str) -> list[str]:
        """Tell of which levels a clause speaks: its own, else those of its profile."""
        if clause.level:
            return [clause.level]
        if point in _ONE_LEVEL:
            return [str(Level.GRID)]
        profile = self.evidence.profile
        named = {str(level) for level in (*profile.limits, *profile.unstated)}
        return [str(level) for level in (Level.BEAT, Level.GRID, Level.MICRO) if level in named]

    def _judge(self, point: str, level: str, clause: Clause) -> Iterator[Verdict]:
        if point == "cover":
            yield from self._judge_cover(level)
        elif point == "nesting" and level not in (Level.BEAT, Level.GRID, Level.MICRO):
            yield unjudged("nesting", "words", level=level)
        elif point == "on_streets":
            yield judge_streets(self.evidence, level, is_hard=clause.strength == "hard")
        else:
            yield JUDGES[point](self.evidence, level)

    def covers(self, level: str) -> dict[str, Cover]:
        """Measure the five ways in which a level covers the territory."""
        if level not in self._covers:
            given = self.evidence
            shapes = given.areas(level).geometry.to_numpy()
            self._covers[level] = cover_five_ways(
                shapes, given.territory, given.households, given.streets, given.places,
                tolerance_m=given.tolerance_m, least_m2=given.least_m2,
            )  # fmt: skip
        return self._covers[level]

    def _judge_cover(self, level: str) -> Iterator[Verdict]:
        if not self.evidence.holds(level):
            yield unjudged("cover", "no_level", str(level), level=level)
            return
        for way, cover in self.covers(level).items():
            yield _cover_verdict(way, cover, level)
        loose = self.evidence.plan.atoms[self.evidence.owner(level).isna().to_numpy()]
        if len(loose):
            faults = [
                Fault("no_owner", (), f"atom {key!r} belongs to no area", shape, 1.0, 0.0, "atoms", str(key))
                for key, shape in loose.geometry.items()
            ]
            yield Verdict("cover_atoms", FAILS, level, float(len(loose)), 0.0, "atoms",
                          len(self.evidence.plan.atoms), faults=tuple(faults))  # fmt: skip


def _cover_verdict(way: str, cover: Cover, level: str) -> Verdict:
    if cover.missing:
        return unjudged(f"cover_{way}", "no_input", cover.missing, level=level)
    if not cover.total > 0:
        return unjudged(f"cover_{way}", "empty", cover.quantity, level=level)
    faults = tuple(
        Fault(f"uncovered_{way}", (), each.message, each.place, each.amount, 0.0, cover.quantity, each.name)
        for each in cover.left
    )
    judged = round(cover.total)
    return Verdict(f"cover_{way}", FAILS if faults else HOLDS, level, cover.share, 1.0, "share", judged, faults=faults)


def _in_words(clause: Clause, profile: Profile) -> Verdict:
    """Say why a clause that no point judges cannot be judged."""
    if clause.subject == "size" and clause.level in profile.unstated:
        return unjudged("words", "unstated", profile.unstated[clause.level], level=clause.level)
    reason = "permission" if clause.strength == "may" else "words"
    return unjudged("words", reason, level=clause.level)


def _said(level: str, band: Limits | None) -> str:
    """Word a band that no clause words."""
    return f"{level}: {say_band(band)}" if band is not None else level


def _tabulate(profile: Profile, found: list[tuple[Clause, str, Verdict]]) -> pd.DataFrame:
    """Make the table of clauses."""
    rows, ids = [], []
    times = pd.Series([clause.id for clause, _, _ in found], dtype=object).value_counts()
    points = pd.Series([f"{clause.id}/{each.point}" for clause, _, each in found], dtype=object).value_counts()
    for clause, strength, verdict in found:
        name = clause.id
        if times[clause.id] > 1:
            name += f"/{verdict.point}"
            name += f"/{verdict.level}" if points[name] > 1 else ""
        ids.append(name)
        band = verdict.band
        has_low, has_high = (band is not None and band.low > 0), (band is not None and band.high < 10**9)
        rows.append(
            {
                "clause": clause.id, "point": verdict.point, "level": verdict.level or clause.level,
                "subject": clause.subject, "strength": strength, "source": profile.source, "says": clause.en,
                "says_zh": clause.zh, "state": verdict.state, "figure": verdict.figure, "limit": verdict.limit,
                "quantity": verdict.quantity, "judged": verdict.judged, "least": verdict.least, "most": verdict.most,
                "measure": band.measure if band is not None else "", "low": band.low if band and has_low else pd.NA,
                "high": band.high if band and has_high else pd.NA, "target": band.target if band else pd.NA,
                "reason": verdict.reason, "missing": verdict.missing, "why": verdict.why,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(CLAUSE_COLUMNS), index=pd.Index(ids, name="clause_id", dtype=object))
    return table.astype({"low": "Int64", "high": "Int64", "target": "Int64"})


def _tabulate_covers(covers: dict[str, Cover]) -> pd.DataFrame:
    rows = [
        {
            "total": cover.total,
            "covered": cover.total - cover.in_none,
            "in_none": cover.in_none,
            "outside": cover.outside,
            "share": cover.share,
            "quantity": cover.quantity,
            "missing": cover.missing,
        }
        for cover in covers.values()
    ]
    return pd.DataFrame(rows, index=pd.Index(list(covers), name="way"))
