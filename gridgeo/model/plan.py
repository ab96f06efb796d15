"""Hold a plan: atoms, and the area that each atom belongs to at every level. Polygons are derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .errors import UnknownAreaError
from .levels import Level
from .profile import Profile
from .quality import measure_areas, summarise
from .tables import CERTIFICATES, STACKED, empty


def _no_certificates() -> pd.DataFrame:
    return empty(CERTIFICATES)


@dataclass(frozen=True, eq=False)
class Plan:
    """One division of a territory.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``; a valid coverage of the territory.
    owners : mapping of level to Series
        For each level, ``atom_id`` -> ``area_id``. Level ``community`` is always there.
    register : DataFrame
        Index ``area_id``; ``code, name, level, kind, parent_id`` of every area at every level.
    profile : Profile
        The rules it was drawn by.
    borders : DataFrame
        Table ``BORDERS``: which atoms touch, for how many metres, along which street.
    certificates : DataFrame
        Table ``CERTIFICATES``: what the rules and the territory make impossible, and why.
    manifest : mapping
        Input digests, profile, seed, versions: what is needed to draw it again.
    valid_from : date, optional
        First day on which it is in force; None for a draft.
    revision : int
        Counts the edits of a draft.

    Raises
    ------
    UnknownAreaError
        From its methods, for a level or an area that it does not hold.
    """

    atoms: gpd.GeoDataFrame
    owners: Mapping[str, pd.Series]
    register: pd.DataFrame
    profile: Profile
    borders: pd.DataFrame
    certificates: pd.DataFrame = field(default_factory=_no_certificates)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    valid_from: date | None = None
    revision: int = 0

    @property
    def levels(self) -> list[str]:
        """Name the levels the plan holds, outer level first."""
        return [level for level in (Level.COMMUNITY, Level.GRID, Level.MICRO) if level in self.owners]

    @property
    def overlays(self) -> list[str]:
        """Name the levels that stand beside the tree: ``["beat"]`` where grids are joined into beats."""
        return [level for level in (Level.BEAT,) if level in self.owners]

    @property
    def stacked(self) -> pd.DataFrame:
        """Return the areas that lie above one another in one building.

        Returns
        -------
        DataFrame
            Table ``STACKED``, lowest floors first; without rows where no area is cut by floors. ``plan.areas`` draws
            the footprint that they share, their ``parent_id``.
        """
        rows = self.manifest.get("stacked") or []
        if not len(rows):
            return empty(STACKED)
        made = pd.DataFrame(list(rows)).set_index("area_id")
        return made.astype({"households": "int64", "floor_from": "int64", "floor_to": "int64"})

    @property
    def crs(self) -> Any:
        """Return the metric CRS of the atoms."""
        return self.atoms.crs

    def owner(self, level: str = Level.GRID) -> pd.Series:
        """Return the area that each atom belongs to.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``; ``"beat"`` where there are beats.

        Returns
        -------
        Series of str
            ``atom_id`` -> ``area_id``.
        """
        if level not in self.owners:
            known = ", ".join([*self.levels, *self.overlays])
            raise UnknownAreaError(f"the plan has no level {str(level)!r}; its levels are {known}")
        return self.owners[level]

    def areas(self, level: str = Level.GRID) -> gpd.GeoDataFrame:
        """Draw the areas of a level.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``; ``"beat"`` where there are beats.

        Returns
        -------
        GeoDataFrame
            Table ``AREAS``, in order of ``area_id``.
        """
        drawn = draw_areas(self.atoms, self.owner(level))
        named = self.register.loc[drawn.index, ["code", "name", "kind", "parent_id"]]
        drawn = drawn.assign(
            level=str(level), valid_from=self.valid_from, valid_to=None, **{name: named[name] for name in named}
        )
        columns = [
            "code",
            "name",
            "level",
            "kind",
            "parent_id",
            "households",
            "persons",
            "area_m2",
            "valid_from",
            "valid_to",
        ]
        return drawn[[*columns, "geometry"]]

    def quality(
        self,
        level: str = Level.GRID,
        *,
        buildings: gpd.GeoDataFrame | None = None,
        households: gpd.GeoDataFrame | None = None,
    ) -> dict[str, float]:
        """Measure how good the areas of a level are.

        Parameters
        ----------
        level : str
            ``"grid"``, ``"micro"`` or ``"beat"``.
        buildings : GeoDataFrame, optional
            Table ``BUILDINGS``, to count those that a border cuts.
        households : GeoDataFrame, optional
            Table ``HOUSEHOLDS``, to measure ways from where they live; without it, from a point in each atom.

        Returns
        -------
        dict of str to float
            ``areas``; ``in_band``: the share that keeps the main band, and ``<measure>_in_band`` for each band of the
            level, of areas that are not an institution's own, nan where there is no band; ``compactness`` (mean
            Polsby-Popper); ``border_m``: length of the borders inside communities, and what of it runs on streets,
            rivers, rail or walls: ``street_share`` in all, ``street_share_1`` to ``street_share_6`` by rank of street,
            ``natural_share`` on rivers, rail and walls; ``blocks_cut`` (blocks that fit into one area yet are cut);
            ``<measure>_min``, ``<measure>_max``, households always among them; ``centre_mean_m``, ``centre_max_m``:
            straight ways from households to the mean place of their area's. ``buildings_cut`` where buildings are
            given: those of one community in several areas. ``floor_ranges``: areas that share a footprint.
        """
        return summarise(self, level, buildings, households)

    def area_measures(
        self,
        level: str = Level.GRID,
        *,
        buildings: gpd.GeoDataFrame | None = None,
        households: gpd.GeoDataFrame | None = None,
    ) -> pd.DataFrame:
        """Measure each area of a level.

        Parameters
        ----------
        level, buildings, households
            As for ``quality``.

        Returns
        -------
        DataFrame
            Index ``area_id``; ``households, compactness, border_m, street_share, street_share_1`` to
            ``street_share_6``, ``natural_share, atoms, blocks_cut, centre_mean_m, centre_max_m``; for each measure of
            the level ``<measure>`` and, where there is a band, ``<measure>_in_band``; ``in_band``, that of the main
            one. An institution's own area is judged by none: missing. An area that is cut into ranges of floors keeps
            its band when all of them do. ``buildings_cut`` and ``floor_ranges`` where there are any.
        """
        return measure_areas(self, level, buildings, households)


def draw_areas(atoms: gpd.GeoDataFrame, owner: pd.Series) -> gpd.GeoDataFrame:
    """Join the atoms of each area into its polygon and add up their counts.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``; a valid coverage.
    owner : Series of str
        ``atom_id`` -> ``area_id``; may leave atoms out, which are then drawn nowhere.

    Returns
    -------
    GeoDataFrame
        Index ``area_id``; ``households, persons, area_m2, geometry``. Rings run as RFC 7946 wants them.
    """
    owned = atoms.loc[owner.index]
    names, codes = np.unique(owner.to_numpy(dtype=str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    cuts = np.searchsorted(codes[order], np.arange(1, len(names)))
    groups = np.split(owned.geometry.to_numpy()[order], cuts)
    shapes = shapely.orient_polygons(np.array([shapely.coverage_union_all(group) for group in groups], dtype=object))
    shapes = np.array([_one_if_single(shape) for shape in shapes], dtype=object)
    persons = owned["persons"] if "persons" in owned else pd.Series(0, index=owned.index)
    return gpd.GeoDataFrame(
        {
            "households": np.bincount(codes, owned["households"], minlength=len(names)).astype(int),
            "persons": np.bincount(codes, persons, minlength=len(names)).astype(int),
            "area_m2": shapely.area(shapes),
        },
        geometry=gpd.GeoSeries(shapes, crs=atoms.crs, index=pd.Index(names, name="area_id")),
        index=pd.Index(names, name="area_id"),
    )


def _one_if_single(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape
