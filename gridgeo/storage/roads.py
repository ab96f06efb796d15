"""Tell the rank and the kind of lines from OpenStreetMap tags, flags and words.

Ranks run from 1 (trunk road) to 6 (lane). Ways that nobody takes for the limit of an area are left out: footways,
steps, cycle tracks and paths (in inner cities they are pavements drawn beside their street, which would leave slivers),
lines in tunnels, subways and tramways, stations, drains, fences, and what is planned or gone. Pedestrian streets stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridgeo.model.levels import StreetKind

from .delimited import plain_name

HIGHWAY_RANKS = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), 1),
    **dict.fromkeys(("primary", "primary_link"), 2),
    **dict.fromkeys(("secondary", "secondary_link"), 3),
    **dict.fromkeys(("tertiary", "tertiary_link"), 4),
    **dict.fromkeys(("residential", "unclassified", "road"), 5),
    **dict.fromkeys(("living_street", "service", "pedestrian", "track", "busway"), 6),
}
"""OpenStreetMap's ``highway`` -> rank; other values are left out."""
RANK_WORDS = {
    **dict.fromkeys(("快速路", "高速", "高速公路", "trunk road", "expressway", "motorway"), 1),
    **dict.fromkeys(("主干路", "主干道", "primary road", "arterial"), 2),
    **dict.fromkeys(("次干路", "次干道", "secondary road", "collector"), 3),
    **dict.fromkeys(("支路", "tertiary road"), 4),
    **dict.fromkeys(("街坊路", "小区路", "residential street", "local"), 5),
    **dict.fromkeys(("巷", "街巷", "里弄", "弄", "胡同", "lane", "alley"), 6),
}
"""Words for a rank in a column of ranks."""
MAJOR_ROAD_RANKS = {1: 2, 2: 3}
"""Value of a column ``major_road`` -> rank; others are residential streets, rank 5."""
KIND_WORDS = {
    **dict.fromkeys(("street", "road", "highway", "道路", "街道", "路"), StreetKind.STREET),
    **dict.fromkeys(
        ("river", "canal", "stream", "water", "waterway", "waterways", "rivers", "河流", "水系", "河"), StreetKind.RIVER
    ),
    **dict.fromkeys(("rail", "railway", "railways", "light_rail", "narrow_gauge", "铁路"), StreetKind.RAIL),
    **dict.fromkeys(("wall", "walls", "city_wall", "retaining_wall", "围墙"), StreetKind.WALL),
}
"""Words for a kind: in a column ``kind``, as a tag's value, or as the name of a layer."""
KIND_RANKS = {StreetKind.RIVER: 1, StreetKind.RAIL: 1, StreetKind.WALL: 4}
"""Rank of what is no street."""

_TAG_KINDS = {
    "railway": {"rail", "light_rail", "narrow_gauge"},
    "waterway": {"river", "canal", "stream", "riverbank", "dock"},
    "barrier": {"wall", "city_wall", "retaining_wall"},
}
_TAG_TO_KIND = {"railway": StreetKind.RAIL, "waterway": StreetKind.RIVER, "barrier": StreetKind.WALL}
_RANK_NAMES = ("rank", "roadrank", "roadclass", "等级", "道路等级", "路级")
_OPEN_TUNNELS = {"no", "f", "false", "0", "building_passage", "avalanche_protector"}


@dataclass(frozen=True)
class Lines:
    """What lines are.

    Parameters
    ----------
    rank, kind : Series
        Columns of table STREETS.
    kept : Series of bool
        False for a line that is left out.
    sources : dict of str to str
        The columns that told rank and kind.
    """

    rank: pd.Series
    kind: pd.Series
    kept: pd.Series
    sources: dict[str, str]


def classify_lines(frame: pd.DataFrame, layer: str = "") -> Lines:
    """Tell the rank and the kind of each line.

    Parameters
    ----------
    frame : DataFrame
        Lines with the columns of their source: OpenStreetMap tags (as columns, as ``kind`` and ``value``, or as
        Geofabrik's ``fclass``), a ``rank`` in numbers or words, ``major_road``, ``kind``.
    layer : str
        Name of the layer; "rail" or "water" tells the kind where no column does.

    Returns
    -------
    Lines
        Where nothing tells, a street of rank 4.
    """
    by_plain = {plain_name(column): column for column in reversed(list(frame.columns)) if column != "geometry"}
    told = _Told(frame)
    _read_kinds(told, by_plain, layer)
    _read_tags(told, by_plain)
    _read_ranks(told, by_plain)
    told.rank = told.rank.where(told.rank.notna(), told.kind.map(KIND_RANKS))
    return Lines(told.rank.fillna(4), told.kind, told.kept, told.sources)


