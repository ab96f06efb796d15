"""Choose the officer of an incident by the rule chain: who is asked first, who is passed over and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.levels import Level
from gridgeo.model.service_tables import POSITIONS
from gridgeo.model.tables import DUTIES, OFFICERS, check

from .dispatch_rules import DispatchRules
from .dispatch_tree import LevelTree
from .duties import ROLE_ORDER
from .instants import read_instants
from .validity import Spans

DEPUTY_ROLES = ("deputy", "part_time", "grid_chief")
"""Roles of those who stand in for an area's own officer; all other roles are the officer's own."""
MICRO, GRID, DEPUTY, NEIGHBOUR, COMMUNITY, STREET = RULES = (
    "micro_officer",
    "grid_officer",
    "grid_deputy",
    "neighbour_grid",
    "community_duty",
    "street_centre",
)
"""The rules, in the order in which they are tried."""
MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Step:
    """One officer who may be asked.

    Parameters
    ----------
    rule : str
    area_id : str
        The area that the officer's duty is for.
    officer_id : str
        Empty where nobody has a duty for the area.
    why : str
        Which word says why the officer is passed over whatever the hour; empty where there is no such reason.
    """

    rule: str
    area_id: str
    officer_id: str
    why: str = ""


@dataclass(frozen=True)
class Seen:
    """Where an officer was last: microseconds since 1970, metres, and whether on duty."""

    at_us: int
    x: float
    y: float
    on_duty: bool


@dataclass
class Choice:
    """Who answers for an incident.

    Parameters
    ----------
    step : Step or None
        None where nobody may be sent.
    skipped : list of (str, str, dict)
        Who was passed over, the word that says why, and its facts.
    seen : Seen or None
        Where the officer was last.
    """

    step: Step | None = None
    skipped: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    seen: Seen | None = None


class Roster:
    """The duties of officers, ready to be asked who is to be sent.

    Parameters
    ----------
    duties : DataFrame
        Table ``DUTIES``.
    officers : DataFrame, optional
        Table ``OFFICERS``; with it, nobody else is sent.
    leave : DataFrame, optional
        ``officer_id, valid_from, valid_to``: when officers are away.
    tree : LevelTree
    rules : DispatchRules

    Raises
    ------
    TableError
        If a table breaks its contract.
    """

    def __init__(
        self,
        duties: pd.DataFrame,
        officers: pd.DataFrame | None,
        leave: pd.DataFrame | None,
        tree: LevelTree,
        rules: DispatchRules,
    ) -> None:
        check(duties, DUTIES)
        if officers is not None:
            check(officers, OFFICERS)
        self._tree, self._rules = tree, rules
        self._known = None if officers is None else frozenset(officers.index)
        self._spans = Spans.of(duties, DUTIES.name)
        turn = {role: place for place, role in enumerate(ROLE_ORDER)}
        self._rows = [
            (area_id, turn.get(role, len(turn)), officer_id, role)
            for area_id, officer_id, role in zip(duties["area_id"], duties["officer_id"], duties["role"], strict=True)
        ]
        self._away = _read_leave(leave)
        self._held: dict[int, dict[str, list[tuple[int, str, str]]]] = {}
        self._chains: dict[tuple[str, int, frozenset[str]], list[Step]] = {}

    def choose(
        self,
        area_id: str,
        day: int,
        roles: frozenset[str],
        at_us: int,
        positions: dict[str, Seen] | None,
        load: dict[str, int],
    ) -> Choice:
        """Choose who is sent to an area.

        Parameters
        ----------
        area_id : str
        day : int
            Days since 1970-01-01.
        roles : frozenset of str
            Roles that may be sent; empty for all.
        at_us : int, microseconds since 1970
        positions : dict of Seen by officer, optional
            With it, an officer who was not seen on duty lately is passed over.
        load : dict of int by officer
            Open incidents; the one who is chosen gets one more.

        Returns
        -------
        Choice
        """
        choice, asked = Choice(), set()
        for step in self.chain(area_id, day, roles):
            if step.officer_id in asked:
                continue
            why: str = step.why
            facts: dict[str, Any] = {}
            if not why:
                asked.add(step.officer_id)
                why, facts = self._busy(step, at_us, positions, load)
            if not why:
                choice.step = step
                choice.seen = (positions or {}).get(step.officer_id)
                load[step.officer_id] = load.get(step.officer_id, 0) + 1
                break
            entry = (step.officer_id or step.area_id, why, facts)
            if entry not in choice.skipped:
                choice.skipped.append(entry)
        return choice

    def chain(self, area_id: str, day: int, roles: frozenset[str]) -> list[Step]:
        """List who is asked for an area on a day, in order; made once for each area, day and set of roles."""
        key = (area_id, day, roles)
        if key not in self._chains:
            self._chains[key] = list(self._links(area_id, day, roles))
        return self._chains[key]

    def _links(self, area_id: str, day: int, roles: frozenset[str]) -> Iterator[Step]:
        tree = self._tree
        grid, community = tree.grid(area_id), tree.community(area_id)
        if area_id not in (grid, community):
            yield from self._steps(MICRO, area_id, day, roles, None)
        if grid is not None:
            yield from self._steps(GRID, grid, day, roles, False)
            yield from self._steps(DEPUTY, grid, day, roles, True)
            for other in tree.neighbours(grid):
                yield from self._steps(NEIGHBOUR, other, day, roles, None)
        if community is not None:
            yield from self._steps(COMMUNITY, community, day, roles, None)
            above = tree.path(community)[1:]
        else:
            above = tuple(each for each in tree.path(area_id) if tree.level.get(each) == Level.TERRITORY)
        for each in above:
            yield from self._steps(STREET, each, day, roles, None)
        if self._rules.street_centre is not None:
            yield Step(STREET, "", self._rules.street_centre)

    def _steps(self, rule: str, area_id: str, day: int, roles: frozenset[str], deputies: bool | None) -> Iterator[Step]:
        """List the officers of one area: its own, its deputies, or (None) all."""
        chosen = [
            (officer_id, role)
            for _, officer_id, role in self._on(day).get(area_id, ())
            if deputies is None or (role in DEPUTY_ROLES) == deputies
        ]
        if not chosen and rule in (MICRO, GRID):
            yield Step(rule, area_id, "", "vacant")
        for officer_id, role in chosen:
            yield Step(rule, area_id, officer_id, self._barred(officer_id, role, day, roles))

    def _on(self, day: int) -> dict[str, list[tuple[int, str, str]]]:
        """Give the officers who have a duty on a day, by area, in the order in which they are asked."""
        if day not in self._held:
            held: dict[str, list[tuple[int, str, str]]] = {}
            for row in np.flatnonzero(self._spans.holds(day)).tolist():
                area_id, turn, officer_id, role = self._rows[row]
                held.setdefault(area_id, []).append((turn, officer_id, role))
            for rows in held.values():
                rows.sort()
            self._held[day] = held
        return self._held[day]

    def _barred(self, officer_id: str, role: str, day: int, roles: frozenset[str]) -> str:
        """Say why an officer is not sent on a day whatever the hour."""
        if self._known is not None and officer_id not in self._known:
            return "unknown"
        if roles and role not in roles:
            return "role"
        if any(begins <= day < ends for begins, ends in self._away.get(officer_id, ())):
            return "leave"
        return ""

    def _busy(
        self, step: Step, at_us: int, positions: dict[str, Seen] | None, load: dict[str, int]
    ) -> tuple[str, dict[str, Any]]:
        """Say why an officer is not sent now."""
        rules = self._rules
        is_centre = step.officer_id == rules.street_centre
        if positions is not None and not is_centre:
            seen = positions.get(step.officer_id)
            if seen is None:
                return "unseen", {}
            if not seen.on_duty:
                return "off_duty", {}
            age_min = (at_us - seen.at_us) / MINUTE_US
            if age_min > rules.position_age_min:
                return "old_position", {"age_min": age_min}
            if age_min < -rules.position_age_min:
                return "future_position", {}
        open_now = load.get(step.officer_id, 0)
        if rules.most_open is not None and not is_centre and open_now >= rules.most_open:
            return "full", {"open": open_now}
        return "", {}


def read_positions(positions: gpd.GeoDataFrame | None, crs: Any) -> dict[str, Seen] | None:
    """Read where officers were last.

    Parameters
    ----------
    positions : GeoDataFrame, optional
        Table ``POSITIONS``.
    crs : CRS
        In which they must be.

    Returns
    -------
    dict of Seen by officer, or None without positions

    Raises
    ------
    TableError, CrsError
        If the table breaks its contract or is in another CRS.
    """
    if positions is None:
        return None
    check(positions, POSITIONS)
    if not len(positions):
        return {}
    if positions.crs != crs:
        raise CrsError(f"positions: is in {positions.crs.name}, areas is in {crs.name}; use positions.to_crs(...)")
    on_duty = positions["on_duty"].astype(bool) if "on_duty" in positions.columns else [True] * len(positions)
    rows = zip(
        positions.index,
        read_instants(positions["at"], POSITIONS.name).tolist(),
        positions.geometry.x.tolist(),
        positions.geometry.y.tolist(),
        on_duty,
        strict=True,
    )
    return {officer_id: Seen(at_us, x, y, bool(on)) for officer_id, at_us, x, y, on in rows}


def _read_leave(leave: pd.DataFrame | None) -> dict[str, list[tuple[int, int]]]:
    """Read when officers are away."""
    if leave is None:
        return {}
    if "officer_id" not in leave.columns:
        raise TableError("leave: column 'officer_id' is missing; it has officer_id, valid_from and valid_to")
    spans = Spans.of(leave, "leave")
    away: dict[str, list[tuple[int, int]]] = {}
    for officer_id, begins, ends in zip(leave["officer_id"], spans.begins.tolist(), spans.ends.tolist(), strict=True):
        away.setdefault(officer_id, []).append((begins, ends))
    return away
