"""Divide a few communities: what a worker does, wherever it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo import __version__
from gridgeo.design.partition import partition
from gridgeo.model.amounts import in_band
from gridgeo.model.errors import GridgeoError, StorageError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.model.profile import Profile, load_profile

from .atoms import open_atoms
from .folder import write_piece

_WARM_PROFILE, _WARM_SIDE, _WARM_CRS = "guali-2024", 6, "EPSG:4547"


@dataclass(frozen=True)
class Order:
    """What all the portions of a batch have in common.

    Parameters
    ----------
    atoms : str
        File of atoms that ``write_atoms`` wrote.
    folder : str
        Of the batch.
    profile : Profile
    effort : str
    seed : int
    version : str
        Of gridgeo, where the batch was begun.
    """

    atoms: str
    folder: str
    profile: Profile
    effort: str
    seed: int
    version: str = __version__


def divide_communities(order: Order, numbers: list[int]) -> list[dict[str, Any]]:
    """Divide communities together, which costs less than one by one, and write what they came to.

    Parameters
    ----------
    order : Order
    numbers : list of int
        Of the communities, in the file of atoms.

    Returns
    -------
    list of dict
        A row of the summary each. Where one community breaks off the work, each is done by itself, and what went
        wrong is told in its row under ``error``. Seconds are the portion's, shared out by atoms.

    Raises
    ------
    StorageError
        If a file cannot be read or written, which the next community would meet too.
    GridgeoError
        If this worker runs another version of gridgeo.
    """
    if order.version != __version__:
        raise GridgeoError(f"a worker runs gridgeo {__version__}, the batch was begun by {order.version}; install one")
    file = open_atoms(order.atoms)
    if file is None:
        raise StorageError(f"{order.atoms}: is not a file of atoms any more; run the batch again")
    began = time.perf_counter()
    try:
        plan = partition(file.read(numbers), order.profile, effort=order.effort, seed=order.seed)
        rows = summarise(plan)
        work_s = (time.perf_counter() - began) / len(plan.atoms)
        for row in rows:
            row["work_s"] = round(work_s * row["atoms"], 3)
        write_piece(plan, rows, Path(order.folder), numbers[0])
    except StorageError:
        raise
    except Exception as error:  # whatever it is, one community must not end the night's work on the others
        if len(numbers) > 1:
            return [row for number in numbers for row in divide_communities(order, [number])]
        row = {"community_id": file.communities[numbers[0]], "atoms": file.rows[numbers[0]]}
        return [row | {"error": f"{type(error).__name__}: {error}"}]
    return rows


def summarise(plan: Plan) -> list[dict[str, Any]]:
    """Count what each community of a plan came to.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    list of dict
        ``community_id, atoms, households``, for each level ``<level>_areas`` and ``<level>_in_band``, and
        ``certificates``; in order of the ids.
    """
    community = plan.atoms["community_id"]
    by_atom = plan.atoms.groupby(community)
    counts = pd.DataFrame({"atoms": by_atom.size(), "households": by_atom["households"].sum()})
    place = {str(each): str(each) for each in counts.index}
    for level in plan.levels[1:]:
        within = community.groupby(plan.owner(level)).first()
        counts[f"{level}_areas"] = within.value_counts()
        counts[f"{level}_in_band"] = within[in_band(plan, level).fillna(False).astype(bool)].value_counts()
        place |= within.to_dict()
    counts["certificates"] = plan.certificates["area_id"].map(place).value_counts()
    counts = counts.fillna(0).astype(int).rename_axis("community_id").reset_index()
    return [{str(name): value for name, value in row.items()} for row in counts.to_dict(orient="records")]


def warm_up() -> None:
    """Have the solver's loops compiled, or loaded from where they were kept, before many workers ask at once.

    Every loop runs on a small town that its first division misses the band of.
    """
    rules = load_profile(_WARM_PROFILE)
    at = np.arange(_WARM_SIDE**2)
    x, y = at % _WARM_SIDE * 100.0, at // _WARM_SIDE * 100.0
    ids = pd.Index([f"A{number:03d}" for number in at], name="atom_id")
    data = {"community_id": "C", "kind": "block", "block_id": ids, "households": rules.limits[Level.MICRO].low // 2}
    shapes = gpd.GeoSeries(shapely.box(x, y, x + 100.0, y + 100.0), index=ids, crs=_WARM_CRS)
    partition(gpd.GeoDataFrame(data | {"area_m2": 10_000.0}, geometry=shapes, index=ids), rules, effort="fast")
