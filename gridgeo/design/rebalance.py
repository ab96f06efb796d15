"""Make a plan conform again after the town has changed, moving as few households as can be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import GridgeoError, TableError, UnknownAreaError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.tables import ATOMS, check

from .adjusting import Tries, adjust
from .carry_over import carry
from .certificates import certify_area
from .constraints import read_barriers
from .divide_area import seed_of
from .graph import Graph
from .least_moves import Task
from .level_tasks import LevelTask, level_tasks
from .moved_bound import least_moved
from .partition import _certificate_row, _certificate_table
from .problem import contract, pieces, renumber
from .rebalance_costs import cost_table
from .redrawing import name_changed
from .stacking import stack_micro_grids

EFFORTS = {"fast": Tries(2, 12), "normal": Tries(4, 40), "best": Tries(16, 200)}
WAYS = ("fewest_moved", "same_areas", "whole_blocks")
"""What the alternatives are after: the fewest households moved; no area made or closed; no block fragment cut."""


@dataclass(frozen=True, eq=False)
class Rebalanced:
    """One way to make a plan conform again, and what it costs.

    Parameters
    ----------
    way : str
        One of ``WAYS``.
    plan : Plan
        A draft: new counts, changed owners, certificates for what cannot be kept.
    before : Plan
        The plan in force on the new atoms.
    costs : DataFrame
        Index ``level``; ``moved, share, allowed`` (households that lived there before and change their area, their
        share, what the budget allows), ``changed, made, closed`` (areas), ``in_band_before, in_band``,
        ``out_before, out`` (areas outside their band), ``border_m_before, border_m``, ``compactness_before,
        compactness``, ``officers`` (missing without duties), ``bound, distance_to_bound`` (the fewest households that
        have to move, and how many times that do; missing where nothing is proved).
    unmet : DataFrame
        Areas that the budget leaves outside their band: ``level, parent_id, area_id, amount, needed`` (households that
        would have to move in that parent).
    alternatives : tuple of Rebalanced
        Other ways, best first; empty in an alternative.
    """

    way: str
    plan: Plan
    before: Plan
    costs: pd.DataFrame
    unmet: pd.DataFrame
    alternatives: tuple[Rebalanced, ...] = ()

    @property
    def moved(self) -> int:
        """Count the households that change their area of the outermost level."""
        return int(self.costs["moved"].iloc[0])

    @property
    def share(self) -> float:
        """Give ``moved`` as a share of the households that lived there before."""
        return float(self.costs["share"].iloc[0])

    @property
    def lower_bound(self) -> int:
        """Give the number of households that have to move at least, at the outermost level."""
        return int(self.costs["bound"].iloc[0])

    @property
    def distance_to_bound(self) -> float:
        """Give ``moved / lower_bound``; 1 where nothing moves, infinite where the bound is 0 and something does."""
        return float(self.costs["distance_to_bound"].iloc[0])


def rebalance(
    plan: Plan,
    new_atoms: gpd.GeoDataFrame,
    budget: float = 0.05,
    *,
    locks: Iterable[str] = (),
    alternatives: int = 3,
    seed: int = 0,
    effort: str = "normal",
    barriers: Iterable[str | int] = (),
    duties: pd.DataFrame | None = None,
) -> Rebalanced:
    """Make a plan conform again with the fewest households moved.

    Areas that miss their band borrow atoms from their neighbours, also over several areas in a row; an area that holds
    too much is split, one that holds too little is merged; only where that does not do are areas cut anew together.
    Communities whose areas keep their bands stay as they are.

    Parameters
    ----------
    plan : Plan
        In force.
    new_atoms : GeoDataFrame
        Table ``ATOMS`` of the town as it is now: the plan's atoms with other counts, or made anew from changed
        streets and buildings (``carry_over`` says how owners pass to them).
    budget : float
        The share of the households that may change their area, at each level; 0 to 1.
    locks : iterable of area ids or atom ids
        Areas that stay as they are, atoms that stay in their areas.
    alternatives : int
        How many ways to offer, 1 to 3; two that come to the same are one.
    seed : int
        The same input and seed give the same answer.
    effort : str
        ``"fast"``, ``"normal"`` or ``"best"``.
    barriers : iterable of str or int
        What no area crosses, as for ``partition``.
    duties : DataFrame, optional
        Table ``DUTIES``, to count the officers whose areas change.

    Returns
    -------
    Rebalanced

    Raises
    ------
    TableError, CrsError
        If the atoms break their contract.
    UnknownAreaError
        If a lock names neither an area nor an atom.
    GridgeoError
        If the budget, the effort or the number of alternatives is impossible.
    """
    check(new_atoms, ATOMS)
    _check_numbers(budget, alternatives, effort)
    passed = carry(plan, new_atoms)
    before = passed.plan
    work = _Work(
        before, passed.settled, _read_locks(before, locks), Graph.of(before.atoms, before.borders).without(
            read_barriers(before.borders, tuple(barriers))), budget, EFFORTS[effort], seed, {},
    )  # fmt: skip
    made: list[Rebalanced] = []
    for way in WAYS[:alternatives]:
        answer = work.answer(way, duties)
        same = [each for each in made if all(answer.plan.owners[x].equals(each.plan.owners[x]) for x in before.levels)]
        if not same:
            made.append(answer)
    made.sort(key=lambda each: (*each.costs["out"], each.moved, WAYS.index(each.way)))
    return replace(made[0], alternatives=tuple(made[1:]))


def _check_numbers(budget: float, alternatives: int, effort: str) -> None:
    if not 0 <= budget <= 1:
        raise GridgeoError(f"budget {budget!r} is no share; give 0 to 1, as 0.05 for 5 %")
    if alternatives not in (1, 2, 3):
        raise GridgeoError(f"alternatives {alternatives!r}: there are 1 to {len(WAYS)}")
    if effort not in EFFORTS:
        raise GridgeoError(f"effort {effort!r} is unknown; choose one of {', '.join(EFFORTS)}")


def _read_locks(plan: Plan, locks: Iterable[str]) -> np.ndarray:
    """Mark the atoms that stay: bool, shape (n,)."""
    if isinstance(locks, str):
        raise TableError(f"locks {locks!r} is one text; give a list of area ids or atom ids")
    locked = np.zeros(len(plan.atoms), dtype=bool)
    for each in locks:
        found = np.asarray(plan.atoms.index == each)
        for level in plan.levels:
            found = found | (plan.owner(level) == each).to_numpy()
        if not found.any():
            raise UnknownAreaError(f"locks: {each!r} is neither an area nor an atom of the plan")
        locked |= found
    return locked


@dataclass
class _Work:
    """What all ways have in common."""

    before: Plan
    settled: np.ndarray
    locked: np.ndarray
    graph: Graph
    budget: float
    tries: Tries
    seed: int
    bounds: dict[tuple[str, str, bytes], int]

    def answer(self, way: str, duties: pd.DataFrame | None) -> Rebalanced:
        """Go one way, level by level."""
        plan, allowed = self.before, int(self.budget * self.settled.sum() + 1e-9)
        bounds: dict[str, int | None] = {}
        told: list[dict[str, Any]] = []
        unmet: list[dict[str, Any]] = []
        above = str(Level.COMMUNITY)
        for level in [str(each) for each in plan.levels[1:] if each in plan.profile.limits]:
            plan, late = self._level(way, plan, level, above, allowed, told)
            unmet += late
            if above == Level.COMMUNITY:
                bounds[level] = sum(value for key, value in self.bounds.items() if key[0] == level)
            above = level
        stacked, _ = (
            stack_micro_grids(plan.atoms, plan.owner(above), plan.profile.limits[above])
            if above in plan.profile.limits
            else ([], {})
        )
        manifest = {**plan.manifest, "stacked": stacked, "rebalanced": {
            "way": way, "budget": self.budget, "seed": self.seed, "settled": int(self.settled.sum())}}  # fmt: skip
        plan = replace(plan, certificates=_certificate_table(told, plan.crs), manifest=manifest)
        costs = cost_table(self.before, plan, self.settled, allowed, bounds, duties)
        columns = ["level", "parent_id", "area_id", "amount", "needed"]
        return Rebalanced(way, plan, self.before, costs, pd.DataFrame(unmet, columns=columns))

    def _level(
        self, way: str, plan: Plan, level: str, above: str, allowed: int, told: list[dict[str, Any]]
    ) -> tuple[Plan, list[dict[str, Any]]]:
        """Adjust all areas of a level, the cheapest first until the budget is spent."""
        jobs = level_tasks(
            plan, level, plan.owner(above), self.before.owner(level), self.settled, self.graph, self.locked
        )
        done = [(job, self._adjust(way, job)) for job in jobs]
        # What a change above tore apart has moved already: it is drawn first, whatever the budget.
        spent = sum(job.task.moved(job.begin) for job in jobs)
        spent += sum(int(self.settled[job.members][job.task.start < 0].sum()) for job in jobs)
        zones: dict[str, np.ndarray] = {}
        late = []
        for job, zone in sorted(done, key=lambda each: (_price(*each), each[0].parent)):
            further = job.task.moved(zone) - job.task.moved(job.begin)
            if spent + further <= allowed:
                spent += further
                zones[job.parent] = zone
            else:
                zones[job.parent] = job.begin
                late += [
                    {"level": level, "parent_id": job.parent, "area_id": job.names[z],
                     "amount": int(job.task.bands[0].amounts[job.begin == z].sum()), "needed": further}
                    for z in np.flatnonzero(job.bad)
                ]  # fmt: skip
        for job, zone in done:
            if above == Level.COMMUNITY and way == WAYS[0]:
                hopeless = job.excused | job.task.bad(zone)[: len(job.names)]
                self.bounds[level, job.parent, b""] = least_moved(job.task, hopeless)
            told += self._certify(plan, job, zones[job.parent], level, {str(each["parent_id"]) for each in late})
        return name_changed(plan, level, above, [(job, zones[job.parent]) for job in jobs], self.before), late

    def _adjust(self, way: str, job: LevelTask) -> np.ndarray:
        """Change the children of one area; as they were where nothing is gained."""
        if not job.bad.any():
            return job.begin
        task = replace(job.task, start=job.begin)
        tries = replace(self.tries, same_areas=way == "same_areas")
        seed = seed_of(job.parent, self.seed)
        if way == "whole_blocks":
            label = _fragments(task)
            zone = adjust(_contracted(task, label), job.excused, tries, seed)[label]
        else:
            zone = adjust(task, job.excused, tries, seed)
        return zone if task.bad(zone).sum() < task.bad(job.begin).sum() else job.begin

    def _certify(
        self, plan: Plan, job: LevelTask, zone: np.ndarray, level: str, late: set[str]
    ) -> list[dict[str, Any]]:
        """Say why areas still miss their bands."""
        limits = plan.profile.limits[level]
        if limits.strength == "may" or not job.task.bad(zone).any():
            return []
        rows = []
        for each in certify_area(job.task.problem, renumber(zone), job.parent, 2_000):
            row = _certificate_row(each.placed(job.members), job.parent, level, limits, self.graph.shapes)
            if job.parent in late and each.reason == "not_found":
                row |= {"reason": "budget", "relaxation": "budget"}
            rows.append(row)
        return rows


def _price(job: LevelTask, zone: np.ndarray) -> float:
    """Tell what it costs to mend one area, in households."""
    mended = int(job.task.bad(job.begin).sum()) - int(job.task.bad(zone).sum())
    return job.task.moved(zone) / max(mended, 1)


def _fragments(task: Task) -> np.ndarray:
    """Label the pieces of blocks in each area, where the block fits into one."""
    p = task.problem
    fits = np.bincount(p.block, p.weight)[p.block] <= task.bands[0].high
    key = np.unique(np.column_stack([p.block, task.start, task.fixed]), axis=0, return_inverse=True)[1].ravel()
    piece = pieces(p, key)
    return renumber(np.where(fits, piece, piece.max(initial=0) + 1 + np.arange(len(p))))


def _contracted(task: Task, label: np.ndarray) -> Task:
    """Make one atom of all that carry a label."""
    first = np.unique(label, return_index=True)[1]
    return replace(
        task,
        problem=contract(task.problem, label),
        start=task.start[first],
        settled=np.bincount(label, task.settled).astype(int),
        bands=tuple(replace(band, amounts=np.bincount(label, band.amounts)) for band in task.bands),
        fixed=task.fixed[first],
    )
