"""Tell which areas the addresses of incidents name: one door, a room, or all that an estate or a road spans."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .addresses import AddressBook
from .dispatch_ground import Ground

CLOSE_LEVELS = ("room", "stairwell", "building", "number")
"""Levels of an address that name one place."""
_DOOR_M = 0.01
"""How far a door may lie from its place."""
_NEAR = re.compile(
    r"附近|旁|对面|门口|路口|交叉口|周边|一带|\b(?:near|opposite|beside|outside|corner)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Named:
    """What an address names.

    Parameters
    ----------
    status : str
        ``auto``, ``review`` or ``reject``, as the book says.
    score : float
        From 0 to 1.
    x, y : float, metres
        Its place; NaN where none is known.
    area_id : str or None
        The area of that place.
    border_m : float, metres
        From that place to the border of its area.
    is_door : bool
        Whether it names one place: a door, a building, a site; else an estate or a road.
    is_near : bool
        Whether the text names a place near the address, not the address itself.
    shares : list of (str, float)
        Areas that what it names may be in, with their shares, the largest first.
    """

    status: str
    score: float
    x: float
    y: float
    area_id: str | None
    border_m: float
    is_door: bool
    is_near: bool
    shares: list[tuple[str, float]]

    @property
    def is_known(self) -> bool:
        """Tell whether it names anything that may be used."""
        return self.status != "reject" and bool(self.shares)

    @property
    def is_close(self) -> bool:
        """Tell whether it surely names one place, or one near it."""
        return self.status == "auto" and self.is_door and self.area_id is not None

    def apart_m(self, x: float, y: float) -> float:
        """Measure from a point to its place, metres; NaN where it is not sure enough to be held against a point."""
        return float(np.hypot(self.x - x, self.y - y)) if self.is_known and self.status == "auto" else float("nan")


def read_addresses(texts: list[Any], book: AddressBook | None, ground: Ground, near_m: float) -> list[Named | None]:
    """Find what the addresses of incidents name.

    Parameters
    ----------
    texts : list of str, or of missing values
    book : AddressBook, optional
        Without one, no address is known.
    ground : Ground
    near_m : float, metres
        How far from a door the place may lie that a text names as near it.

    Returns
    -------
    list of Named, None where there is no address or no book
    """
    asked = [text if isinstance(text, str) and text.strip() else None for text in texts]
    different = sorted({text for text in asked if text is not None})
    if book is None or not different:
        return [None] * len(asked)
    found = book.locate_each(pd.Series(different, dtype="str"), ground.index)
    xy = found[["x", "y"]].to_numpy(dtype=float)
    placed = np.isfinite(xy[:, 0])
    is_close = found["level"].isin(CLOSE_LEVELS).to_numpy()
    is_door = placed & (is_close | found["address_id"].notna().to_numpy())
    is_near = is_door & (~is_close | np.array([_NEAR.search(text) is not None for text in different]))
    owner, border_m = np.full(len(xy), None, dtype=object), np.full(len(xy), np.nan)
    shares = [_shares(pairs) for pairs in found["candidates"]]
    known = np.flatnonzero(placed)
    reach = ground.reach(xy[known, 0], xy[known, 1], np.where(is_near[known], near_m, _DOOR_M))
    owner[known], border_m[known] = reach.owner, reach.border_m
    for at, row in zip(known.tolist(), reach.shares, strict=True):
        shares[at] = row if is_near[at] else shares[at]
    rows = zip(
        found["status"].tolist(),
        found["score"].tolist(),
        *xy.T.tolist(),
        owner.tolist(),
        border_m.tolist(),
        is_door.tolist(),
        is_near.tolist(),
        shares,
        strict=True,
    )
    named: dict[str | None, Named | None] = {None: None}
    named |= {text: Named(*row) for text, row in zip(different, rows, strict=True)}
    return [named[text] for text in asked]


def _shares(pairs: Any) -> list[tuple[str, float]]:
    """Take the areas of an answer with their shares; land in no area counts for none."""
    inside = [(str(area_id), float(share)) for area_id, share in pairs if isinstance(area_id, str)]
    total = sum(share for _, share in inside)
    return [(area_id, share / total) for area_id, share in inside]
