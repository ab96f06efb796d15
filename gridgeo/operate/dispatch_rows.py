"""Decide one incident whose place is known: unit, officer, leading and assisting areas, and the sentence of why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from . import dispatch_reasons as words
from .dispatch_ground import Ground
from .dispatch_officers import NEIGHBOUR, STREET, Choice, Roster, Seen
from .dispatch_places import Spot
from .dispatch_rules import DispatchRules
from .dispatch_tree import LevelTree
from .routes import Route, RouteTable
from .validity import day_word

COLUMNS = {
    "state": "text",
    "to": "text",
    "unit": "text",
    "area_id": "text",
    "found_by": "text",
    "lead_area_id": "text",
    "assist_area_ids": "text",
    "assessed_area_ids": "text",
    "rule": "text",
    "duty_area_id": "text",
    "route_id": "text",
    "override_id": "text",
    "distance_m": "number",
    "officer_m": "number",
    "border_m": "number",
    "score": "number",
    "x": "number",
    "y": "number",
    "candidates": "list",
    "skipped": "list",
    "reason": "text",
    "flags": "text",
    "dispatched_at": "moment",
}
"""Columns of a table of dispatches, and what they hold."""
_SHARE_DIGITS, _METRE_DIGITS = 4, 2


@dataclass(frozen=True)
class Case:
    """What is known of an incident besides its place.

    Parameters
    ----------
    category : str
    day : int
        Days since 1970-01-01 to its dispatch.
    at_us : int
        Microseconds since 1970 to its dispatch.
    is_future : bool
        Whether it is reported after it is dispatched.
    override : dict, optional
        Row of the overrides that holds for its subject.
    """

    category: Any
    day: int
    at_us: int
    is_future: bool
    override: dict[str, Any] | None


@dataclass
class Answerers:
    """Which areas lead, assist and are assessed."""

    lead: str | None
    assist: tuple[str, ...]
    assessed: tuple[str, ...]


class Desk:
    """Where incidents are decided one after the other.

    Parameters
    ----------
    tree : LevelTree
    ground : Ground
    roster : Roster
    routes : RouteTable, optional
    rules : DispatchRules
    """

    def __init__(
        self, tree: LevelTree, ground: Ground, roster: Roster, routes: RouteTable | None, rules: DispatchRules
    ) -> None:
        self._tree, self._ground, self._roster, self._routes, self._rules = tree, ground, roster, routes, rules

    def decide(
        self, spot: Spot, case: Case, positions: dict[str, Seen] | None, load: dict[str, int]
    ) -> tuple[Any, ...]:
        """Decide one incident.

        Parameters
        ----------
        spot : Spot
            Where it is.
        case : Case
        positions : dict of Seen by officer, optional
        load : dict of int by officer
            Whoever is chosen gets one more.

        Returns
        -------
        tuple
            In the order of ``COLUMNS``.
        """
        if case.override is not None:
            self._move_to_host(spot, case.override)
        answerers = _answerers(spot, case.override)
        if spot.area_id is not None and not self._tree.holds(spot.area_id, case.day):
            spot.why = spot.doubt = "not_in_force"
        is_placed = spot.area_id is not None and spot.doubt != "not_in_force"
        route = self._find_route(spot, case) if is_placed else None
        choice = Choice()
        if spot.area_id is not None and is_placed:
            roles = route.roles if route else frozenset()
            choice = self._roster.choose(spot.area_id, case.day, roles, case.at_us, positions, load)
        self._flag(spot, case, choice)
        state = "refused" if choice.step is None else "review" if spot.doubt else "auto"
        return self._row(spot, case, answerers, route, choice, state)

    def _move_to_host(self, spot: Spot, override: dict[str, Any]) -> None:
        """Send an incident to the host area, wherever its point lies."""
        community = self._tree.community(spot.area_id)
        host = override["host_area_id"]
        spot.flags.append("override")
        if community is not None and self._tree.community(host) != community:
            spot.flags.append("left_community")
        spot.area_id, spot.found_by, spot.why, spot.score, spot.doubt = host, "override", "override", 1.0, ""
        spot.candidates, spot.border_m = [(host, 1.0)], np.nan

    def _find_route(self, spot: Spot, case: Case) -> Route | None:
        if self._routes is None:
            return None
        route = self._routes.find(case.category, self._tree.path(spot.area_id), case.day)
        if route is None:
            spot.flags.append("no_route")
            spot.doubt = spot.doubt or "no_route"
        return route

    def _flag(self, spot: Spot, case: Case, choice: Choice) -> None:
        """Tell what a reader should know of the choice."""
        if case.is_future:
            spot.flags.append("future")
            spot.doubt = spot.doubt or "future"
        if choice.step is None:
            spot.flags.append("no_officer" if spot.area_id is not None else "no_area")
            return
        if choice.step.rule == NEIGHBOUR:
            spot.flags.append("neighbour")
        if choice.step.rule == STREET:
            spot.flags.append("left_community")
            spot.doubt = spot.doubt or "left_community"

    def _row(
        self, spot: Spot, case: Case, answerers: Answerers, route: Route | None, choice: Choice, state: str
    ) -> tuple[Any, ...]:
        step, seen = choice.step, choice.seen
        skipped = words.say_skipped(choice.skipped, self._rules.language)
        away_m = self._away(spot, step.area_id) if step else np.nan
        flags = list(dict.fromkeys(spot.flags))
        facts = {
            **spot.facts,
            "area": spot.area_id,
            "border_m": spot.border_m,
            "score": spot.score,
            "assist": ", ".join(spot.assist),
            "lead": answerers.lead,
            "override_id": (case.override or {}).get("override_id"),
            "officer": step.officer_id if step else "",
            "duty_area": step.area_id if step else "",
            "distance_m": away_m,
            "unit": route.unit if route else "",
            "category": case.category,
            "day": day_word(case.day),
            "flags": ", ".join(flags),
        }
        return (
            state,
            step.officer_id if step else None,
            route.unit if route else None,
            spot.area_id,
            spot.found_by or None,
            answerers.lead,
            ",".join(answerers.assist) or None,
            ",".join(answerers.assessed) or None,
            step.rule if step else None,
            step.area_id or None if step else None,
            route.route_id if route else None,
            facts["override_id"],
            round(away_m, _METRE_DIGITS),
            round(float(np.hypot(seen.x - spot.x, seen.y - spot.y)), _METRE_DIGITS) if seen else np.nan,
            round(spot.border_m, _METRE_DIGITS),
            round(spot.score, _SHARE_DIGITS),
            spot.x,
            spot.y,
            [(area_id, round(share, _SHARE_DIGITS)) for area_id, share in spot.candidates],
            skipped,
            self._say(spot, state, bool(route), skipped, facts, step.rule if step else ""),
            ",".join(flags) or None,
            case.at_us,
        )

    def _away(self, spot: Spot, area_id: str) -> float:
        """Measure from the incident to the area of a duty, metres; NaN where one of them has no place."""
        if area_id in self._tree.path(spot.area_id):
            return 0.0
        shape = self._tree.shape(area_id)
        if shape is None or not np.isfinite(spot.x):
            return float("nan")
        return float(shapely.distance(shape, shapely.Point(spot.x, spot.y)))

    def _say(
        self, spot: Spot, state: str, routed: bool, skipped: list[tuple[str, str]], facts: dict[str, Any], rule: str
    ) -> str:
        language = self._rules.language
        clauses = [words.say(words.WHERE[spot.why], language, facts)]
        if routed:
            clauses.append(words.say(words.UNIT, language, facts))
        elif "no_route" in spot.flags:
            clauses.append(words.say(words.NO_ROUTE, language, facts))
        clauses.append(words.say(words.WHO[rule], language, facts))
        if skipped:
            told = ", ".join(f"{who} ({why})" for who, why in skipped)
            clauses.append(words.say(words.PASSED, language, {"skipped": told}))
        if state == "review":
            clauses.append(words.say(words.DOUBTS[spot.doubt], language, facts))
        return words.join(clauses, language)


def _answerers(spot: Spot, override: dict[str, Any] | None) -> Answerers:
    """Say which areas lead, assist and are assessed."""
    if spot.area_id is None:
        return Answerers(None, (), ())
    if override is None:
        return Answerers(spot.area_id, spot.assist, (spot.area_id,))
    origin = override["origin_area_id"]
    if not isinstance(origin, str) or origin == spot.area_id:
        return Answerers(spot.area_id, (), (spot.area_id,))
    return Answerers(origin, (spot.area_id,), (origin, spot.area_id))
