"""Keep drafts: a version to start from, and the steps that several planners wrote one after the other.

Each step has a revision, and is written only on the revision that its planner read; so two planners never overwrite
each other. Undoing is a step too: nothing that was written is ever taken out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import EditError, StalePlanError, UnknownAreaError

from .journal import as_instants, write_entry
from .schema import drafts, journal, plans
from .versions import as_number

OPEN, PUBLISHED, DISCARDED = "open", "published", "discarded"


@dataclass(frozen=True)
class Draft:
    """A draft as it stands.

    Parameters
    ----------
    draft_id : int
    name : str
    state : str
        ``"open"``, ``"published"`` or ``"discarded"``.
    base_version : int
        The version it starts from.
    revision : int
        Of the newest step; the one to name when the next is written.
    edits : tuple of dict
        What makes the draft of its base, in order: without what is undone.
    undone : int
        How many steps can be redone.
    opened_by : str
    opened_at : datetime
    is_base_retired : bool
        Whether the base is in force no longer.
    published_version : int, optional
        What it became.
    """

    draft_id: int
    name: str
    state: str
    base_version: int
    revision: int
    edits: tuple[dict[str, Any], ...]
    undone: int
    opened_by: str
    opened_at: datetime
    is_base_retired: bool
    published_version: int | None


def add_draft(
    connection: sa.Connection, territory: str, name: str, base: sa.Row[Any], by: str, *, today: date, why: str | None
) -> int:
    """Open a draft.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    territory, name : str
    base : Row of ``plans``
    by : str
    today : date
    why : str, optional

    Returns
    -------
    int
        The draft's id.

    Raises
    ------
    EditError
        If it has no name.
    """
    if not isinstance(name, str) or not name.strip():
        raise EditError(f"draft: its name is {name!r}; give it one that colleagues will know it by")
    values = {
        "territory": territory,
        "name": name,
        "base_version": base.version,
        "revision": 0,
        "state": OPEN,
        "opened_by": by,
        "opened_at": datetime.now(UTC),
        "takes_retired_base": is_retired(base, today),
    }
    draft_id: int = connection.execute(sa.insert(drafts).values(values).returning(drafts.c.draft_id)).scalar_one()
    facts = {"version": base.version, "draft_id": draft_id, "revision": 0}
    write_entry(connection, territory, "open", by=by, why=why, **facts)
    return draft_id


def is_retired(version: sa.Row[Any], today: date) -> bool:
    """Tell whether a version is in force no longer, and will not be again.

    Parameters
    ----------
    version : Row of ``plans``
    today : date

    Returns
    -------
    bool
    """
    ends = version.valid_to
    return ends is not None and (ends <= version.valid_from or ends <= today)


def find_draft(connection: sa.Connection, territory: str, draft_id: int) -> sa.Row[Any]:
    """Find a draft, with the days of its base.

    Parameters
    ----------
    connection : Connection
    territory : str
    draft_id : int

    Returns
    -------
    Row of ``drafts``, with ``valid_from`` and ``valid_to`` of its base

    Raises
    ------
    UnknownAreaError
        If the territory has no such draft.
    """
    number = as_number(draft_id, "draft_id")
    query = (
        sa.select(drafts, plans.c.valid_from, plans.c.valid_to)
        .join(plans, plans.c.version == drafts.c.base_version)
        .where(drafts.c.territory == territory, drafts.c.draft_id == number)
    )
    found = connection.execute(query).first()
    if found is None:
        raise UnknownAreaError(f"there is no draft {number}; drafts() lists those that there are")
    return found


def check_draft(connection: sa.Connection, draft: sa.Row[Any], expected_revision: int | None) -> None:
    """Refuse to change a draft that is closed, or that moved on since its planner read it.

    Parameters
    ----------
    connection : Connection
    draft : Row
        As ``find_draft`` gives it.
    expected_revision : int, optional
        The revision that the planner read; None where any will do.

    Raises
    ------
    StalePlanError
        Naming both revisions, and who wrote meanwhile.
    """
    named = f"draft {draft.draft_id} {draft.name!r}"
    if draft.state == PUBLISHED:
        raise StalePlanError(f"{named}: was published as version {draft.published_version}; open a new draft of it")
    if draft.state != OPEN:
        raise StalePlanError(f"{named}: was discarded; open another")
    if expected_revision is None or draft.revision == as_number(expected_revision, "expected_revision"):
        return
    if expected_revision > draft.revision:
        raise StalePlanError(f"{named}: is at revision {draft.revision}, there is no {expected_revision} yet; reload")
    step = journal.c
    later = sa.select(step.actor).where(step.draft_id == draft.draft_id, step.revision > expected_revision)
    writers = ", ".join(dict.fromkeys(connection.scalars(later.order_by(step.revision))))
    raise StalePlanError(
        f"{named}: is at revision {draft.revision}, your edit was made on {expected_revision}; "
        f"{writers} wrote meanwhile; reload and apply it again"
    )


def check_base(draft: sa.Row[Any], today: date) -> None:
    """Refuse to go on with a draft whose base went out of force while it was open.

    Parameters
    ----------
    draft : Row
        As ``find_draft`` gives it.
    today : date

    Raises
    ------
    StalePlanError
    """
    if is_retired(draft, today) and not draft.takes_retired_base:
        raise StalePlanError(
            f"draft {draft.draft_id} {draft.name!r}: its base, version {draft.base_version}, is in force no longer; "
            "rebase the draft, or pass force=True to go on with it all the same"
        )


def add_step(
    connection: sa.Connection,
    draft: sa.Row[Any],
    action: str,
    *,
    by: str,
    why: str | None = None,
    edits: Sequence[dict[str, Any]] | None = None,
    **changes: Any,
) -> int:
    """Write the next step of a draft.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    draft : Row
        As it was checked.
    action : str
        ``"edit"``, ``"undo"``, ``"redo"``, ``"rebase"`` or ``"discard"``.
    by : str
    why : str, optional
    edits : sequence of dict, optional
    **changes
        Columns of the draft that change with it.

    Returns
    -------
    int
        Its revision.

    Raises
    ------
    StalePlanError
        If another connection changed the draft since it was checked.
    """
    revision: int = draft.revision + 1
    same = (drafts.c.draft_id == draft.draft_id, drafts.c.revision == draft.revision, drafts.c.state == OPEN)
    if connection.execute(sa.update(drafts).where(*same).values(revision=revision, **changes)).rowcount != 1:
        check_draft(connection, find_draft(connection, draft.territory, draft.draft_id), draft.revision)
        raise StalePlanError(f"draft {draft.draft_id} {draft.name!r}: changed meanwhile; reload and try again")
    facts = {"why": why, "draft_id": draft.draft_id, "revision": revision, "edits": None if edits is None else [*edits]}
    facts["version"] = changes.get("base_version")
    write_entry(connection, draft.territory, action, by=by, **facts)
    return revision


def close_draft(connection: sa.Connection, draft: sa.Row[Any], version: int) -> None:
    """Mark a draft as published.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    draft : Row
        As it was checked.
    version : int
        What it became.

    Raises
    ------
    StalePlanError
        If another connection changed the draft since it was checked.
    """
    same = (drafts.c.draft_id == draft.draft_id, drafts.c.revision == draft.revision, drafts.c.state == OPEN)
    closed = sa.update(drafts).where(*same).values(state=PUBLISHED, published_version=version)
    if connection.execute(closed).rowcount != 1:
        raise StalePlanError(f"draft {draft.draft_id} {draft.name!r}: changed meanwhile; reload and try again")


def check_edits(edits: Any) -> list[dict[str, Any]]:
    """Bring edits into the form in which they are kept.

    Parameters
    ----------
    edits : list of dict
        As ``write_edit`` gives them.

    Returns
    -------
    list of dict

    Raises
    ------
    EditError
        Naming the first that JSON cannot carry.
    """
    if isinstance(edits, Mapping | str) or not isinstance(edits, Iterable):
        raise EditError(f"edits are {type(edits).__name__}, not a list of records; write_edit makes one of an edit")
    made = []
    for number, edit in enumerate(edits):
        if not isinstance(edit, Mapping) or not all(isinstance(name, str) for name in edit):
            raise EditError(f"edit {number} is {edit!r:.60}, not a record; write_edit makes one of an edit")
        try:
            made.append(json.loads(json.dumps(dict(edit), allow_nan=False)))
        except (TypeError, ValueError) as error:
            raise EditError(f"edit {number}: {error}; write_edit makes a record of an edit") from None
    return made


Steps = list[tuple[int, int]]


def stacks(connection: sa.Connection, draft_id: int) -> tuple[Steps, Steps]:
    """Tell which steps of a draft hold, and which can be redone.

    Parameters
    ----------
    connection : Connection
    draft_id : int

    Returns
    -------
    holding, undone : lists of (revision, place)
        Last in, first out. ``place`` counts the edits of a rebase, which are undone one by one; -1 is a whole step.
    """
    step = journal.c
    rebased = sa.case((step.action == "rebase", step.edits))  # the edits of other steps are not read
    query = sa.select(step.revision, step.action, rebased).where(step.draft_id == draft_id, step.revision.is_not(None))
    holding: Steps = []
    undone: Steps = []
    for revision, action, edits in connection.execute(query.order_by(step.revision)):
        if action == "undo":
            undone.append(holding.pop())
        elif action == "redo":
            holding.append(undone.pop())
        elif action == "edit":
            holding.append((revision, -1))
            undone.clear()
        elif action == "rebase":
            holding = [(revision, place) for place in range(len(edits or ()))]
            undone.clear()
    return holding, undone


def read_draft(connection: sa.Connection, territory: str, draft_id: int, today: date) -> Draft:
    """Read a draft as it stands.

    Parameters
    ----------
    connection : Connection
    territory : str
    draft_id : int
    today : date

    Returns
    -------
    Draft

    Raises
    ------
    UnknownAreaError
        If there is no such draft.
    """
    row = find_draft(connection, territory, draft_id)
    holding, undone = stacks(connection, row.draft_id)
    query = sa.select(journal.c.revision, journal.c.edits).where(
        journal.c.draft_id == row.draft_id, journal.c.action.in_(["edit", "rebase"])
    )
    written = {revision: edits or [] for revision, edits in connection.execute(query)}
    edits = [
        edit for revision, place in holding for edit in (written[revision] if place < 0 else [written[revision][place]])
    ]
    return Draft(
        draft_id=row.draft_id,
        name=row.name,
        state=row.state,
        base_version=row.base_version,
        revision=row.revision,
        edits=tuple(edits),
        undone=len(undone),
        opened_by=row.opened_by,
        opened_at=as_instants([row.opened_at]).iloc[0].to_pydatetime(),
        is_base_retired=is_retired(row, today),
        published_version=row.published_version,
    )


def list_drafts(connection: sa.Connection, territory: str) -> pd.DataFrame:
    """List the drafts of a territory, the oldest first.

    Parameters
    ----------
    connection : Connection
    territory : str

    Returns
    -------
    DataFrame
        Index ``draft_id``; ``name, state, base_version, revision, opened_by, opened_at, changed_by, changed_at,
        published_version``.
    """
    last = journal.alias("last")
    newest = sa.and_(last.c.draft_id == drafts.c.draft_id, last.c.revision == drafts.c.revision)
    draft = drafts.c
    query = (
        sa.select(
            draft.draft_id, draft.name, draft.state, draft.base_version, draft.revision, draft.opened_by,
            draft.opened_at, last.c.actor, last.c.at, draft.published_version,
        )
        .join(last, newest)
        .where(draft.territory == territory)
        .order_by(draft.draft_id)
    )  # fmt: skip
    rows = connection.execute(query).all()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * 10
    return pd.DataFrame(
        {
            "name": pd.Series(columns[1], dtype="str"),
            "state": pd.Series(columns[2], dtype="str"),
            "base_version": pd.Series(columns[3], dtype="int64"),
            "revision": pd.Series(columns[4], dtype="int64"),
            "opened_by": pd.Series(columns[5], dtype="str"),
            "opened_at": as_instants(columns[6]),
            "changed_by": pd.Series(columns[7], dtype="str"),
            "changed_at": as_instants(columns[8]),
            "published_version": pd.Series(columns[9], dtype="Int64"),
        }
    ).set_index(pd.Index(columns[0], dtype="int64", name="draft_id"))
