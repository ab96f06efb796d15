"""Judge staffing: who answers for each area on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from gridgeo.model.errors import TableError

from .evidence import Evidence
from .findings import name_list
from .verdicts import Fault, Verdict, count_faults, unjudged

FIRST_ROLES = ("primary", "full_time", "micro_chief")
"""Roles of the one officer of an area; chiefs, deputies and part-time officers come beside."""
STAFF = ("grid_chief", "full_time")
"""Roles that a grid has where its clause names a chief and a full-time officer."""


def judge_one_officer(evidence: Evidence, level: str, *, shared: bool = False) -> Verdict:
    """Judge whether each area has one officer, and each officer one area: 一格一员.

    Parameters
    ----------
    evidence : Evidence
    level : str
    shared : bool
        Whether an officer may have several areas.

    Returns
    -------
    Verdict
        ``figure``: how many areas have none or several, or one whose officer has others too.
    """
    held = _duties(evidence, level, "one_officer", FIRST_ROLES)
    if isinstance(held, Verdict):
        return held
    areas = evidence.areas(level)
    officers = held.groupby("area_id")["officer_id"].agg(lambda ids: sorted(set(ids)))
    served = held.groupby("officer_id")["area_id"].agg(lambda ids: sorted(set(ids)))
    faults, failing = [], set()
    for key, shape in areas.geometry.items():
        names = officers.get(key, [])
        if len(names) != 1:
            said = f"has {len(names)} officers: {name_list(names)}" if names else "has no officer"
            kind = "several_officers" if names else "vacancy"
            faults.append(Fault(kind, (str(key),), f"{key!r} {said}", shape, float(len(names)), 1.0, "officers"))
            failing.add(key)
    for officer, ids in served.items() if not shared else ():
        if len(ids) > 1:
            place = areas.geometry.reindex(ids).union_all()
            words = f"officer {officer!r} has {len(ids)} areas: {name_list(ids)}"
            faults.append(
                Fault("shared_officer", tuple(ids), words, place, float(len(ids)), 1.0, "areas", str(officer))
            )
            failing.update(ids)
    return count_faults("one_officer", level, len(areas), faults, failing=len(failing))


def judge_staff(evidence: Evidence, level: str, roles: Sequence[str] = STAFF) -> Verdict:
    """Judge whether each area has somebody of each role.

    Returns
    -------
    Verdict
        ``figure``: how many areas lack a role.
    """
    held = _duties(evidence, level, "staff", roles)
    if isinstance(held, Verdict):
        return held
    areas = evidence.areas(level)
    present = set(zip(held["area_id"], held["role"], strict=True))
    faults = []
    for key, shape in areas.geometry.items():
        lacking = [role for role in roles if (key, role) not in present]
        if lacking:
            words = f"{key!r} has no {' and no '.join(role.replace('_', ' ') for role in lacking)}"
            faults.append(Fault("vacancy", (str(key),), words, shape, float(len(lacking)), 0.0, "roles"))
    return count_faults("staff", level, len(areas), faults)


def _duties(evidence: Evidence, level: str, point: str, roles: Sequence[str]) -> pd.DataFrame | Verdict:
    """Choose the duties of the day that are for areas of the level and of one of the roles."""
    if not evidence.holds(level):
        return unjudged(point, "no_level", str(level), level=level)
    if evidence.duties is None:
        return unjudged(point, "no_input", "duties", level=level)
    duties = evidence.duties[evidence.duties["area_id"].isin(evidence.areas(level).index)]
    chosen = duties[duties["role"].isin(list(roles))]
    if not len(chosen):
        reason, missing = ("no_role", " or ".join(roles)) if len(duties) else ("empty", "duties")
        return unjudged(point, reason, missing, level=level)
    begins, ends = (_days(chosen, column) for column in ("valid_from", "valid_to"))
    if evidence.at is not None:
        day = pd.Timestamp(evidence.at.year, evidence.at.month, evidence.at.day)
        return chosen[(begins.isna() | (begins <= day)) & (ends.isna() | (day < ends))]
    if begins.notna().any() or ends.notna().any():
        return unjudged(point, "no_day", level=level)
    return chosen


def _days(duties: pd.DataFrame, column: str) -> pd.Series:
    """Read a column of days; missing is open."""
    if column not in duties:
        return pd.Series(pd.NaT, index=duties.index, dtype="datetime64[ns]")
    values = duties[column].astype(object).where(duties[column].notna(), None)
    days = pd.to_datetime(values, errors="coerce", utc=True).dt.tz_localize(None).dt.normalize()
    unread = duties[column].notna() & days.isna()
    if unread.any():
        key = duties.index[unread][0]
        raise TableError(f"duties: {column} of {key!r} is {duties[column][key]!r}, not a day")
    return days


def check_day(at: date | None) -> None:
    """Refuse what is no day.

    Raises
    ------
    TableError
    """
    if at is not None and (not isinstance(at, date) or pd.isna(at)):
        raise TableError(f"at is {at!r}; give a day such as date(2026, 10, 1)")
