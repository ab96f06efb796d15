"""Keep who did what, when and why: rows are added to the journal, and none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import EditError

from .schema import journal

_TEXTS = ("actor", "action", "why")
_NUMBERS = ("version", "draft_id", "revision")


def check_actor(by: Any) -> str:
    """Refuse a change that nobody answers for.

    Parameters
    ----------
    by : str
        Who makes it.

    Returns
    -------
    str

    Raises
    ------
    EditError
        If it is no text, or empty.
    """
    if not isinstance(by, str) or not by.strip():
        raise EditError(f"by is {by!r}; name who makes the change")
    return by


def write_entry(connection: sa.Connection, territory: str, action: str, *, by: str | None, **facts: Any) -> None:
    """Add one row to the journal.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory, action : str
    by : str, optional
    **facts
        ``why, version, draft_id, revision, edits``.
    """
    made = {"territory": territory, "at": datetime.now(UTC), "actor": by, "action": action, **facts}
    if made.get("edits") is None:
        made["edits"] = sa.null()  # no edits, not the JSON value null
    connection.execute(sa.insert(journal).values(made))


def read_journal(connection: sa.Connection, territory: str, draft_id: int | None = None) -> pd.DataFrame:
    """Read the journal in the order in which it was written.

    Parameters
    ----------
    connection : Connection
    territory : str
    draft_id : int, optional
        Only what was done to this draft.

    Returns
    -------
    DataFrame
        Index ``entry``; ``at, actor, action, why, version, draft_id, revision, edits``.
    """
    names = ["entry", "at", *_TEXTS, *_NUMBERS, "edits"]
    query = sa.select(*[journal.c[name] for name in names]).where(journal.c.territory == territory)
    if draft_id is not None:
        query = query.where(journal.c.draft_id == int(draft_id))
    rows = connection.execute(query.order_by(journal.c.entry)).all()
    found: dict[str, Sequence[Any]] = (
        dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    )
    made: dict[str, Any] = {"at": as_instants(found["at"])}
    made |= {name: pd.Series(found[name], dtype="str") for name in _TEXTS}
    made |= {name: pd.Series(found[name], dtype="Int64") for name in _NUMBERS}
    made["edits"] = pd.Series(found["edits"], dtype=object)
    return pd.DataFrame(made).set_index(pd.Index(found["entry"], dtype="int64", name="entry"))


def as_instants(values: Sequence[Any]) -> pd.Series:
    """Read instants as a database gives them back: text or datetimes.

    Parameters
    ----------
    values : sequence

    Returns
    -------
    Series of datetime in UTC
    """
    return pd.to_datetime(pd.Series(values, dtype=object), utc=True, format="ISO8601").astype("datetime64[us, UTC]")
