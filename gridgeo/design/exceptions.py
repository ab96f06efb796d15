"""Excuse findings that were declared to be meant so: lakes, enclaves, exclaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from .findings import Finding
from .intake import take_in

OPEN_KINDS = ("gap", "open_gap", "hole", "missing_area")
"""Kinds of land that no area covers."""


def excuse(found: list[Finding], exceptions: Any, crs: Any, tolerance_m: float) -> list[Finding]:
    """Turn findings that were declared into notes with their reason."""
    declared = take_in(exceptions, "exceptions", crs)
    reasons = declared.attributes.get("reason", pd.Series([""] * len(declared), dtype=object))
    kinds = declared.attributes.get("kind", pd.Series([None] * len(declared), dtype=object))
    grounds = shapely.buffer(declared.shapes, max(tolerance_m, 1e-6))
    excused = list(found)
    shapes = np.array([one.geometry for one in found], dtype=object)
    pairs = shapely.STRtree(grounds).query(shapes, predicate="covered_by").T
    for at, ground in sorted(pairs.tolist(), reverse=True):
        kind, reason, one = kinds.iloc[ground], reasons.iloc[ground], found[at]
        if pd.isna(kind) or kind == one.kind:
            why = f": {reason}" if isinstance(reason, str) and reason else ""
            excused[at] = replace(one, severity="note", remedy="none", message=f"{one.message} (declared{why})")
    return excused
