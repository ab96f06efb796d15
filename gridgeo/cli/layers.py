"""Read the layers that a command line names, and make atoms of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
import shapely
import typer

from gridgeo.design.atoms import make_atoms
from gridgeo.design.carriageways import fit_streets
from gridgeo.design.homes import Settled, settle_households
from gridgeo.design.map_atoms import atoms_from_map
from gridgeo.design.stairs import assume_stairwells
from gridgeo.design.villages import find_villages
from gridgeo.model.errors import GridgeoError
from gridgeo.model.profile import Profile
from gridgeo.model.tables import STREETS, empty

from .inputs import Columns, Crs, Datum, Encoding, Inputs
from .screen import Steps, note
from .territory import sound_communities

AUTO = "auto"
"""In place of a layer of villages: look for them among the houses."""


@dataclass(frozen=True)
class Layers:
    """The options that name layers and say how atoms are made of them."""

    communities: Annotated[
        str | None, typer.Option(help="Areas that no grid may cross: FILE or FILE:LAYER.", show_default=False)
    ] = None
    streets: Annotated[str | None, typer.Option(help="Street lines.")] = None
    households: Annotated[str | None, typer.Option(help="Points with a count of households.")] = None
    map_atoms: Annotated[
        str | None,
        typer.Option(help="An existing map whose areas are never split, instead of blocks between streets."),
    ] = None
    community_column: Annotated[
        str | None, typer.Option(help="With --map-atoms: the column of the map that names each area's community.")
    ] = None
    inside: Annotated[str | None, typer.Option(help="The territory; without it, what the communities cover.")] = None
    buildings: Annotated[str | None, typer.Option(help="Building outlines.")] = None
    barriers: Annotated[list[str] | None, typer.Option(help="Rivers, rail, walls. May be repeated.")] = None
    keep_whole: Annotated[str | None, typer.Option(help="Estates that must not be cut.")] = None
    exclusive: Annotated[str | None, typer.Option(help="Institutions that must not be cut.")] = None
    villages: Annotated[
        str | None, typer.Option(help="Natural villages, never cut; or the word auto: found among the houses.")
    ] = None
    rural: Annotated[
        list[str] | None,
        typer.Option(help="With --villages auto: only in this community. May be repeated."),
    ] = None
    assume_stairwells: Annotated[
        int | None, typer.Option(metavar="N", help="Share large blocks of flats out among stairwells of at most N.")
    ] = None
    fit_streets: Annotated[bool, typer.Option("--fit-streets", help="Draw one line for two carriageways.")] = False
    sums: Annotated[
        list[str] | None, typer.Option("--sum", help="A further column of the households to add up. May be repeated.")
    ] = None
    columns: Columns = None
    crs: Crs = None
    datum: Datum = None
    encoding: Encoding = None

    def door(self) -> Inputs:
        """Open the door through which all layers are read."""
        return Inputs(self.columns, self.crs, self.datum, self.encoding)


@dataclass
class Ground:
    """A town in atoms, and the layers that it was made of.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    territory : Polygon or MultiPolygon
    communities : GeoDataFrame
        Table ``COMMUNITIES``.
    streets, buildings : GeoDataFrame, optional
    settled : Settled, optional
        The households; None where the atoms brought their own counts.
    extra : dict of DataFrame
        Further layers to write beside the plan.
    """

    atoms: gpd.GeoDataFrame
    territory: shapely.Geometry
    communities: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    settled: Settled | None = None
    extra: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def homes(self) -> gpd.GeoDataFrame | None:
        """Give the households that lie in the territory."""
        return None if self.settled is None else self.settled.homes


def break_ground(layers: Layers, door: Inputs, rules: Profile, show: Steps) -> Ground:
    """Read the layers and make atoms of them.

    Parameters
    ----------
    layers : Layers
    door : Inputs
    rules : Profile
    show : Steps

    Returns
    -------
    Ground

    Raises
    ------
    GridgeoError
        If a layer that is needed is not named, or options contradict each other.
    """
    ground = _from_streets(layers, door, rules, show) if layers.map_atoms is None else _from_map(layers, door, show)
    ground.atoms.attrs["inputs"] = json.dumps(door.sources, ensure_ascii=False)
    if ground.settled is not None and len(ground.settled.left_out):
        ground.extra["left_out"] = ground.settled.left_out
    return ground


def _from_streets(layers: Layers, door: Inputs, rules: Profile, show: Steps) -> Ground:
    if layers.community_column is not None:
        raise GridgeoError("--community-column: names a column of --map-atoms, which is not given")
    with show.step("reading layers"):
        areas = door.read(_needed(layers.communities, "communities"), "communities", broken=True)
        to = areas.crs
        homes = door.read(_needed(layers.households, "households"), "households", to=to)
        lines = door.read_if(layers.streets, "streets", to=to)
        houses = door.read_if(layers.buildings, "buildings", to=to)
        walls = _read_barriers(layers, door, to)
        wholes = door.read_if(layers.keep_whole, "areas", to=to, name="keep_whole")
        sites = door.read_if(layers.exclusive, "areas", to=to, name="exclusive")
        edge = door.read_if(layers.inside, "areas", to=to, broken=True, name="inside")
    areas, territory, extra = sound_communities(areas, edge, show)
    if layers.assume_stairwells is not None:
        with show.step("assuming stairwells"):
            homes = assume_stairwells(
                homes, most=layers.assume_stairwells, communities=areas, buildings=houses, sums=layers.sums or ()
            )
    if lines is not None and layers.fit_streets:
        with show.step("fitting streets"):
            lines = fit_streets(lines, areas, keep=homes)
    with show.step("making atoms"):
        settled = settle_households(homes, areas)
        streets = gpd.GeoDataFrame(empty(STREETS, to)) if lines is None else lines
        atoms = make_atoms(
            areas, streets, settled.homes, houses, _together(walls), wholes, sites, rules,
            villages=_villages(layers, door, settled.homes, areas), sums=layers.sums or (),
        )  # fmt: skip
    if lines is None:
        note("no --streets: areas are bounded by buildings and by the middle between households")
    return Ground(atoms, territory, areas, lines, houses, settled, extra)


def _needed(place: str | None, name: str) -> str:
    if place is None:
        raise GridgeoError(f"--{name}: is not given; a town needs communities and households, or --map-atoms")
    return place


def _read_barriers(layers: Layers, door: Inputs, to: Any) -> list[gpd.GeoDataFrame]:
    places = layers.barriers or []
    return [door.read(each, "streets", to=to, name=f"barriers {at}") for at, each in enumerate(places)]


def _together(layers: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame | None:
    if not layers:
        return None
    joined = gpd.GeoDataFrame(pd.concat([layer[["rank", "kind", "geometry"]] for layer in layers]), crs=layers[0].crs)
    joined.index = pd.Index([f"{number}" for number in range(len(joined))], name="street_id")
    return joined


def _villages(
    layers: Layers, door: Inputs, homes: gpd.GeoDataFrame, areas: gpd.GeoDataFrame
) -> gpd.GeoDataFrame | None:
    """Read the villages, or find them in the communities where they are looked for."""
    if layers.villages != AUTO:
        if layers.rural:
            raise GridgeoError("--rural: says where --villages auto looks for villages, which is not given")
        return door.read_if(layers.villages, "areas", to=areas.crs, name="villages")
    chosen = areas if not layers.rural else areas[areas.index.isin(layers.rural)]
    unknown = sorted(set(layers.rural or []) - set(areas.index))
    if unknown:
        raise GridgeoError(f"--rural: there is no community {unknown[0]!r}; there are {', '.join(areas.index[:5])} ...")
    found = find_villages(homes, chosen)
    return found if len(found) else None


_NOT_WITH_A_MAP = ("keep_whole", "exclusive", "villages", "rural", "assume_stairwells", "fit_streets")


def _from_map(layers: Layers, door: Inputs, show: Steps) -> Ground:
    for name in _NOT_WITH_A_MAP:
        if getattr(layers, name):
            raise GridgeoError(f"--map-atoms: takes no --{name.replace('_', '-')}; the map's areas stay as they are")
    if layers.communities is not None and layers.community_column is not None:
        raise GridgeoError("--communities and --community-column are both given; leave one of them out")
    with show.step("reading layers"):
        areas = door.read(str(layers.map_atoms), "areas", name="map_atoms")
        to = areas.crs
        if layers.households is None:
            _refuse_no_counts(areas, layers)
        wards = door.read_if(layers.communities, "communities", to=to)
        homes = door.read_if(layers.households, "households", to=to)
        lines = door.read_if(layers.streets, "streets", to=to)
        houses = door.read_if(layers.buildings, "buildings", to=to)
        walls = _read_barriers(layers, door, to)
        edge = door.read_if(layers.inside, "areas", to=to, broken=True, name="inside")
    with show.step("making atoms"):
        settled = None if homes is None else settle_households(homes, areas)
        streets = _with_barriers(lines, walls)
        given = wards if wards is not None else layers.community_column
        atoms = atoms_from_map(
            areas, given, households=None if settled is None else settled.homes, streets=streets,
            sums=layers.sums or (), name="map_atoms",
        )  # fmt: skip
        land = areas if edge is None else edge
        territory = shapely.union_all(shapely.make_valid(land.geometry.to_numpy()))
        drawn = atoms.dissolve("community_id")[["geometry"]].rename_axis("area_id") if wards is None else wards
    return Ground(atoms, territory, drawn, lines, houses, settled)


def _refuse_no_counts(areas: gpd.GeoDataFrame, layers: Layers) -> None:
    """Refuse a map on which nothing is counted: a column that a table needs is filled with 0 where it is missing."""
    mapping = areas.attrs["source"]["mapping"]
    if not {"households", "persons"} & set(mapping) and not layers.sums:
        columns = ", ".join(column for column in areas.columns if column not in ("geometry", "area_m2", "level"))
        raise GridgeoError(
            f"--map-atoms: counts no households; there are {columns}; name the column with "
            "--columns map_atoms:THEIRS=households, or give --households"
        )


def _with_barriers(lines: gpd.GeoDataFrame | None, walls: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame | None:
    """Put barriers under the streets, called as in atoms that are made of both."""
    barriers = _together(walls)
    if barriers is None:
        return lines
    barriers.index = ("barrier " + barriers.index).rename("street_id")
    if lines is None:
        return barriers
    columns = ["rank", "kind", "geometry"]
    return gpd.GeoDataFrame(pd.concat([lines[columns], barriers[columns]]), crs=lines.crs)
