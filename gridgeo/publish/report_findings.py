"""Tell findings in a report: kind by kind, the largest with a picture, the others in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.design.findings import KINDS

from .paper import Card, Grid, Section, length_of, number_in, size_of
from .repair_words import LIMIT_WORDS
from .report_drawings import Terrain, draw_finding
from .report_words import CAUSES, KIND_SENTENCES, REMEDIES, REPORT_WORDS
from .words import FINDING_KINDS, say

LONLAT_DECIMALS = 6
"""A decimetre on the ground."""


@dataclass(frozen=True, eq=False)
class Teller:
    """Tells findings of one map in one language.

    Parameters
    ----------
    terrain : Terrain
    findings : GeoDataFrame
        Table ``FINDINGS``.
    language : str
    pictures : int
        How many findings of each kind are shown with a picture.
    """

    terrain: Terrain
    findings: gpd.GeoDataFrame
    language: str
    pictures: int

    @cached_property
    def places(self) -> dict[str, str]:
        """Say where each finding is, as latitude and longitude; empty where it has no place."""
        texts = place_texts(self.findings.geometry)
        return dict(zip(map(str, self.findings.index), texts, strict=True))

    @property
    def words(self) -> Mapping[str, str]:
        """Give the words of the language."""
        return REPORT_WORDS[self.language] | LIMIT_WORDS[self.language]

    def sections(self) -> Iterator[Section]:
        """Tell all findings, in the order of the table."""
        for kind in dict.fromkeys(self.findings["kind"]):
            yield self.section(kind)

    def section(self, kind: str) -> Section:
        """Tell the findings of one kind, the largest first."""
        rows = self.findings[self.findings["kind"] == kind]
        size = pd.to_numeric(rows["value"], errors="coerce") if "value" in rows else pd.Series(0.0, index=rows.index)
        rows = rows.loc[size.sort_values(ascending=False, kind="stable", na_position="last").index]
        remedy = str(rows["remedy"].iloc[0]) if "remedy" in rows else KINDS.get(kind, ("", ""))[1]
        told = (KIND_SENTENCES, kind), (REMEDIES, remedy)
        sentences = [say(table, key, self.language) for table, key in told if key in table]
        placed = ~(rows.geometry.isna() | rows.geometry.is_empty)
        shown = rows[placed].iloc[: self.pictures]
        rest = rows.drop(shown.index)
        return Section(
            anchor=kind,
            tone=str(rows["severity"].iloc[0]),
            head=say(FINDING_KINDS, kind, self.language),
            count=len(rows),
            lines=(("" if self.language == "zh" else " ").join(sentences),),
            cards=tuple(self.card(str(key), row) for key, row in shown.iterrows()),
            more=self.words["more"].format(count=f"{len(rest):,}") if len(shown) else "",
            grid=self.grid(rest),
        )

    def card(self, key: str, row: pd.Series) -> Card:
        """Tell one finding with its picture."""
        concerned = str(row.get("area_ids") or "").split(",")
        sketch = draw_finding(self.terrain, row["geometry"], str(row["severity"]), str(row["message"]), concerned)
        cause = self.cause(row)
        text = self.told(row) + (self.words["because"].format(cause=cause) if cause else "")
        return Card(key, text, self.places[str(key)], (sketch,))

    def grid(self, rows: gpd.GeoDataFrame) -> Grid:
        """List findings, with a column for what is known of any of them only."""
        words = self.words
        causes = [self.cause(row) for _, row in rows.iterrows()]
        homes = [number_in(row, "households") for _, row in rows.iterrows()]
        places = [self.places[str(key)] for key in rows.index]
        columns = [
            (words["number"], 7.0, [str(key) for key in rows.index], True),
            (words["what"], 48.0, [self.told(row) for _, row in rows.iterrows()], True),
            (words["cause"], 26.0, causes, any(causes)),
            (words["households_short"], -10.0, [f"{n:,.0f}" if n > 0 else "" for n in homes], np.nansum(homes) > 0),
            (words["place"], -20.0, places, any(places)),
        ]
        kept = [column for column in columns if column[3]]
        lines = list(zip(*(texts for _, _, texts, _ in kept), strict=True))
        return Grid(tuple(head for head, *_ in kept), lines, tuple(width for _, width, *_ in kept))

    def told(self, row: pd.Series) -> str:
        """Say one finding: in English as the audit says it, in Chinese from its figures."""
        origin = row.get("part_of")
        follows = self.words["part_of"].format(key=origin) if isinstance(origin, str) and origin else ""
        if self.language == "en":
            return str(row["message"]) + (f" ({follows})" if follows else "")
        words = self.words
        told = [f"{words['concerned']}：{str(row.get('area_ids') or '—').replace(',', '、')}"]
        for name, column in (("size", "area_m2"), ("width", "width_m"), ("length", "length_m")):
            value = number_in(row, column)
            if value > 0:
                told.append(f"{words[name]} {size_of(value, words) if name == 'size' else length_of(value)}")
        return "；".join([*told, *([follows] if follows else [])])

    def cause(self, row: pd.Series) -> str:
        """Say what probably caused a finding, where the table tells it."""
        cause = row.get("cause")
        if not isinstance(cause, str) or not cause:
            return ""
        return say(CAUSES, cause, self.language)


def place_texts(shapes: gpd.GeoSeries) -> list[str]:
    """Write where shapes are: latitude and longitude of a point on each.

    Parameters
    ----------
    shapes : GeoSeries

    Returns
    -------
    list of str
        Empty where there is no shape, and where the reference system is not known.
    """
    there = ~(shapes.isna() | shapes.is_empty).to_numpy()
    texts = [""] * len(shapes)
    if shapes.crs is None or not there.any():
        return texts
    points = gpd.GeoSeries(shapely.point_on_surface(shapes.to_numpy()[there]), crs=shapes.crs).to_crs("EPSG:4326")
    for at, (lon, lat) in zip(np.flatnonzero(there), shapely.get_coordinates(points.to_numpy()).tolist(), strict=True):
        texts[at] = f"{lat:.{LONLAT_DECIMALS}f}, {lon:.{LONLAT_DECIMALS}f}"
    return texts
