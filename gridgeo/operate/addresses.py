"""Tell which household, building or street an address text means, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from scipy.spatial import cKDTree

from gridgeo.model.errors import TableError

from .address_areas import AreaShares, area_rows, located_row
from .address_checks import check_addresses, check_communities, check_names
from .address_explain import account
from .address_names import name_communities, resolve_aliases
from .address_places import sort_into_places
from .address_points import coordinates, mean_of_stretches, middle, read_place
from .address_reading import cut, is_askable, plain
from .address_search import CLOSE_LEVELS, AddressSearch, Answer, is_among_several
from .address_tables import ADDRESS_COLUMNS, NEAR_COLUMNS, NOTHING, OFFER_COLUMNS, address_frame, label, quote
from .address_text import CleanText
from .locate import AreaIndex
from .suggestions import Suggestions

_LEAD = 0.05
"""What the best answer must score above one at another place, to be sure."""
_ANSWERS_TO_LOCATE = 3


class AddressBook:
    """The addresses of a territory, made ready to be asked what a text means.

    Addresses are cut into road, house number, estate, building, stairwell and room. The book knows names, how they
    sound and their other names, and buildings; households are numbers below their building. It answers with what it
    holds: a building or a house number that it does not know is never made up; the answer is then the estate or the
    road, and names what is left.

    Parameters
    ----------
    addresses : GeoDataFrame
        Unique text ids as index (``household_id`` or ``address_id``), column ``address``, points in a metric CRS; if
        they have them, ``community_id`` and ``count`` (households of a row). Rows without an address are left out; a
        missing point is answered as missing. Chinese or Latin letters.
    regions : iterable of str, optional
        Names of the province, city, district and town that may stand before an address, such as ``南京市``, besides
        those in the addresses. Where some are known, a text that names only others is rejected; where none is
        known, it is left for review.
    aliases : mapping or DataFrame of two columns, optional
        Another name, and the road, estate, community or building (by its address) that it stands for.
    communities : mapping of id to name, or Series, optional
        Names of the communities in column ``community_id``.
    accept, refuse : float
        Scores from which an answer counts as ``auto``, and below which as ``reject``.
    apart_m : float, metres
        Two nearly equally good answers this far apart make each other doubtful.

    Raises
    ------
    TableError
        If ids are missing, repeated or not text, there is no column ``address`` or it holds no text, a geometry is not
        a point, an alias stands for what the book does not hold, or a community has no name.
    CrsError
        If the points are not metric.
    """

    def __init__(
        self,
        addresses: gpd.GeoDataFrame,
        *,
        regions: Iterable[str] = (),
        aliases: Mapping[str, str] | pd.DataFrame | None = None,
        communities: Mapping[str, str] | pd.Series | None = None,
        accept: float = 0.9,
        refuse: float = 0.35,
        apart_m: float = 50.0,
    ) -> None:
        kept = check_addresses(addresses)
        others = check_names(aliases, "aliases")
        community = check_communities(kept, check_names(communities, "communities"))
        self.crs = CRS.from_user_input(kept.crs)
        self._accept, self._refuse, self._apart_m = accept, refuse, apart_m
        self._ids: list[str] = kept.index.tolist()
        self._texts: list[str] = kept["address"].tolist()
        self._xy = coordinates(kept.geometry.to_numpy())
        self._households = kept["count"].to_numpy(dtype=float) if "count" in kept.columns else np.ones(len(kept))
        places = name_communities(sort_into_places(self._texts, cut), community)
        self._place_xy = mean_of_stretches(self._xy[places.rows], places.first)
        self._search = AddressSearch(places, [word for region in regions for word in plain(region).text.split()])
        if others:
            self._search.learn(resolve_aliases(self._search, others))
        self._shares: AreaShares | None = None

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
            answer is one row of the table; ``address``; ``level``: room, stairwell, building, number, estate, road or
            community; ``score``: the chance that it is right, from 0 to 1; ``x``, ``y`` in metres and ``lon``, ``lat``
            in degrees; the ``matched`` and the ``unmatched`` parts of the text; ``status``: ``auto`` (sure), ``review``
            (someone should look) or ``reject``; ``runner_up``, the address of the next answer that lies elsewhere, and
            ``lead``, by how much it scores less.
        """
        source, answers = self._answer(text, max(limit, 2))
        rows = [self._row(source, answers, at) for at in range(min(limit, len(answers)))]
        return self._frame(rows, ADDRESS_COLUMNS)

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

        Raises
        ------
        TableError
            If it is no Series.
        """
        rows = []
        for text in _check_texts(texts):
            source, answers = self._answer(text, 2)
            rows.append(self._row(source, answers, 0) if answers else NOTHING)
        return self._frame(rows, ADDRESS_COLUMNS).set_index(texts.index)

    def find_areas(self, text: str, index: AreaIndex, limit: int = 5) -> pd.DataFrame:
        """Find the areas in which lies what an address text means.

        Parameters
        ----------
        text : str
        index : AreaIndex
            Of the grids, in the CRS of the addresses.
        limit : int
            Most rows to give.

        Returns
        -------
        DataFrame
            The answers as ``find`` orders them, each with every area that it reaches into: ``area_id``, missing where
            no area has it; ``share`` of the answer's households, a single one or those of a whole road; ``level``,
            ``score``, ``status`` and ``address`` of the answer.

        Raises
        ------
        CrsError
            If the index has another CRS.
        """
        shares = self._shares_of(index)
        answers = self._answer(text, max(limit, 2))[1]
        statuses = [self._status(answers, at) for at in range(len(answers))]
        return area_rows(answers, statuses, [self._address(answer) for answer in answers], shares, limit)

    def locate_each(self, texts: pd.Series, index: AreaIndex) -> pd.DataFrame:
        """Find the one area in which lies what each of many address texts means.

        Parameters
        ----------
        texts : Series of text
            Missing values are answered like empty texts.
        index : AreaIndex
            Of the grids, in the CRS of the addresses.

        Returns
        -------
        DataFrame
            Indexed like ``texts``. ``area_id``, missing where the best answer lies in none or in several; ``status``:
            ``auto`` where the area is sure, although it may be that of a whole estate; ``review``; ``reject``;
            ``level``, ``score``, ``address_id``, ``address``, ``x``, ``y`` of the best answer; ``candidates``: pairs of
            area and chance, the likeliest first.

        Raises
        ------
        TableError
            If ``texts`` is no Series.
        CrsError
            If the index has another CRS.
        """
        shares, rows = self._shares_of(index), []
        for text in _check_texts(texts):
            source, answers = self._answer(text, _ANSWERS_TO_LOCATE)
            found = self._row(source, answers, 0) if answers else NOTHING
            rows.append(located_row(found, answers, shares, self._accept))
        columns = ["area_id", "level", "score", "status", "address_id", "address", "x", "y", "candidates"]
        table = address_frame(rows, columns, self.crs)
        return table.set_index(texts.index)

    def explain(self, text: str) -> str:
        """Write down how a text is read: its plain form, its parts, the names considered, and each answer's credit.

        Parameters
        ----------
        text : str

        Returns
        -------
        str
            Lines for a clerk who wants to know why.
        """
        source, answers = self._answer(text, 5)
        readings = cut(text, self._search)[1] if is_askable(text) else []
        statuses = [self._status(answers, at) for at in range(len(answers))]
        return account(source, readings, self._search, answers, statuses, [self._address(answer) for answer in answers])

    def reverse(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        lon: float | None = None,
        lat: float | None = None,
        limit: int = 5,
    ) -> pd.DataFrame:
        """Find the addresses nearest to a point.

        Parameters
        ----------
        x, y : float, metres, optional
            In the CRS of the addresses.
        lon, lat : float, degrees, optional
            Instead of ``x`` and ``y``.
        limit : int
            Most addresses to give.

        Returns
        -------
        DataFrame
            ``address_id``, ``address``, ``distance_m``, ``x``, ``y``, ``lon``, ``lat``; the nearest first, of equally
            near ones the smaller id.

        Raises
        ------
        TableError
            If neither or both pairs are given, or a number is not finite.
        """
        place = read_place(x, y, lon, lat, self.crs)
        rows, tree = self._tree
        wanted = max(limit, 0)
        distance, found = tree.query(place, k=list(range(1, min(wanted + _TIES, len(rows)) + 1)))
        near = sorted(
            zip(np.round(distance, 6).tolist(), rows[found].tolist(), strict=True),
            key=lambda pair: (pair[0], self._ids[pair[1]]),
        )
        told = [
            {
                "address_id": self._ids[row],
                "address": self._texts[row],
                "distance_m": away,
                "x": self._xy[row, 0],
                "y": self._xy[row, 1],
            }
            for away, row in near[:wanted]
        ]
        return self._frame(told, NEAR_COLUMNS)

    def suggest(self, text: str, limit: int = 10) -> pd.DataFrame:
        """Suggest how an address that is being typed may go on.

        Parameters
        ----------
        text : str
            Its beginning, the beginning of an estate's name, or of a name's pinyin or initials: ``qhy`` for 清河苑.
        limit : int
            Most suggestions to give.

        Returns
        -------
        DataFrame
            ``address``, ``level``, ``x``, ``y``, ``lon``, ``lat``; roads and estates first, then buildings.
        """
        found = self._suggestions.starting(plain(text).text, limit) if is_askable(text) else []
        rows = [
            {"address": offer.address, "level": offer.level, **middle(self._place_xy, offer.places)} for offer in found
        ]
        return self._frame(rows, OFFER_COLUMNS)

    @cached_property
    def _suggestions(self) -> Suggestions:
        return Suggestions(self._search.places, self._search.keys, lambda text: plain(text).text)

    @cached_property
    def _tree(self) -> tuple[np.ndarray, cKDTree]:
        rows = np.flatnonzero(np.isfinite(self._xy[:, 0]))
        return rows, cKDTree(self._xy[rows])

    def _shares_of(self, index: AreaIndex) -> AreaShares:
        """Locate all addresses in the areas of an index, once for each."""
        if self._shares is None or self._shares.index is not index:
            self._shares = AreaShares(index, self.crs, self._xy, self._households, self._search.places)
        return self._shares

    def _answer(self, text: Any, limit: int) -> tuple[CleanText, list[Answer]]:
        """Search for a text; give it in its plain form, and the answers."""
        if not is_askable(text):
            return CleanText("", "", [], []), []
        source, readings = cut(text, self._search)
        return source, self._search.answers(readings, limit, source.text)

    def _status(self, answers: Sequence[Answer], at: int) -> str:
        """Say how far an answer is to be trusted, given the others."""
        answer = answers[at]
        if answer.score < self._refuse or answer.verdict.foreign or not answer.verdict.sure:
            return "reject"
        verdict = answer.verdict
        close = answer.level in CLOSE_LEVELS or answer.row >= 0
        doubtful = verdict.conflict or verdict.strange or verdict.is_hearsay or is_among_several(answer)
        sure = at == 0 and answer.score >= self._accept and close and not doubtful
        rivals = [other for other in answers[1:] if other.score > answer.score - _LEAD]
        return "auto" if sure and not any(self._are_apart(answer, rival) for rival in rivals) else "review"

    def _are_apart(self, first: Answer, second: Answer) -> bool:
        one, other = self._place(first), self._place(second)
        return not np.hypot(one["x"] - other["x"], one["y"] - other["y"]) <= self._apart_m

    def _place(self, answer: Answer) -> dict[str, float]:
        if answer.row >= 0:
            return {"x": float(self._xy[answer.row, 0]), "y": float(self._xy[answer.row, 1])}
        return middle(self._place_xy, answer.places)

    def _address(self, answer: Answer) -> str:
        return self._texts[answer.row] if answer.row >= 0 else label(answer)

    def _row(self, source: CleanText, answers: Sequence[Answer], at: int) -> dict[str, Any]:
        answer = answers[at]
        elsewhere = (other for other in answers[at + 1 :] if not set(other.places) & set(answer.places))
        runner_up = next(elsewhere, None)
        return {
            "address_id": self._ids[answer.row] if answer.row >= 0 else None,
            "address": self._address(answer),
            "level": answer.level,
            "score": round(answer.score, 4),
            **self._place(answer),
            "matched": quote(source, answer.verdict.matched),
            "unmatched": quote(source, answer.verdict.unmatched),
            "status": self._status(answers, at),
            "runner_up": self._address(runner_up) if runner_up else None,
            "lead": round(answer.score - runner_up.score, 4) if runner_up else np.nan,
        }

    def _frame(self, rows: Sequence[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
        return address_frame(rows, columns, self.crs)


_TIES = 8
"""Addresses looked at beyond the limit, so that of equally near ones the smaller ids come first."""


def _check_texts(texts: pd.Series) -> pd.Series:
    if not isinstance(texts, pd.Series):
        raise TableError(f"texts: is a {type(texts).__name__}, not a Series; use pd.Series(texts)")
    return texts
