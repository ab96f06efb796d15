"""Declare the table that tells which area of a plan became which of the next."""

from __future__ import annotations

import pandera.pandas as pa

from .columns import count, schema, size, text
from .tables import Table

KEPT, MOVED, SPLIT, MERGED, REDRAWN = "kept", "moved", "split", "merged", "redrawn"
ADDED, GONE, SLIVER = "added", "gone", "sliver"
CHANGES = (KEPT, MOVED, SPLIT, MERGED, REDRAWN, ADDED, GONE, SLIVER)
"""What a row of lineage can be; ``gridgeo.design.lineage`` says when it is which."""


def _end() -> pa.Column:
    """Declare an area at one end of a row: missing where the land has no area on that side."""
    return pa.Column(None, text().checks, nullable=True, required=True)


LINEAGE = Table(
    "lineage",
    "",
    schema(
        before_id=_end(),
        after_id=_end(),
        households=count(),
        incidents=count(required=False),
        area_m2=size(),
        change=text(isin=CHANGES),
    ),
)
"""Which area of a plan became which of the next, with the households and the land that went that way. ``before_id`` is
missing for land that no area held before, ``after_id`` for land that none holds any more."""

CONCORDANCE = Table(
    "concordance",
    "",
    schema(
        before_id=_end(),
        before_code=text(required=False),
        after_id=_end(),
        after_code=text(required=False),
        change=text(isin=CHANGES),
        households=count(nullable=True),
        area_m2=size(),
        before_households_share=pa.Column(None, nullable=True),
        before_area_share=pa.Column(None, nullable=True),
        after_households_share=pa.Column(None, nullable=True),
        after_area_share=pa.Column(None, nullable=True),
        weight=pa.Column(None, nullable=True),
    ),
)
"""The lineage as it is published: codes, and the share of each area that went each way. ``weight``: what part of a
count of ``before_id`` belongs to ``after_id``; the weights of one ``before_id`` add up to 1."""
