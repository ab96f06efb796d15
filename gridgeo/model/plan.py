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
from .tables import CERTIFICATES, empty


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
    def crs(self) -> Any:
        """Return the metric CRS of the atoms."""
        return self.atoms.crs

    def owner(self, level: str = Level.GRID) -> pd.Series:
        """Return the area that each atom belongs to.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``.

        Returns
        -------
        Series of str
            ``atom_id`` -> ``area_id``.
        """
        if level not in self.owners:
            raise UnknownAreaError(f"the plan has no level {level!r}; its levels are {', '.join(self.levels)}")
        return self.owners[level]

    def areas(self, level: str = Level.GRID) -> gpd.GeoDataFrame:
        """Draw the areas of a level.

        Parameters
        ----------
        level : str
            ``"community"``, ``"grid"`` or ``"micro"``.

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

    def quality(self, level: str = Level.GRID) -> dict[str, float]:
        """Measure how good the areas of a level are.

        Parameters
        ----------
        level : str
            ``"grid"`` or ``"micro"``.

        Returns
        -------
        dict of str to float
            ``areas``, ``in_band`` (share), ``compactness`` (mean Polsby-Popper), ``street_share`` (of the length of
            borders inside communities, on streets, rivers, rail or walls), ``border_m``, ``blocks_cut``
            (blocks that fit into one area yet are cut), ``households_min``, ``households_max``.
        """
        return summarise(self, level)

    def area_measures(self, level: str = Level.GRID) -> pd.DataFrame:
        """Measure each area of a level.

        Returns
        -------
        DataFrame
            Index ``area_id``; ``households``, ``in_band``, ``compactness``, ``street_share``, ``border_m``, ``atoms``.
        """
        return measure_areas(self, level)


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
