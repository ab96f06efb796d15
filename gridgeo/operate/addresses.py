"""Tell which household, building or street an address text means, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import TableError

from .address_numbers import BUILDING, NUMBER, ROOM, STAIRWELL, Part
from .address_parts import cut_address
from .address_places import sort_into_places
from .address_search import AddressSearch, Answer
from .address_text import CleanText, clean, has_chinese
from .doors import to_lonlat
from .suggestions import Suggestions
from .western_address import clean_western, cut_western

_COLUMNS = ["address_id", "address", "level", "score", "x", "y", "lon", "lat", "matched", "unmatched", "status"]
_NUMBERS = ("score", "x", "y")
_TEXTS = ("address_id", "address", "level", "matched", "unmatched", "status")
_LONGEST_TEXT = 300
"""Longer texts are not addresses, and are answered with nothing."""
_CLOSE_LEVELS = (ROOM, STAIRWELL, BUILDING, NUMBER)
_LEAD = 0.05
"""What the best answer must score above one at another place, to be sure."""


class AddressBook:
    """The addresses of a territory, made ready to be asked what a text means.

    Addresses are cut into road, house number, estate, building, stairwell and room. The book knows names and
    buildings; households are numbers below their building. It answers with what it holds: a building or a house
    number that it does not know is never made up; the answer is then the estate or the road, and names what is left.

    Parameters
    ----------
    addresses : GeoDataFrame
        Unique text ids as index (``household_id`` or ``address_id``), column ``address``, points in a metric CRS.
        Rows without an address are left out; a missing point is answered as missing. Chinese or Latin letters.
    regions : iterable of str, optional
        Names of the province, city, district and town that may stand before an address, such as ``南京市``, besides
        those in the addresses. Where some are known, a text that names only others is rejected; where none is
        known, it is left for review.
    accept, refuse : float
        Scores from which an answer counts as ``auto``, and below which as ``reject``.
    apart_m : float, metres
        Two equally good answers this far apart make each other doubtful.

    Raises
    ------
    TableError
        If ids are missing, repeated or not text, there is no column ``address`` or it holds no text, or a geometry
        is not a point.
    CrsError
        If the points are not metric.
    """

    def __init__(
        self,
        addresses: gpd.GeoDataFrame,
        *,
        regions: Iterable[str] = (),
        accept: float = 0.9,
        refuse: float = 0.35,
        apart_m: float = 50.0,
    ) -> None:
        kept = _check_addresses(addresses)
        self.crs = CRS.from_user_input(kept.crs)
        self._accept, self._refuse, self._apart_m = accept, refuse, apart_m
        self._ids: list[str] = kept.index.tolist()
        self._texts: list[str] = kept["address"].tolist()
        self._xy = _coordinates(kept.geometry.to_numpy())
        places = sort_into_places(self._texts, _cut)
        self._place_xy = _mean_of_stretches(self._xy[places.rows], places.first)
        self._search = AddressSearch(places, [word for region in regions for word in _plain(region).text.split()])

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"AddressBook({len(self)} addresses in {len(self._place_xy)} buildings and house numbers)"

    def find(self, text: str, limit: int = 5) -> pd.DataFrame:
        """Find what an address text means.

        Parameters
        ----------
        text : str
            As typed: any width of letters, 栋 or 幢 or 号楼, numbers in digits or words, 3-2-401, parts left out.
        limit : int
            Most answers to give.

        Returns
        -------
        DataFrame
            One row an answer, the best first; empty where nothing is like it. ``address_id``, missing unless the
            answer is one row of the table; ``address``; ``level``: room, stairwell, building, number, estate or road;
            ``score`` from 0 to 1; ``x``, ``y`` in metres and ``lon``, ``lat`` in degrees; the ``matched`` and the
            ``unmatched`` parts of the text; ``status``: ``auto`` (sure), ``review`` (someone should look) or
            ``reject``.
        """
        source, answers = self._answer(text, max(limit, 2))
        rows = [self._row(source, answer, self._status(answers, at)) for at, answer in enumerate(answers[:limit])]
        return self._frame(rows)

    def find_each(self, texts: pd.Series) -> pd.DataFrame:
        """Find the best answer to each of many texts.

        Parameters
        ----------
        texts : Series of text
            Missing values are answered like empty texts.

        Returns
        -------
        DataFrame
            Columns as ``find``, indexed like ``texts``; ``reject`` and missing values where nothing is like a text.
        """
        rows = []
        for text in texts:
            source, answers = self._answer(text, 2)
            rows.append(self._row(source, answers[0], self._status(answers, 0)) if answers else _NOTHING)
        return self._frame(rows).set_index(texts.index)

    def suggest(self, text: str, limit: int = 10) -> pd.DataFrame:
        """Suggest how an address that is being typed may go on.

        Parameters
        ----------
        text : str
            Its beginning, or the beginning of an estate's name.
        limit : int
            Most suggestions to give.

        Returns
        -------
        DataFrame
            ``address``, ``level``, ``x``, ``y``, ``lon``, ``lat``; roads and estates first, then buildings.
        """
        found = self._suggestions.starting(_plain(text).text, limit) if _is_askable(text) else []
        rows = [{"address": offer.address, "level": offer.level, **self._middle(offer.places)} for offer in found]
        return self._frame(rows)[["address", "level", "x", "y", "lon", "lat"]]

    @cached_property
    def _suggestions(self) -> Suggestions:
        return Suggestions(self._search.places, lambda text: _plain(text).text)

    def _answer(self, text: Any, limit: int) -> tuple[CleanText, list[Answer]]:
        """Search for a text; give it in its plain form, and the answers."""
        if not _is_askable(text):
            return CleanText("", "", [], []), []
        plain, readings = _cut(text, self._search)
        return plain, self._search.answers(readings, limit)

    def _status(self, answers: Sequence[Answer], at: int) -> str:
        """Say how far an answer is to be trusted, given the others."""
        verdict = answers[at].verdict
        if verdict.score < self._refuse or verdict.foreign or not verdict.sure:
            return "reject"
        close = answers[at].level in _CLOSE_LEVELS or answers[at].row >= 0
        sure = at == 0 and verdict.score >= self._accept and not verdict.conflict and close
        rivals = [other for other in answers[1:] if other.verdict.score > verdict.score - _LEAD]
        return "auto" if sure and not any(self._are_apart(answers[0], rival) for rival in rivals) else "review"

    def _are_apart(self, first: Answer, second: Answer) -> bool:
        one, other = self._place(first), self._place(second)
        return not np.hypot(one["x"] - other["x"], one["y"] - other["y"]) <= self._apart_m

    def _place(self, answer: Answer) -> dict[str, float]:
        if answer.row >= 0:
            return {"x": float(self._xy[answer.row, 0]), "y": float(self._xy[answer.row, 1])}
        return self._middle(answer.places)

    def _middle(self, places: Sequence[int]) -> dict[str, float]:
        """Give the place nearest to the middle of several, so that the answer lies at a door and not in a river."""
        xy = self._place_xy[list(places)]
        xy = xy[np.isfinite(xy[:, 0])]
        if not len(xy):
            return {"x": np.nan, "y": np.nan}
        nearest = xy[np.argmin(np.hypot(*(xy - xy.mean(axis=0)).T))]
        return {"x": float(nearest[0]), "y": float(nearest[1])}

    def _row(self, source: CleanText, answer: Answer, status: str) -> dict[str, Any]:
        return {
            "address_id": self._ids[answer.row] if answer.row >= 0 else None,
            "address": self._texts[answer.row] if answer.row >= 0 else _label(answer),
            "level": answer.level,
            "score": round(answer.verdict.score, 4),
            **self._place(answer),
            "matched": _quote(source, answer.verdict.matched),
            "unmatched": _quote(source, answer.verdict.unmatched),
            "status": status,
        }

    def _frame(self, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
        """Make the table of answers, with longitude and latitude."""
        columns: dict[str, Any] = {name: np.array([row.get(name) for row in rows], dtype=float) for name in _NUMBERS}
        x, y = columns["x"], columns["y"]
        columns["lon"], columns["lat"] = np.full(len(x), np.nan), np.full(len(x), np.nan)
        placed = np.isfinite(x)
        if placed.any():
            columns["lon"][placed], columns["lat"][placed] = to_lonlat(self.crs).transform(x[placed], y[placed])
        columns |= {name: pd.array([row.get(name) for row in rows], dtype="str") for name in _TEXTS}
        return pd.DataFrame(columns, columns=_COLUMNS)


_NOTHING: dict[str, Any] = {"score": 0.0, "matched": "", "unmatched": "", "status": "reject"}


def _is_askable(text: Any) -> bool:
    """Tell whether something can be an address at all."""
    return isinstance(text, str) and len(text.strip()) > 0 and len(text) <= _LONGEST_TEXT


def _plain(text: str) -> CleanText:
    return clean(text) if has_chinese(text) else clean_western(text)


def _cut(text: str, search: AddressSearch | None = None) -> tuple[CleanText, list[list[Part]]]:
    """Cut a text into parts by the rules of its letters; known names are told from the search."""
    plain = _plain(text)
    if has_chinese(text):
        return plain, cut_address(plain.text, search.gazetteer.find if search else None)
    return plain, cut_western(plain.text, search.gazetteer.knows if search else None)


def _label(answer: Answer) -> str:
    """Name a place the way the book writes it, with the stairwell where that is what was found."""
    if answer.level != STAIRWELL:
        return answer.place.label
    stairwell = next(part.key for part in answer.verdict.matched if part.kind == STAIRWELL)
    return f"{answer.place.label}{stairwell}单元"


def _quote(source: CleanText, parts: Sequence[Part]) -> str:
    """Quote parts of a text as they were typed."""
    return " ".join(source.given(part.start, part.end) for part in parts)


def _coordinates(points: NDArray[np.object_]) -> NDArray[np.floating]:
    """Give the coordinates of points, NaN for missing ones; shape (n, 2)."""
    xy = np.full((len(points), 2), np.nan)
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    xy[there] = shapely.get_coordinates(points[there])
    return xy


def _mean_of_stretches(xy: NDArray[np.floating], first: NDArray[np.int64]) -> NDArray[np.floating]:
    """Average the coordinates of each stretch of rows, without the missing ones."""
    there = np.isfinite(xy[:, 0])
    sums = np.add.reduceat(np.column_stack([np.where(there[:, None], xy, 0.0), there]), first[:-1], axis=0)
    return np.divide(sums[:, :2], sums[:, 2:], out=np.full((len(sums), 2), np.nan), where=sums[:, 2:] > 0)


def _check_addresses(addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Hold addresses against what a book needs, and leave out rows without a text."""
    if not isinstance(addresses, gpd.GeoDataFrame) or addresses.active_geometry_name is None:
        raise TableError("addresses: has no geometry; pass a GeoDataFrame of points with a column 'address'")
    if "address" not in addresses.columns:
        raise TableError("addresses: column 'address' is missing; map it with columns={...}")
    check_metric(addresses.crs, "addresses")
    if addresses.index.hasnans or not all(isinstance(key, str) for key in addresses.index):
        raise TableError("addresses: its index must be ids of text, none missing; use index.astype(str)")
    if not addresses.index.is_unique:
        twice = addresses.index[addresses.index.duplicated()][0]
        raise TableError(f"addresses: id {twice!r} stands more than once; ids must be unique")
    texts = addresses["address"]
    wrong = texts.notna() & ~texts.map(lambda text: isinstance(text, str)).astype(bool)
    if wrong.any():
        first = texts.index[wrong][0]
        raise TableError(f"addresses: address of {first!r} is {texts[first]!r}, not text")
    kinds = shapely.get_type_id(addresses.geometry.to_numpy())
    if (kinds > 0).any():
        first = addresses.index[kinds > 0][0]
        raise TableError(f"addresses: geometry of {first!r} is a {addresses.geometry[first].geom_type}, not a Point")
    kept = addresses[texts.notna().to_numpy() & (texts.fillna("").str.strip() != "").to_numpy()]
    if not len(kept):
        raise TableError("addresses: no row has an address, so that no text can be found")
    return kept
