"""Write areas as GeoJSON (RFC 7946): prepared once a level, joined a request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gridgeo_api.shown import Shown

MEDIA_TYPE = "application/geo+json"
_PROPERTIES = ("code", "name", "short_name", "level", "kind", "parent_id", "households", "persons", "hue", "shade")


def plain(value: Any) -> Any:
    """Turn a table's value into what JSON has; missing is ``None``."""
    if isinstance(value, (date, pd.Timestamp)):
        return None if pd.isna(value) else value.isoformat()[:10]
    if isinstance(value, np.generic):
        value = value.item()
    return None if pd.isna(value) else value


def to_json(content: Any) -> bytes:
    """Write JSON, short and in UTF-8; a number that is not finite is refused."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def describe_area(shown: Shown, row: int) -> dict[str, Any]:
    """Say what is known about an area without looking around.

    Parameters
    ----------
    shown : Shown
    row : int

    Returns
    -------
    dict
    """
    area = shown.areas.iloc[row]
    described = {"area_id": str(area.name), **{name: plain(area[name]) for name in _PROPERTIES}}
    described["area_m2"] = round(float(area["area_m2"]), 1)
    described["label_lon"], described["label_lat"] = (float(value) for value in shown.inside[row])
    described["valid_from"], described["valid_to"] = plain(area["valid_from"]), plain(area["valid_to"])
    return described


class Features:
    """The areas of a level as pieces of GeoJSON.

    Parameters
    ----------
    shown : Shown
    """

    def __init__(self, shown: Shown) -> None:
        self._shapes = shapely.to_geojson(shown.lonlat)
        self._points = shapely.to_geojson(shapely.points(shown.inside))
        self._properties = [to_json(describe_area(shown, row)).decode() for row in range(len(shown.areas))]
        self._ids = [json.dumps(str(area_id), ensure_ascii=False) for area_id in shown.areas.index]
        self._boxes = [json.dumps(box) for box in shown.boxes.tolist()]

    def feature(self, row: int, shape: str = "area", card: str = "") -> str:
        """Write one area.

        Parameters
        ----------
        row : int
        shape : str
            ``"area"`` draws the polygon, ``"point"`` a point inside it.
        card : str
            JSON of its properties, where more is to be said than usual.

        Returns
        -------
        str
        """
        drawn = self._points[row] if shape == "point" else self._shapes[row]
        box = "" if shape == "point" else f'"bbox":{self._boxes[row]},'
        said = card or self._properties[row]
        return f'{{"type":"Feature","id":{self._ids[row]},{box}"geometry":{drawn},"properties":{said}}}'

    def collection(self, rows: Iterable[int], shape: str, members: dict[str, Any]) -> bytes:
        """Write areas as a FeatureCollection.

        Parameters
        ----------
        rows : iterable of int
        shape : str
        members : dict
            More members of the collection, such as ``numberMatched`` and ``links``.

        Returns
        -------
        bytes
        """
        head = to_json({"type": "FeatureCollection", **members}).decode().removesuffix("}")
        return f'{head},"features":[{",".join(self.feature(row, shape) for row in rows)}]}}'.encode()


def rows_in_box(shown: Shown, bbox: Sequence[float] | None) -> np.ndarray:
    """Find the areas that reach into a box.

    Parameters
    ----------
    shown : Shown
    bbox : west, south, east, north in degrees, or None
        A box whose west end lies east of its east end crosses the date line.

    Returns
    -------
    array of int
        Rows, in order of ``area_id``.
    """
    if bbox is None:
        return np.arange(len(shown.areas))
    west, south, east, north = bbox
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    box = shapely.union_all([shapely.box(start, south, end, north) for start, end in spans])
    found: np.ndarray = np.flatnonzero(shapely.intersects(shown.lonlat, box))
    return found
