"""Divide a province: community by community, over many workers, and go on after a break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.design.solver import EFFORTS
from gridgeo.model.errors import GridgeoError, ProfileError, StorageError
from gridgeo.model.levels import Level
from gridgeo.model.profile import Profile, load_profile
from gridgeo.storage.export import replacing, write_table
from gridgeo.storage.files import read_layer

from .atoms import AtomFile, open_atoms, write_atoms
from .folder import ATOMS_FILE, claim_folder, finished, read_notes, settings, sweep
from .gathering import gather
from .pools import run
from .work import Order

PORTION = 2000
"""Atoms a worker is given at a time: about a second's work, so that the way there costs little."""

Progress = Callable[[int, int], None]
"""Called with the number of communities done, and the number there are."""


def partition_many(
    source: str | Path | gpd.GeoDataFrame,
    profile: Profile | str | Path,
    out: str | Path,
    *,
    effort: str = "normal",
    seed: int = 0,
    workers: int | None = None,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Divide each community by itself, many at once; ``join_plans`` gives the plan that ``partition`` draws.

    Only atoms go in, never streets: the borders between communities must have the same vertices on both sides, and
    ``make_atoms`` sees to that for the whole territory. What is finished stays finished: a run that was killed goes on
    where it was. A worker holds its largest community in
    memory, or a portion of small ones.

    Parameters
    ----------
    source : str, Path or GeoDataFrame
        Table ``ATOMS``. A file that ``write_atoms`` or ``gridgeo atoms`` wrote is read a community at a time, by the
        workers; every other is read whole and put into that form first.
    profile : Profile, str or Path
        The rules, or what ``load_profile`` finds them by.
    out : str or Path
        A folder, new or of an earlier run with the same settings. It comes to hold ``areas.parquet`` (the areas of
        every level), ``owners.parquet`` (the areas of each atom), ``certificates.parquet`` and ``summary.csv``.
    effort, seed
        As in ``partition``.
    workers : int, optional
        Processes on this machine, with a thread each; without it, one a processor. 1 works in this process. A script
        that asks for more keeps its call below ``if __name__ == "__main__"``.
    scheduler : str, optional
        Address of a Dask scheduler, as ``"tcp://host:8786"``; its workers do the work. They must see ``out``, and the
        file of atoms, under the same names.
    progress : callable, optional
        Told after each portion of communities.

    Returns
    -------
    DataFrame
        Index ``community_id``; ``atoms, households``, for each level ``<level>_areas`` and ``<level>_in_band``,
        ``certificates`` (counts), ``work_s`` (of a portion of communities, shared out by atoms) and ``error``, missing
        where all went well. A community that fails does not stop the others, and is tried again by the next run.

    Raises
    ------
    StorageError
        If a file cannot be read or written, or ``out`` was made with other settings, naming them.
    TableError, CrsError
        If the atoms have no rows, no metric CRS, or a row without a community.
    ProfileError
        If there is no such profile, or it has beats, which reach over communities.
    GridgeoError
        If an option is wrong, a worker dies or the scheduler does not answer.
    """
    _check_options(effort, workers, scheduler)
    rules = profile if isinstance(profile, Profile) else load_profile(profile)
    if Level.BEAT in rules.levels:
        raise ProfileError(
            f"profile {rules.name!r}: beats reach over communities; divide by a copy of it without [beat]"
        )
    if not rules.levels:
        raise ProfileError(
            f"profile {rules.name!r} states no size to divide by; add [grid] with a band to a copy of it"
        )
    folder = Path(out).resolve()
    file = _take_up(source, folder, rules, effort, seed)
    order = Order(str(file.path), str(folder), rules, effort, seed)
    rows = {row["community_id"]: row for number in finished(folder) for row in read_notes(folder, number)["summary"]}
    left = {at: count for at, count in enumerate(file.rows) if file.communities[at] not in rows}
    if progress is not None:
        progress(len(rows), len(file.rows))
    with closing(run(order, list(portions(left, PORTION)), workers, scheduler)) as work:
        for told in work:
            rows |= {row["community_id"]: row for row in told}
            if progress is not None:
                progress(len(rows), len(file.rows))
    summary = _summary([rows[each] for each in file.communities], rules)
    write_table(summary, folder / "summary.csv")
    if numbers := finished(folder):
        gather(folder, numbers)
    return summary


def portions(rows: dict[int, int], least: int) -> Iterator[list[int]]:
    """Share communities out in portions that are worth the way to a worker, the largest communities first.

    Parameters
    ----------
    rows : dict of int to int
        Number of a community -> its atoms.
    least : int, atoms
        A portion is closed once it holds as many.

    Yields
    ------
    list of int
        Numbers of communities; the same for any number of workers.
    """
    portion: list[int] = []
    held = 0
    for number in sorted(rows, key=lambda number: (-rows[number], number)):
        portion.append(number)
        held += rows[number]
        if held >= least:
            yield portion
            portion, held = [], 0
    if portion:
        yield portion


def _check_options(effort: str, workers: int | None, scheduler: Any) -> None:
    if effort not in EFFORTS:
        raise GridgeoError(f"effort {effort!r} is unknown; choose one of {', '.join(EFFORTS)}")
    if workers is not None and workers < 1:
        raise GridgeoError(f"workers is {workers}, below 1; leave it out for one a processor")
    if workers is not None and scheduler is not None:
        raise GridgeoError("workers and scheduler are both given; a scheduler brings its own workers, leave one out")


def _take_up(source: str | Path | gpd.GeoDataFrame, folder: Path, profile: Profile, effort: str, seed: int) -> AtomFile:
    """Claim the folder for a file of atoms, which is made in it where the source is none."""
    if not isinstance(source, gpd.GeoDataFrame):
        path = Path(source).resolve()
        file = open_atoms(path) if path.suffix.lower() == ".parquet" else None
        if file is not None:
            sweep(folder)
            claim_folder(folder, settings(file, str(path), profile, effort, seed))
            return file
        source = read_layer(source, table="atoms", broken=True)
    sweep(folder)
    with replacing(folder / ATOMS_FILE) as place:
        write_atoms(source, place)
        claim_folder(folder, settings(_grouped(place), ATOMS_FILE, profile, effort, seed))
    return _grouped(folder / ATOMS_FILE)


def _grouped(path: Path) -> AtomFile:
    file = open_atoms(path)
    if file is None:
        raise StorageError(f"{path}: another program changed it; remove it and run the batch again")
    return file


def _summary(rows: list[dict[str, Any]], profile: Profile) -> pd.DataFrame:
    counts = [f"{level}_{what}" for level in profile.levels for what in ("areas", "in_band")]
    names = ["community_id", "atoms", "households", *counts, "certificates", "work_s", "error"]
    table = pd.DataFrame(rows, columns=names).set_index("community_id")
    whole = ["households", *counts, "certificates"]
    return table.astype(dict.fromkeys(whole, "Int64")).astype({"error": "str"})
