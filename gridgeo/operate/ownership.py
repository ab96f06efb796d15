"""Tell which areas a household, an asset or an address belongs to, where that is not the one it lies in."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError, UnknownAreaError
from gridgeo.model.service_tables import OVERRIDES, SUBJECTS
from gridgeo.model.tables import empty

from .locate import AreaIndex
from .overrides import OverrideBook, held_elsewhere, plain_address

__all__ = ["OverrideBook", "find_ownership", "held_elsewhere", "plain_address"]

OWNERSHIP_COLUMNS = [
    "area_id",
    "host_area_id",
    "origin_area_id",
    "lead_area_id",
    "assist_area_ids",
    "assessed_area_ids",
    "may_report_area_ids",
    "override_id",
    "reason",
]


def find_ownership(
    subjects: pd.DataFrame,
    index: AreaIndex | pd.Series,
    overrides: pd.DataFrame | OverrideBook | None = None,
    *,
    at: date | pd.Series,
    subject: str = "household",
    areas: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Tell for households, assets or addresses which areas host them, lead, assist, are assessed and may report.

    Without an override all of these are the area in which the subject lies. With one, incidents go to the host area;
    the origin area leads where one is named, and the host assists it; both are assessed and both may report.

    Parameters
    ----------
    subjects : GeoDataFrame or DataFrame
        Points, by household or asset id; addresses have a column ``address`` and any index. A household or asset with
        an ``address`` follows an override of that address where it has none of its own.
    index : AreaIndex or Series
        Finds the area by place; or the area ids themselves, indexed like ``subjects``, missing where there is none.
    overrides : DataFrame or OverrideBook, optional
        Table ``OVERRIDES``.
    at : date, or Series of days or instants
        As in ``held_elsewhere``.
    subject : str
        What ``subjects`` are: ``"household"``, ``"asset"`` or ``"address"``.
    areas : DataFrame, optional
        Further areas that an override may name, by ``area_id``: those of other levels than the index holds.

    Returns
    -------
    DataFrame
        Indexed like ``subjects``: ``area_id`` (by place), ``host_area_id`` (where incidents go), ``origin_area_id``,
        ``lead_area_id``, ``assist_area_ids``, ``assessed_area_ids``, ``may_report_area_ids`` (lists parted by commas,
        the leading area first), ``override_id`` and ``reason``. Missing is missing.

    Raises
    ------
    TableError
        If a table breaks its contract, ``at`` is not a day, or two overrides hold for one subject on one day.
    UnknownAreaError
        If an override that is followed names an area that is neither in ``index`` nor in ``areas``.
    CrsError
        If the points are in another CRS than the index.

    References
    ----------
    瓜沥 6(4): of a household resettled from village O into village H, either grid may report; the incident goes to H,
    O leads, H assists, both are assessed.
    """
    if subject not in SUBJECTS:
        raise TableError(f"subject {subject!r} is not one of {', '.join(SUBJECTS)}")
    place = _places(subjects, index)
    if overrides is None:
        overrides = empty(OVERRIDES)
    book = overrides if isinstance(overrides, OverrideBook) else OverrideBook(overrides)
    override = _find_overrides(subjects, book, at, subject)
    _check_areas(override, index, areas)
    return _share_out(place, override)


def _places(subjects: pd.DataFrame, index: AreaIndex | pd.Series) -> pd.Series:
    """Give the area in which each subject lies."""
    if isinstance(index, pd.Series):
        if not index.index.equals(subjects.index):
            raise TableError("the area ids are not indexed like the subjects; use reindex(subjects.index)")
        return index.astype("str")
    if not isinstance(subjects, gpd.GeoDataFrame):
        raise TableError("subjects: has no geometry; pass a GeoDataFrame, or area ids in place of the index")
    return index.locate(subjects.geometry).astype("str")


def _find_overrides(subjects: pd.DataFrame, book: OverrideBook, at: date | pd.Series, subject: str) -> pd.DataFrame:
    """Find overrides of the subjects themselves, and of the addresses of those that have none."""
    if subject == "address":
        if "address" not in subjects.columns:
            raise TableError("subjects: column 'address' is missing; overrides of addresses are held against it")
        return book.held_elsewhere(_named("address", subjects["address"]), at)
    own = book.held_elsewhere(_named(subject, subjects.index.to_series()), at)
    if "address" not in subjects.columns:
        return own
    free = own["override_id"].isna()
    return own.where(~free, book.held_elsewhere(_named("address", subjects["address"].where(free)), at))


def _named(subject: str, ids: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"subject": subject, "subject_id": ids})


def _check_areas(override: pd.DataFrame, index: AreaIndex | pd.Series, areas: pd.DataFrame | None) -> None:
    """Refuse to follow an override to an area that nobody knows."""
    if areas is None and not isinstance(index, AreaIndex):
        return
    known = areas.index if areas is not None else pd.Index([], dtype="str")
    if isinstance(index, AreaIndex):
        known = known.union(index.area_ids)
    for column in ("host_area_id", "origin_area_id"):
        strange = override[column].notna() & ~override[column].isin(known)
        if strange.any():
            row = override.loc[strange].iloc[0]
            raise UnknownAreaError(
                f"overrides: {column} of {row['override_id']!r} is {row[column]!r}, no area in force; "
                "pass areas= if it is of another level"
            )


def _share_out(place: pd.Series, override: pd.DataFrame) -> pd.DataFrame:
    """Say what each area has to do with a subject."""
    host = override["host_area_id"].fillna(place)
    origin = override["origin_area_id"]
    lead = origin.fillna(host)
    assist = host.where(lead != host)
    both = lead.where(assist.isna(), lead + "," + assist)
    shared = {"assist_area_ids": assist, "assessed_area_ids": both, "may_report_area_ids": both}
    told = pd.DataFrame(
        {
            "area_id": place,
            "host_area_id": host,
            "origin_area_id": origin,
            "lead_area_id": lead,
            **shared,
            "override_id": override["override_id"],
            "reason": _reasons(place, host, assist, lead, override),
        },
        index=place.index,
    )
    return told[OWNERSHIP_COLUMNS]


def _reasons(
    place: pd.Series, host: pd.Series, assist: pd.Series, lead: pd.Series, override: pd.DataFrame
) -> np.ndarray:
    """Say in words why a subject belongs where it does."""
    names = override["override_id"].fillna("") + ": belongs to " + host.fillna("")
    names = names.where(assist.isna(), names + ", led by " + lead.fillna(""))
    names = names.where(override["reason"].isna(), names + " (" + override["reason"].fillna("") + ")")
    words = ("lies in " + place).where(place.notna(), "lies in no area")
    chosen: np.ndarray = words.where(override["override_id"].isna(), names).to_numpy()
    return chosen
