"""Take incidents one step further: new rows for their log, which itself never changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import INCIDENT_LOG, STATUSES
from gridgeo.model.tables import check

from .instants import Ints, as_instants, name_instant, read_instant, read_instants
from .stages import Loop, Stage
from .trace import CODES, MAIN_WAY, trace_log


def step_incidents(
    log: pd.DataFrame,
    incidents: pd.DataFrame,
    status: str,
    at: Any,
    *,
    actor: Any = None,
    note: Any = None,
    verdict: Any = None,
    loop: Loop | None = None,
    now: Any = None,
) -> pd.DataFrame:
    """Write the rows that take incidents one step further.

    Parameters
    ----------
    log : DataFrame
        Table ``INCIDENT_LOG``; it is not changed. Rows of other incidents may be in it, and may be left out.
    incidents : DataFrame
        Table ``INCIDENTS``: the ones that take the step, with or without points.
    status : str
        What they are from then on; with ``loop`` it may be the name of a stage, which writes a row for each step that
        the stage takes together, such as acceptance and dispatch.
    at : datetime, or Series of them by ``incident_id``
        When it happened.
    actor, note, verdict : str, or Series of them by ``incident_id``, optional
        Who did it, what there is to say, and what who reported it says of the end (one of ``VERDICTS``).
    loop : Loop, optional
        See ``load_loop``.
    now : datetime, optional
        Nothing may be later.

    Returns
    -------
    DataFrame
        Table ``INCIDENT_LOG``: the new rows alone, in the order of ``incidents``, numbered on from the log:
        ``pd.concat([log, rows])`` is the log afterwards.

    Raises
    ------
    TableError
        Naming the first incident that cannot take the step, what it is, and what is allowed; an instant that is
        missing, without a time zone, before the incident's last row or after ``now``; an unknown status.
    ProfileError
        If the loop has no such stage, or the stage comes before the report.
    """
    stage = None if loop is None or status in STATUSES else loop.stage(status)
    trace = trace_log(incidents, log)
    moments = _moments(at, incidents)
    if now is not None:
        _refuse_after(incidents, moments, read_instant(now, "now"))
    before = trace.status[trace.last]
    target = _target(status, stage)
    steps = [_way(before_it, target, loop, stage) for before_it in STATUSES]
    place = np.repeat(np.arange(len(incidents)), [len(steps[code]) for code in before])
    reached = [name for code in before for name in steps[code]]
    rows = pd.DataFrame(
        {
            "incident_id": pd.array(incidents.index.to_numpy()[place], dtype="str"),
            "status": pd.array(reached, dtype="str"),
            "at": as_instants(moments[place]),
            "actor": _told(actor, incidents, "actor")[place],
            "note": _told(note, incidents, "note")[place],
            "level": pd.array([None] * len(place), dtype="str"),
            "stage": pd.array([None if stage is None else stage.zh] * len(place), dtype="str"),
            "verdict": _told(verdict, incidents, "verdict")[place],
        },
        index=pd.RangeIndex(len(log), len(log) + len(place)),
    )
    check(rows, INCIDENT_LOG)
    trace_log(incidents, append_rows(log, rows))
    return rows


def append_rows(log: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put new rows behind a log; both stay as they were.

    Parameters
    ----------
    log, rows : DataFrame
        Table ``INCIDENT_LOG``.

    Returns
    -------
    DataFrame
        Rows numbered from 0.
    """
    if not len(log):
        return rows.reset_index(drop=True)
    return pd.concat([log, rows], ignore_index=True) if len(rows) else log.reset_index(drop=True)


def _target(status: str, stage: Stage | None) -> str:
    if stage is None:
        if status not in CODES:
            raise TableError(f"incident_log: status {status!r} is not one of {', '.join(STATUSES)}")
        return status
    if not stage.status:
        raise TableError(f"incident_log: stage {stage.zh!r} comes before the report and leaves nothing in the log")
    return stage.status


def _way(before: str, target: str, loop: Loop | None, stage: Stage | None) -> tuple[str, ...]:
    """List the steps from a status to another: a single one, or all that a stage takes together."""
    if loop is None or stage is None or before not in MAIN_WAY:
        return (target,)
    earlier = [other.status for other in loop.stages[: loop.stages.index(stage)] if other.status]
    begins, ends, now = (
        MAIN_WAY.index(earlier[-1] if earlier else target),
        MAIN_WAY.index(target),
        MAIN_WAY.index(before),
    )
    return MAIN_WAY[now + 1 : ends + 1] if begins <= now < ends else (target,)


def _moments(at: Any, incidents: pd.DataFrame) -> Ints:
    if isinstance(at, pd.Series):
        return read_instants(at.reindex(incidents.index).rename("at"), "incident_log")
    return np.full(len(incidents), read_instant(at, "incident_log: at"))


def _refuse_after(incidents: pd.DataFrame, moments: Ints, until: int) -> None:
    late = np.flatnonzero(moments > until)
    if len(late):
        raise TableError(
            f"incident_log: at of {incidents.index[late[0]]!r} is {name_instant(moments[late[0]])}, "
            f"after now, {name_instant(until)}"
        )


def _told(value: Any, incidents: pd.DataFrame, column: str) -> pd.api.extensions.ExtensionArray:
    """Give each incident its word: the same for all, or from a Series by id."""
    if isinstance(value, pd.Series):
        return pd.array(value.reindex(incidents.index).to_numpy(dtype=object), dtype="str")
    if value is not None and not isinstance(value, str):
        raise TableError(f"incident_log: {column} is {value!r}, not text")
    return pd.array([value] * len(incidents), dtype="str")
