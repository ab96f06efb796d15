"""Tell what is wrong with a nesting in the form of an audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely

from .findings import Finding, size_text, width_text
from .intake import Survey, describe_fault
from .nesting_tables import Verdict


def row_findings(survey: Survey, table: str, *, concerned: bool) -> Iterator[Finding]:
    """Tell of rows that are no valid polygon; ``concerned``: whether the findings name them as their areas."""
    for position in np.flatnonzero(~survey.is_valid).tolist():
        shape = survey.shapes[position]
        kind = "invalid_ring" if survey.is_area[position] else "empty_geometry"
        message = f"{table}: {survey.label(position)} {describe_fault(survey, position)}"
        yield Finding(kind, [position] if concerned else (), message, None if shapely.is_empty(shape) else shape)


def land_findings(verdict: Verdict, cuts: pd.DataFrame) -> Iterator[Finding]:
    """Tell of every piece of an inner area outside its main outer area, and of the hairlines that are not told.

    Parameters
    ----------
    verdict : Verdict
    cuts : DataFrame
        The pieces of this network, as ``list_cuts`` lists them.
    """
    position = dict(zip(verdict.ids.tolist(), range(len(verdict.ids)), strict=True))
    home_of, several = verdict.network.labels(verdict.main), verdict.outer_areas
    for row in cuts[~cuts["is_largest"]].itertuples():
        area = position[row.area_id]
        yield _describe_piece(row, area, verdict.network.name, home_of[area], int(several[area]))
    pieces = verdict.network.pieces
    count, size = int(pieces.hairlines.sum()), float(pieces.hairline_m2.sum())
    if count:
        message = (
            f"{verdict.network.name}: {count} hairlines of inner areas lie across a border, {size_text(size)} in all"
        )
        yield Finding("hairline", (), message, None, float(count), 0.0, "hairlines", size, pieces=count)


def _describe_piece(row: Any, area: int, network: str, home: str, several: int) -> Finding:
    """Describe one piece of an inner area that lies outside its main outer area."""
    other = "" if pd.isna(row.outer_id) else str(row.outer_id)
    where = f"in {other}" if other else "in no area"
    rest = (
        "" if not home else f", the rest in {home}" if several == 1 + bool(other) else f", the largest piece in {home}"
    )
    sized = bool(np.isfinite(row.area_m2))
    length = float(row.geometry.length) / 2 if row.geometry is not None else np.nan
    return Finding(
        "outside_parent", [area], f"{row.area_id}: {_amount(row)} lies {where} of {network}{rest}", row.geometry,
        row.area_m2 if sized else row.atoms, 0.0, "m2" if sized else "atoms", row.area_m2, row.width_m,
        row.area_m2 / length, length, parents=tuple(one for one in (home, other) if one), households=row.households,
    )  # fmt: skip


def _amount(row: Any) -> str:
    """Write how much of an area a piece is."""
    if not np.isfinite(row.area_m2):
        return f"{row.atom_share:.1%} of its atoms"
    wide = f", up to {width_text(row.width_m)} wide" if np.isfinite(row.width_m) else ""
    lived = f", {row.households:.0f} households" if np.isfinite(row.households) else ""
    return f"{row.area_share:.1%} ({size_text(row.area_m2)}{wide}{lived})"


def name_findings(verdict: Verdict) -> Iterator[Finding]:
    """Tell of inner areas that name another outer area than the one they lie in, or carry another one's code."""
    name, names, home_of = verdict.network.name, verdict.names, verdict.network.labels(verdict.main)
    known = set(verdict.network.ids.tolist())
    for area in _disagreeing(verdict.name_agrees):
        said = names.parent[area] if names.parent is not None else ""
        strange = "" if said in known else f", which {name} does not have"
        message = f"{verdict.ids[area]}: names {said}{strange}, but lies in {home_of[area]} of {name}"
        yield _describe_name(verdict, area, home_of[area], message, "wrong_parent")
    wrong = _disagreeing(verdict.code_agrees)
    if len(wrong) > 1 and verdict.code_agrees is not None and True not in verdict.code_agrees.tolist():
        message = f"{name}: not one of {len(wrong)} codes begins with that of its outer area: codes of another system?"
        yield Finding("wrong_code", (), message, None, float(len(wrong)), 0.0, "rows")
        return
    for area in wrong:
        said, true = names.code_and_outer(area, verdict.main[area])
        message = f"{verdict.ids[area]}: its code {said} does not begin with {true}, that of {home_of[area]} of {name}"
        yield _describe_name(verdict, area, home_of[area], message, "wrong_code")


def _disagreeing(agrees: np.ndarray | None) -> list[int]:
    return [] if agrees is None else [at for at, one in enumerate(agrees.tolist()) if one is False]


def _describe_name(verdict: Verdict, area: int, home: str, message: str, kind: str) -> Finding:
    shape = verdict.network.pieces.shapes[verdict.kept[area]]
    return Finding(kind, [area], message, shape, 1.0, 0.0, "rows", parents=(home,))
