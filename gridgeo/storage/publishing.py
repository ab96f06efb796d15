"""Hold a publishing to its terms: what the planner saw before, what the judge says, which draft it closes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa

from gridgeo.model.errors import EditError, StalePlanError, TableError
from gridgeo.model.plan import Plan

from .drafts import check_draft, find_draft

Judge = Callable[[Plan, Plan | None], pd.DataFrame]
"""What says whether a plan may be published: of the plan, and of that in force on its first day before, FINDINGS."""

_LISTED = 3  # findings that a refusal spells out


@dataclass(frozen=True)
class Terms:
    """On what terms a plan is published.

    Parameters
    ----------
    day : date
        First day on which it is to be in force.
    expected_version : int, optional
        The version that the planner saw in force on that day; 0 for none.
    draft : int, optional
        The draft that it comes of.
    expected_revision : int, optional
        The revision of the draft that it was made of.
    override_reason : str, optional
        Why it is published although its judge finds errors.
    by : str, optional
    force : bool
        Publish although the draft starts from another version than that in force on the day.
    """

    day: date
    expected_version: int | None
    draft: int | None
    expected_revision: int | None
    override_reason: str | None
    by: str | None
    force: bool

    def check(self, today: date | None, *, allow_past: bool) -> None:
        """Refuse a day that is past, and terms that contradict each other.

        Parameters
        ----------
        today : date, optional
            Without it every day is as good as another.
        allow_past : bool

        Raises
        ------
        TableError
            If the day is past.
        EditError
            If nobody answers for an override or a draft.
        """
        if today is not None and self.day < today and not allow_past:
            raise TableError(
                f"valid_from {self.day} is past, today is {today}, and what was answered since would change; "
                "name a day to come, or pass allow_past=True to enter a plan of old"
            )
        if self.override_reason is not None and not (self.override_reason.strip() and self.by):
            raise EditError("override_reason: say why errors are overridden, and by whom; pass a text and by")
        if self.draft is not None and (self.expected_revision is None or not self.by):
            raise EditError(f"draft {self.draft}: say which expected_revision is published, and by whom")

    def check_before(self, before: sa.Row[Any] | None) -> None:
        """Refuse when another version is in force on the day than the planner saw.

        Parameters
        ----------
        before : Row of ``plans``, or None

        Raises
        ------
        StalePlanError
            Naming both versions, and who published meanwhile.
        """
        held = 0 if before is None else before.version
        if self.expected_version is None or held == self.expected_version:
            return
        by = "" if before is None or before.published_by is None else f", published by {before.published_by}"
        found = f"version {held}{by}" if held else "no plan"
        seen = f"version {self.expected_version}" if self.expected_version else "no plan"
        raise StalePlanError(
            f"on {self.day} {found} is in force, you expected {seen}; compare your plan with it and publish again"
        )

    def check_draft(self, connection: sa.Connection, territory: str, before: sa.Row[Any] | None) -> sa.Row[Any] | None:
        """Refuse when the draft moved on, is closed, or starts from another version than that in force on the day.

        Parameters
        ----------
        connection : Connection
            In a transaction.
        territory : str
        before : Row of ``plans``, or None

        Returns
        -------
        Row of ``drafts``, or None where no draft is published

        Raises
        ------
        StalePlanError
        UnknownAreaError
            If there is no such draft.
        """
        if self.draft is None:
            return None
        draft = find_draft(connection, territory, self.draft)
        check_draft(connection, draft, self.expected_revision)
        if not self.force and (before is None or before.version != draft.base_version):
            found = "no plan is" if before is None else f"version {before.version} is"
            raise StalePlanError(
                f"draft {draft.draft_id} {draft.name!r}: starts from version {draft.base_version}, but {found} in "
                f"force on {self.day}; rebase the draft, or pass force=True to publish it all the same"
            )
        return draft


def refuse_errors(findings: pd.DataFrame, override_reason: str | None) -> None:
    """Refuse a plan in which its judge found errors, unless they are overridden.

    Parameters
    ----------
    findings : DataFrame
        Table ``FINDINGS``.
    override_reason : str, optional

    Raises
    ------
    EditError
        Saying how many there are, and the first of them.
    """
    errors = findings[findings["severity"] == "error"]
    if not len(errors) or override_reason is not None:
        return
    first = "; ".join(f"{finding_id}: {message}" for finding_id, message in errors["message"].head(_LISTED).items())
    more = f" and {len(errors) - _LISTED} more" if len(errors) > _LISTED else ""
    raise EditError(
        f"the plan is not published: {len(errors)} findings are errors ({first}{more}); "
        "correct them, or pass override_reason and by"
    )
