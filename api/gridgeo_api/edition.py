"""Hold one published plan ready to answer: its areas, the index that finds them, what lies around each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import shapely

from gridgeo.model.errors import UnknownAreaError
from gridgeo.model.plan import Plan
from gridgeo.operate.addresses import AddressBook
from gridgeo.operate.doors import from_lonlat
from gridgeo.operate.locate import AreaIndex
from gridgeo.publish.drawing import Pieces
from gridgeo.publish.tiles import MERCATOR
from gridgeo_api.geojson import Features, plain
from gridgeo_api.layer_tiles import GROUND, LayerTiles, area_tiles, ground_tiles, name_places
from gridgeo_api.shown import Shown, show


class Edition:
    """One published plan, opened once and asked often.

    Parameters
    ----------
    plan : Plan
    version : int
        Its number in the store.
    layers : function of str to frame
        Loads what was published with it: ``"streets"``, ``"buildings"``, ``"sites"``, ``"addresses"``.
    """

    def __init__(self, plan: Plan, version: int, layers: Callable[[str], gpd.GeoDataFrame]) -> None:
        self.plan = plan
        self.version = version
        self._layers = layers
        self.to_metric = from_lonlat(plan.crs)
        self._lock = threading.RLock()
        self._made: dict[tuple[str, str], Any] = {}

    def index(self, level: str) -> AreaIndex:
        """Give the index that finds the area of a point.

        Raises
        ------
        UnknownAreaError
            If the plan has no such level.
        """
        index: AreaIndex = self._once("index", level, lambda: AreaIndex.from_areas(self.plan.areas(level)))
        return index

    def has_index(self, level: str) -> bool:
        """Tell whether the index of a level is made already, so that asking it does not wait."""
        return ("index", level) in self._made

    def shown(self, level: str) -> Shown:
        """Give a level with its names, shapes, neighbours and colours.

        Raises
        ------
        UnknownAreaError
            If the plan has no such level.
        """
        shown: Shown = self._once("shown", level, lambda: show(self.plan, level))
        return shown

    def features(self, level: str) -> Features:
        """Give the areas of a level as GeoJSON."""
        features: Features = self._once("features", level, lambda: Features(self.shown(level)))
        return features

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Give what was published with the plan: ``"streets"``, ``"buildings"`` or ``"sites"``; may be empty."""
        layer: gpd.GeoDataFrame = self._once("layer", name, lambda: self._load(name))
        return layer

    def _load(self, name: str) -> gpd.GeoDataFrame:
        return name_places(self.layer("sites")) if name == "places" else self._layers(name)

    @property
    def tile_layers(self) -> list[str]:
        """Name the layers that there are tiles of: the levels, then what lies beneath."""
        layers: list[str] = self._once(
            "tile_layers",
            "",
            lambda: [*map(str, self.plan.levels), *(name for name in GROUND if len(self.layer(name)))],
        )
        return layers

    def tiles(self, name: str) -> LayerTiles:
        """Give the tiles of a layer, one of ``tile_layers``."""
        tiles: LayerTiles = self._once("tiles", name, lambda: self._make_tiles(name))
        return tiles

    def _make_tiles(self, name: str) -> LayerTiles:
        return ground_tiles(name, self.layer(name)) if name in GROUND else area_tiles(self.shown(name), self._draw)

    def _draw(self, half_pixel: float) -> dict[str, gpd.GeoSeries]:
        """Draw all levels for one zoom, from one simplified coverage."""
        pieces: Pieces = self._once("pieces", "", lambda: Pieces.of(self.plan, MERCATOR))
        drawn: dict[str, gpd.GeoSeries] = self._once("drawn", str(half_pixel), lambda: pieces.draw(half_pixel))
        return drawn

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Give west, south, east and north of the town in degrees."""
        boxes = self.shown(self.plan.levels[0]).boxes
        (west, south), (east, north) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @property
    def book(self) -> AddressBook | None:
        """Give the book of the plan's addresses, or None where none were published."""
        book: AddressBook | None = self._once("book", "", self._open_book)
        return book

    def _open_book(self) -> AddressBook | None:
        addresses = self._layers("addresses")
        return AddressBook(addresses) if len(addresses) else None

    def areas_near(self, level: str, x: float, y: float, within_m: float) -> list[tuple[str, float]]:
        """List the areas of a level that a point lies in or close to.

        Parameters
        ----------
        level : str
        x, y : float, metres
        within_m : float, metres

        Returns
        -------
        list of (area_id, metres)
            Nearest first; 0 metres for the area that holds the point.
        """
        tree: shapely.STRtree = self._once("tree", level, lambda: shapely.STRtree(self.shown(level).areas.geometry))
        place = shapely.Point(x, y)
        near = tree.query(place, predicate="dwithin", distance=within_m)
        away_m = shapely.distance(tree.geometries[near], place).tolist()
        names = self.shown(level).names
        return sorted(((names[row], metres) for row, metres in zip(near.tolist(), away_m, strict=True)), key=_nearest)

    @property
    def briefs(self) -> dict[str, dict[str, Any]]:
        """Name every area of every level: id, code, name, level."""
        briefs: dict[str, dict[str, Any]] = self._once("briefs", "", self._write_briefs)
        return briefs

    def _write_briefs(self) -> dict[str, dict[str, Any]]:
        rows = self.plan.register[["code", "name", "level"]].to_dict("index")
        return {
            str(area_id): {"area_id": str(area_id), **{str(name): plain(value) for name, value in row.items()}}
            for area_id, row in rows.items()
        }

    def level_of(self, area_id: str) -> str:
        """Tell the level of an area.

        Raises
        ------
        UnknownAreaError
            If the plan has no such area.
        """
        if area_id not in self.plan.register.index:
            raise UnknownAreaError(f"the plan in force has no area {area_id[:60]!r}")
        return str(self.plan.register.loc[area_id, "level"])

    def _once(self, what: str, level: str, make: Callable[[], Any]) -> Any:
        """Make a thing once, however many ask for it at the same time."""
        key = (what, level)
        if key not in self._made:
            with self._lock:
                if key not in self._made:
                    self._made[key] = make()
        return self._made[key]


def _nearest(one: tuple[str, float]) -> tuple[float, str]:
    return one[1], one[0]