class _Told:
    """What is known so far about the lines of a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.rank = pd.Series(np.nan, index=frame.index, dtype=object)
        self.kind = pd.Series(str(StreetKind.STREET), index=frame.index, dtype=object)
        self.kept = pd.Series(True, index=frame.index)
        self.sources: dict[str, str] = {}

    def words(self, column: str) -> pd.Series:
        """Return a column as words in lower case."""
        values = self.frame[column]
        return values.astype(object).where(values.notna(), "").astype(str).str.strip().str.lower()


def _read_kinds(told: _Told, by_plain: dict[str, str], layer: str) -> None:
    """Take kinds from a column of kinds, else from the layer's name."""
    of_layer = KIND_WORDS.get(layer.lower())
    if of_layer:
        told.kind[:] = str(of_layer)
        told.sources["kind"] = f"layer {layer}"
    column = by_plain.get("kind")
    if column is not None:
        words = told.words(column)
        known = words.isin(list(KIND_WORDS))
        told.kind = told.kind.mask(known, words.map(KIND_WORDS).astype(object).map(str))
        told.kind = told.kind.mask(~known & (words != ""), told.frame[column])
        told.sources["kind"] = column


def _read_tags(told: _Told, by_plain: dict[str, str]) -> None:
    """Take ranks, kinds and what is left out from tags."""
    column, words = _tag(told, by_plain, "highway", set(HIGHWAY_RANKS))
    tagged = words != ""
    if tagged.any():
        told.rank = told.rank.mask(tagged, words.map(HIGHWAY_RANKS))
        told.kept &= ~tagged | words.isin(list(HIGHWAY_RANKS))
        told.sources["rank"] = column
    for tag, values in _TAG_KINDS.items():
        column, words = _tag(told, by_plain, tag, values)
        # A way that carries two tags, such as a lane along a wall, is a street first.
        only = (words != "") & ~tagged
        if only.any():
            told.kind = told.kind.mask(only, str(_TAG_TO_KIND[tag]))
            told.kept &= ~only | words.isin(values)
            told.sources["kind"] = column
    if "tunnel" in by_plain:
        told.kept &= told.words(by_plain["tunnel"]).isin([*_OPEN_TUNNELS, ""])


def _tag(told: _Told, by_plain: dict[str, str], tag: str, values: set[str]) -> tuple[str, pd.Series]:
    """Give the values of a tag: a column of its name, ``value`` where ``kind`` is the tag, or ``fclass``."""
    if tag in by_plain:
        return by_plain[tag], told.words(by_plain[tag])
    if "kind" in by_plain and "value" in by_plain:
        return by_plain["value"], told.words(by_plain["value"]).where(told.words(by_plain["kind"]) == tag, "")
    if "fclass" in by_plain:
        words = told.words(by_plain["fclass"])
        if words.isin(list(values)).any():
            return by_plain["fclass"], words
    return "", pd.Series("", index=told.frame.index)


def _read_ranks(told: _Told, by_plain: dict[str, str]) -> None:
    """Take ranks from a column of ranks, else from a flag of major roads."""
    for name in _RANK_NAMES:
        if name not in by_plain:
            continue
        words = told.words(by_plain[name])
        given = words != ""
        known = words.isin(list(RANK_WORDS))
        numbers = pd.to_numeric(told.frame[by_plain[name]], errors="coerce").between(1, 6)
        # A column that is called otherwise may rank something else.
        if name == "rank" or (known | numbers | ~given).all():
            told.rank = told.rank.mask(
                given, words.map(RANK_WORDS).astype(object).mask(~known, told.frame[by_plain[name]])
            )
            told.sources["rank"] = by_plain[name]
            return
    if "majorroad" in by_plain and "rank" not in told.sources:
        flags = pd.to_numeric(told.frame[by_plain["majorroad"]], errors="coerce")
        told.rank = flags.map(MAJOR_ROAD_RANKS).fillna(5).astype(object)
        told.sources["rank"] = by_plain["majorroad"]
