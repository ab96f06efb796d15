"""Hold partition against the exact answer on small areas: band, certificates, and what the cuts cost above the optimum.

    python benchmarks/exactness.py [--cases 200] [--cuts 20] [--effort normal] [--seed 0]

names each case where the answers differ. The oracle is ``tests/exact_division.py``: HiGHS, nothing of gridgeo's.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from exact_cases import BANDS, REGIMES, case_of, draw_atoms, profile_of
from exact_division import (
    Case,
    TooLargeError,
    cover_by_groups,
    divide_by_forest,
    divide_by_groups,
    keeps_band,
    list_groups,
    members_of,
    price_by_cuts,
)
from measure import Cost, Row, measure

import gridgeo as gg
from gridgeo.design.kernels import zone_energy
from gridgeo.design.problem import Problem
from gridgeo.design.solver import EFFORTS, solve, weigh

COUNTS = {"small": (12, 2), "2k": (200, 20)}
"""Cases for the band, and for the optimum, by size; the larger sizes have none: there is no exact answer."""
FULL_ATOMS = 40
CUT_ATOMS = {"coarse": 60, "medium": 40}
"""Areas of about three, and of about four atoms: with more, the groups are too many to list."""
SMALL_CUT_ATOMS = 25
ORACLE_S = 60.0
SMALL = 12
"""As many cases or fewer are a test that this still runs."""


@dataclass(frozen=True)
class Verdict:
    """What became of one case.

    Parameters
    ----------
    name : str
        Seed, regime, number of atoms and band: ``draw_atoms`` draws it again.
    kept : bool
        The division keeps the band, in one piece each.
    feasible : bool or None
        What the oracle says; None where it came to no end.
    reasons : tuple of str
        Of the certificates.
    unconfirmed : int
        Certificates about an atom that the oracle does not confirm.
    cost, oracle_cost : Cost
    """

    name: str
    kept: bool
    feasible: bool | None
    reasons: tuple[str, ...]
    unconfirmed: int
    cost: Cost
    oracle_cost: Cost

    @property
    def proved(self) -> int:
        """Count the certificates that claim a proof."""
        return sum(reason != "not_found" for reason in self.reasons)

    @property
    def is_false(self) -> bool:
        """Tell whether a proof is claimed of what can be done."""
        return (self.feasible is True and self.proved > 0) or self.unconfirmed > 0


def settle(case: Case) -> bool | None:
    """Ask the oracle whether a case can be divided, by two formulations in turn."""
    ways: list[Callable[[], np.ndarray | None]] = [
        lambda: divide_by_forest(case, seconds=ORACLE_S / 6),
        lambda: divide_by_groups(case, None, most=400_000, seconds=ORACLE_S),
        lambda: divide_by_forest(case, seconds=ORACLE_S),
    ]
    for way in ways:
        try:
            found = way()
        except TooLargeError:
            continue
        if found is not None and not keeps_band(case, found):
            raise AssertionError("the oracle's own division misses the band")
        return found is not None
    return None


def unconfirmed(case: Case, certificates: pd.DataFrame, points: object) -> int:
    """Count the certificates about atoms of which none is too heavy, or kept from every group inside the band."""
    count = 0
    told = certificates[certificates["reason"].isin(["atom_over_max", "dead_atom"])]
    for shape in told.geometry:
        named = np.flatnonzero(points.within(shape).to_numpy()).tolist()
        try:
            count += all(list_groups(case, holding=atom) for atom in named)
        except TooLargeError:
            continue
    return count


def judge(at: int, seed: int, effort: str) -> Verdict:
    """Divide one random area and ask the oracle about it."""
    regime, (low, high) = REGIMES[at % len(REGIMES)], BANDS[at // len(REGIMES) % len(BANDS)]
    atoms_wanted = 6 + (at * 7 + seed) % (FULL_ATOMS - 9)
    atoms = draw_atoms(seed + at, regime, atoms_wanted, low, high)
    case = case_of(atoms, low, high)
    plan, cost = measure(lambda: gg.partition(atoms, profile_of(low, high), effort=effort, seed=seed))
    zone = np.unique(plan.owner("grid").loc[atoms.index].to_numpy(dtype=str), return_inverse=True)[1]
    kept = keeps_band(case, zone)
    feasible, oracle_cost = measure(lambda: settle(case))
    return Verdict(
        f"draw_atoms({seed + at}, {regime!r}, {atoms_wanted}, {low}, {high})",
        kept,
        True if kept else feasible,
        tuple(plan.certificates["reason"]),
        unconfirmed(case, plan.certificates, atoms.representative_point()),
        cost,
        oracle_cost,
    )


def tell(verdicts: list[Verdict]) -> str:
    """Sum the verdicts up in one line."""
    feasible = [each for each in verdicts if each.feasible]
    impossible = [each for each in verdicts if each.feasible is False]
    reasons = Counter(reason for each in impossible for reason in set(each.reasons))
    return (
        f"band kept in {sum(each.kept for each in feasible)} of {len(feasible)} feasible; "
        f"{sum(each.proved > 0 for each in impossible)} of {len(impossible)} impossible proved; "
        f"false certificates {sum(each.is_false for each in verdicts)}; "
        f"not_found {sum('not_found' in each.reasons for each in verdicts)}; "
        f"undecided {sum(each.feasible is None for each in verdicts)}; "
        f"reasons {', '.join(f'{name} {count}' for name, count in sorted(reasons.items())) or 'none'}"
    )


def catch_problem(seed: int, regime: str, atoms_wanted: int) -> tuple[Problem, Case]:
    """Draw an area, and catch the problem that partition makes of it."""
    low, high = BANDS[0]
    atoms = draw_atoms(seed, regime, atoms_wanted, low, high)
    caught: list[Problem] = []

    def catch(problem: Problem, seed: int) -> np.ndarray:
        del seed
        caught.append(problem)
        return np.zeros(len(problem), dtype=np.int64)

    gg.partition(atoms, profile_of(low, high), method=catch)
    problem = caught[0]
    start = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    once = start < problem.neighbour
    edges = np.column_stack([start[once], problem.neighbour[once]])
    return problem, Case(problem.weight, edges, problem.cost[once], low, high)


def price_of_energy(problem: Problem, case: Case, groups: list[int]) -> np.ndarray:
    """Weigh each group as the solver weighs a zone, with half of its cuts."""
    member = members_of(groups, len(case)).astype(float)
    start = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    once = start < problem.neighbour
    rim = member @ problem.rim
    for a, b, metres in zip(start[once], problem.neighbour[once], problem.length[once], strict=True):
        rim += metres * (member[:, a] != member[:, b])
    sums = zip(member @ problem.weight, member @ problem.area, rim, strict=True)
    energy = np.array([zone_energy(weight, area, around, problem.rule) for weight, area, around in sums])
    return energy + price_by_cuts(case, groups)


def groups_of(zone: np.ndarray) -> list[int]:
    """Write the zones of a division as sets of bits."""
    return [sum(1 << atom for atom in np.flatnonzero(zone == name).tolist()) for name in np.unique(zone)]


def solve_for_cuts(problem: Problem, effort: str, seed: int) -> np.ndarray:
    """Ask the solver for the cheapest cuts inside the band, whatever the shapes."""
    alone = replace(problem, prices=replace(problem.prices, shape=0.0, target=0.0))
    return solve(alone, EFFORTS[effort], seed)


@dataclass(frozen=True)
class Gap:
    """How far a division lies above the optimum, as a share of it; nan where it misses the band."""

    name: str
    cuts: float
    energy: float
    seconds: float
    oracle_s: float


def find_gap(at: int, seed: int, effort: str, small: bool) -> Gap | None:
    """Divide one area at the lowest cut cost and at the lowest energy; None where no division keeps the band."""
    regime, most = list(CUT_ATOMS.items())[at % len(CUT_ATOMS)]
    atoms_wanted = (SMALL_CUT_ATOMS if small else most) - 3 - 5 * (at // len(CUT_ATOMS) % 4)
    problem, case = catch_problem(seed + at, regime, atoms_wanted)
    groups = list_groups(case)
    ours, cost = measure(lambda: solve_for_cuts(problem, effort, seed))
    full, full_cost = measure(lambda: solve(problem, EFFORTS[effort], seed))
    prices = price_of_energy(problem, case, groups)
    if keeps_band(case, full):
        own = float(price_of_energy(problem, case, groups_of(full)).sum())
        if not np.isclose(own, weigh(problem, full)):
            raise AssertionError(
                f"a zone's price here ({own:.6f}) is no longer the solver's ({weigh(problem, full):.6f})"
            )
    best, best_cost = measure(lambda: cover_by_groups(case, groups, price_by_cuts(case, groups), seconds=4 * ORACLE_S))
    if best is None:
        return None
    lowest, lowest_cost = measure(lambda: cover_by_groups(case, groups, prices, seconds=4 * ORACLE_S))
    least = float(price_of_energy(problem, case, groups_of(lowest)).sum())
    return Gap(
        f"catch_problem({seed + at}, {regime!r}, {atoms_wanted}): {len(case)} atoms, {len(np.unique(best))} zones",
        case.cut_cost(ours) / case.cut_cost(best) - 1 if keeps_band(case, ours) else float("nan"),
        weigh(problem, full) / least - 1 if keeps_band(case, full) else float("nan"),
        cost.seconds + full_cost.seconds,
        best_cost.seconds + lowest_cost.seconds,
    )


def tell_gaps(gaps: list[Gap]) -> str:
    """Sum the gaps up in one line."""
    parts = []
    for name in ("cuts", "energy"):
        found = np.array([getattr(each, name) for each in gaps])
        kept = found[~np.isnan(found)]
        parts.append(
            f"{name}: mean gap {kept.mean():.2%}, worst {kept.max():.2%}, optimum in {int((kept < 1e-6).sum())} of "
            f"{len(found)}" + (f", band missed in {len(found) - len(kept)}" if len(kept) < len(found) else "")
            if len(kept)
            else f"{name}: band missed in all {len(found)}"
        )
    return "; ".join(parts)


def gaps(count: int, seed: int, effort: str) -> Iterator[Gap]:
    """Find so many gaps; areas that cannot be divided, or not exactly in time, are passed over."""
    at = found = 0
    while found < count:
        try:
            gap = find_gap(at, seed, effort, small=count <= SMALL)
        except TooLargeError:
            gap = None
        at += 1
        if gap is not None:
            found += 1
            yield gap


def _join(costs: list[Cost]) -> Cost:
    return Cost(sum(each.seconds for each in costs), max(each.megabytes for each in costs))


def rows(size: str, seed: int = 0) -> Iterator[Row]:
    """Measure at a size; the larger sizes have no rows.

    Parameters
    ----------
    size : str
        A key of ``COUNTS`` has rows.
    seed : int

    Yields
    ------
    Row
    """
    cases, cuts = COUNTS.get(size, (0, 0))
    if cases:
        verdicts = [judge(at, seed, "normal") for at in range(cases)]
        yield Row(
            "band",
            cases,
            "small areas",
            _join([each.cost for each in verdicts]),
            "HiGHS, forest or groups",
            _join([each.oracle_cost for each in verdicts]),
            tell(verdicts),
        )
    if cuts:
        found = list(gaps(cuts, seed, "normal"))
        ours, exact = sum(each.seconds for each in found), sum(each.oracle_s for each in found)
        beside = Cost(exact, float("nan"))
        yield Row("optimum", cuts, "small areas", Cost(ours, float("nan")), "HiGHS, groups", beside, tell_gaps(found))


def main() -> None:
    """Run what the command line asks for; name every case where the answers differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--effort", default="normal", choices=list(EFFORTS))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    verdicts = []
    for at in range(asked.cases):
        each = judge(at, asked.seed, asked.effort)
        verdicts.append(each)
        if each.kept != each.feasible or each.is_false or "not_found" in each.reasons:
            print(f"{each.name}: kept {each.kept}, feasible {each.feasible}, {each.reasons}, "
                  f"{each.unconfirmed} unconfirmed", flush=True)  # fmt: skip
    if verdicts:
        print(tell(verdicts))
    found = []
    for gap in gaps(asked.cuts, asked.seed, asked.effort):
        found.append(gap)
        print(f"{gap.name}: cuts {gap.cuts:+.2%}, energy {gap.energy:+.2%}, {gap.seconds:.2f} s beside "
              f"{gap.oracle_s:.1f} s", flush=True)  # fmt: skip
    if found:
        print(tell_gaps(found))


if __name__ == "__main__":
    main()
