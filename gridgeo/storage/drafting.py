"""Let several planners work on drafts of a store: open, edit, undo, rebase, discard, and read the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import EditError
from gridgeo.model.plan import Plan

from . import drafts as steps
from .drafts import Draft
from .journal import check_actor, read_journal
from .parts import put_together
from .versions import as_number, version_numbered, version_on


class Drafting:
    """Drafts of one territory: the part of a ``Store`` that planners share.

    Every change names the revision that its planner read, and is refused when somebody wrote meanwhile; what is
    acknowledged is on the disk. Where a method takes ``today``, a base is in force or not as of that
    day.
    """

    _readers: sa.Engine
    _writers: sa.Engine
    _territory: str
    _connection: Callable[[sa.Engine], AbstractContextManager[sa.Connection]]
    _loader: Callable[[sa.Connection, int], Callable[[str], pd.DataFrame]]

    def open_draft(
        self, name: str, *, base: int | None = None, by: str, why: str | None = None, today: date | None = None
    ) -> int:
        """Open a draft.

        Parameters
        ----------
        name : str
            What planners call it; several may have one name.
        base : int, optional
            The version it starts from; that in force today without it.
        by : str
            Who opens it.
        why : str, optional
        today : date, optional

        Returns
        -------
        int
            The draft's id; its revision is 0.

        Raises
        ------
        EditError
            If it has no name, or nobody opens it.
        UnknownAreaError
            If there is no such version, or none is in force.
        """
        check_actor(by)
        day = today or date.today()
        with self._connection(self._writers) as connection:
            start = self._base(connection, base, day)
            return steps.add_draft(connection, self._territory, name, start, by, today=day, why=why)

    def _base(self, connection: sa.Connection, base: int | None, day: date) -> sa.Row[Any]:
        if base is None:
            return version_on(connection, self._territory, day)
        return version_numbered(connection, self._territory, base)

    def drafts(self) -> pd.DataFrame:
        """List the drafts, the oldest first.

        Returns
        -------
        DataFrame
            Index ``draft_id``; ``name, state`` (open, published, discarded), ``base_version, revision, opened_by,
            opened_at, changed_by, changed_at, published_version``.
        """
        with self._connection(self._readers) as connection:
            return steps.list_drafts(connection, self._territory)

    def draft(self, draft_id: int, *, today: date | None = None) -> Draft:
        """Give a draft as it stands.

        Parameters
        ----------
        draft_id : int
        today : date, optional

        Returns
        -------
        Draft
            With ``base_version``, ``revision``, and the ``edits`` that are not undone.

        Raises
        ------
        UnknownAreaError
            If there is no such draft.
        """
        with self._connection(self._readers) as connection:
            return steps.read_draft(connection, self._territory, draft_id, today or date.today())

    def base_plan(self, draft_id: int) -> Plan:
        """Give the plan that a draft starts from.

        Parameters
        ----------
        draft_id : int

        Returns
        -------
        Plan
            As it was published.

        Raises
        ------
        UnknownAreaError
            If there is no such draft.
        """
        with self._connection(self._readers) as connection:
            draft = steps.find_draft(connection, self._territory, draft_id)
            base = version_numbered(connection, self._territory, draft.base_version)
            return put_together(base, self._loader(connection, base.version))

    def append_edits(
        self,
        draft_id: int,
        edits: Sequence[Mapping[str, Any]],
        *,
        expected_revision: int,
        by: str,
        why: str | None = None,
        force: bool = False,
        today: date | None = None,
    ) -> int:
        """Add edits to a draft, as one step that is undone at once.

        Parameters
        ----------
        draft_id : int
        edits : sequence of dict
            As ``write_edit`` gives them; at least one.
        expected_revision : int
            The revision on which they were made.
        by : str
            Who makes them.
        why : str, optional
        force : bool
            Go on although the base is in force no longer; asked once for a draft.
        today : date, optional

        Returns
        -------
        int
            The new revision.

        Raises
        ------
        EditError
            If there is no edit, or one is no record.
        StalePlanError
            If somebody wrote meanwhile, the draft is closed, or its base went out of force.
        UnknownAreaError
            If there is no such draft.
        """
        check_actor(by)
        made = steps.check_edits(edits)
        if not made:
            raise EditError(f"draft {draft_id}: there is no edit to add")
        with self._connection(self._writers) as connection:
            draft = self._checked(connection, draft_id, expected_revision)
            if not force:
                steps.check_base(draft, today or date.today())
            changes = {"takes_retired_base": True} if force else {}
            return steps.add_step(connection, draft, "edit", by=by, why=why, edits=made, **changes)

    def undo(self, draft_id: int, *, expected_revision: int, by: str, why: str | None = None) -> int:
        """Undo the last step of a draft that holds, whoever made it.

        Parameters
        ----------
        draft_id, expected_revision, by, why
            As for ``append_edits``.

        Returns
        -------
        int
            The new revision: undoing is a step, and nothing is lost.

        Raises
        ------
        EditError
            If there is nothing to undo.
        StalePlanError, UnknownAreaError
            As ``append_edits``.
        """
        return self._turn("undo", draft_id, expected_revision, by, why)

    def redo(self, draft_id: int, *, expected_revision: int, by: str, why: str | None = None) -> int:
        """Bring back the step that was undone last, as long as no other was made since.

        Parameters
        ----------
        draft_id, expected_revision, by, why
            As for ``append_edits``.

        Returns
        -------
        int
            The new revision.

        Raises
        ------
        EditError
            If there is nothing to redo.
        StalePlanError, UnknownAreaError
            As ``append_edits``.
        """
        return self._turn("redo", draft_id, expected_revision, by, why)

    def _turn(self, action: str, draft_id: int, expected_revision: int, by: str, why: str | None) -> int:
        check_actor(by)
        with self._connection(self._writers) as connection:
            draft = self._checked(connection, draft_id, expected_revision)
            holding, undone = steps.stacks(connection, draft.draft_id)
            if not (holding if action == "undo" else undone):
                raise EditError(f"draft {draft_id} {draft.name!r}: there is nothing to {action}")
            return steps.add_step(connection, draft, action, by=by, why=why)

    def rebase_draft(
        self,
        draft_id: int,
        edits: Sequence[Mapping[str, Any]],
        *,
        base: int | None = None,
        expected_revision: int,
        by: str,
        why: str | None = None,
        today: date | None = None,
    ) -> int:
        """Let a draft start from another version, with edits that fit it.

        Parameters
        ----------
        draft_id : int
        edits : sequence of dict
            All of them, in place of those before, which stay in the journal. They are undone one by one.
        base : int, optional
            The version; that in force today without it.
        expected_revision, by, why, today
            As for ``append_edits``.

        Returns
        -------
        int
            The new revision.

        Raises
        ------
        EditError, StalePlanError, UnknownAreaError
            As ``append_edits``, and if there is no such version.
        """
        check_actor(by)
        made, day = steps.check_edits(edits), today or date.today()
        with self._connection(self._writers) as connection:
            draft = self._checked(connection, draft_id, expected_revision)
            start = self._base(connection, base, day)
            changes = {"base_version": start.version, "takes_retired_base": steps.is_retired(start, day)}
            return steps.add_step(connection, draft, "rebase", by=by, why=why, edits=made, **changes)

    def discard_draft(
        self, draft_id: int, *, by: str, expected_revision: int | None = None, why: str | None = None
    ) -> int:
        """Close a draft that will not be published; it stays on record with all its steps.

        Parameters
        ----------
        draft_id, by, why
            As for ``append_edits``.
        expected_revision : int, optional
            Refuse if somebody wrote after it.

        Returns
        -------
        int
            Its last revision.

        Raises
        ------
        StalePlanError, UnknownAreaError
            As ``append_edits``.
        """
        check_actor(by)
        with self._connection(self._writers) as connection:
            draft = steps.find_draft(connection, self._territory, draft_id)
            steps.check_draft(connection, draft, expected_revision)
            return steps.add_step(connection, draft, "discard", by=by, why=why, state=steps.DISCARDED)

    def _checked(self, connection: sa.Connection, draft_id: int, expected_revision: int) -> sa.Row[Any]:
        as_number(expected_revision, "expected_revision")
        draft = steps.find_draft(connection, self._territory, draft_id)
        steps.check_draft(connection, draft, expected_revision)
        return draft

    def journal(self, draft_id: int | None = None) -> pd.DataFrame:
        """Tell who did what, when and why, in the order in which it was written.

        Parameters
        ----------
        draft_id : int, optional
            Only what was done to this draft.

        Returns
        -------
        DataFrame
            Index ``entry``; ``at, actor, action`` (open, edit, undo, redo, rebase, discard, publish, withdraw,
            retire), ``why, version, draft_id, revision, edits``.
        """
        with self._connection(self._readers) as connection:
            return read_journal(connection, self._territory, draft_id)
