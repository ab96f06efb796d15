"""Work on a draft of a store: each stroke is counted at once, kept for good, and put after those of colleagues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from gridgeo.design.compare import Comparison, compare
from gridgeo.design.draft import Draft
from gridgeo.design.draft_conflicts import Conflict, rebase
from gridgeo.design.draft_strokes import Stroke
from gridgeo.model.edits import WORDS, Edit, read_edit, write_edit
from gridgeo.model.errors import EditError, StalePlanError, UnknownAreaError
from gridgeo.model.levels import Level
from gridgeo.model.plan import Plan
from gridgeo.storage.drafts import OPEN
from gridgeo.storage.drafts import Draft as Kept
from gridgeo.storage.store import Store

from .publishing import Publication, edits_between, made_by, publish_plan, used_ids, version_on_day


def open_workbench(
    store: Store,
    *,
    name: str,
    by: str,
    base: int | None = None,
    why: str | None = None,
    today: date | None = None,
) -> Workbench:
    """Open a new draft, and a workbench on it.

    Parameters
    ----------
    store : Store
    name : str
        What colleagues know the draft by.
    by : str
        Who opens it.
    base : int, optional
        The version that it starts from; without it, that in force today.
    why : str, optional
    today : date, optional

    Returns
    -------
    Workbench

    Raises
    ------
    EditError
        If it has no name, or nobody opens it.
    UnknownAreaError
        If there is no such version, or none is in force.
    """
    return Workbench(store, store.open_draft(name, base=base, by=by, why=why, today=today), today=today)


class Workbench:
    """Keep a draft of a store in memory, and in step with it.

    Several workbenches, in one process or in many, may work on one draft. A stroke is acknowledged when the store holds
    it. Where colleagues wrote since this workbench looked, the stroke goes after theirs if neither touches what the
    other touches, and is refused, saying who and what stands between, if it does. One workbench serves one thread.

    Parameters
    ----------
    store : Store
    draft_id : int
    today : date, optional
        As of which the base is in force or not; without it, the day it is.

    Raises
    ------
    UnknownAreaError
        If there is no such draft.

    Examples
    --------
    >>> bench = gg.open_workbench(store, name="October", by="Li Min")  # doctest: +SKIP
    >>> bench.apply(gg.Move(["A0031"], "C1-02"), by="Li Min", why="new tower").areas  # doctest: +SKIP
    """

    def __init__(self, store: Store, draft_id: int, *, today: date | None = None) -> None:
        self._store = store
        self._draft_id = draft_id
        self._today = today
        self._seen: tuple[Edit, ...] = ()
        self._base_version = -1
        self._kept: Kept = self._read()
        self._take_in(self._kept)

    @property
    def draft_id(self) -> int:
        """Name the draft."""
        return self._draft_id

    @property
    def name(self) -> str:
        """Say what colleagues know the draft by."""
        return self._kept.name

    @property
    def state(self) -> str:
        """Tell whether it is ``open``, ``published`` or ``discarded``, as of the last look."""
        return self._kept.state

    @property
    def revision(self) -> int:
        """Return the store's revision of what this workbench shows."""
        return self._kept.revision

    @property
    def base_version(self) -> int:
        """Return the version that the draft starts from."""
        return self._base_version

    @property
    def kept(self) -> Kept:
        """Return the store's record of the draft, as of the last look."""
        return self._kept

    @property
    def base(self) -> Plan:
        """Return the plan that the draft starts from."""
        return self._draft.base

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Return the edits that hold, with the ids that they made."""
        return self._draft.edits

    @property
    def plan(self) -> Plan:
        """Write the draft out as a plan."""
        return self._draft.plan()

    def areas(self, level: str = Level.GRID) -> gpd.GeoDataFrame:
        """Draw the areas of a level; table ``AREAS``."""
        return self._draft.areas(level)

    def findings(self, area_ids: Sequence[str] | None = None) -> gpd.GeoDataFrame:
        """Say what there is to tell of the areas as they are; table ``FINDINGS``, as ``Draft.findings``."""
        return self._draft.findings(area_ids)

    def preview(self, edit: Edit) -> Stroke:
        """Tell what an edit would change, or why it would be refused; nothing is kept."""
        return self._draft.preview(edit)

    def refresh(self, *, today: date | None = None) -> int:
        """Look what colleagues wrote.

        Parameters
        ----------
        today : date, optional
            The day it is by now, for a workbench that stays open overnight.

        Returns
        -------
        int
            The revision that is shown now.
        """
        self._today = today or self._today
        self._take_in(self._read())
        return self.revision

    def apply(
        self, edit: Edit, *, by: str, why: str | None = None, strict: bool = False, force: bool = False
    ) -> Stroke:
        """Make an edit and keep it.

        Parameters
        ----------
        edit : Edit
        by : str
            Who makes it.
        why : str, optional
        strict : bool
            Refuse it when anybody wrote since the last look, whatever they touched.
        force : bool
            Go on although the base is in force no longer.

        Returns
        -------
        Stroke
            What it changed, on top of what colleagues wrote meanwhile.

        Raises
        ------
        EditError
            If it would break a hard rule, which the message names; or nobody makes it.
        StalePlanError
            If colleagues touched the same meanwhile: the message says who, and what. The workbench shows their work
            then, and nothing of the edit is kept. Or if the draft is closed, or its base retired.
        """
        return self.apply_all([edit], by=by, why=why, strict=strict, force=force)[0]

    def apply_all(
        self, edits: Iterable[Edit], *, by: str, why: str | None = None, strict: bool = False, force: bool = False
    ) -> tuple[Stroke, ...]:
        """Make several edits and keep them as one step, which is undone at once; all of them, or none.

        Parameters
        ----------
        edits : iterable of Edit
        by, why, strict, force
            As for ``apply``.

        Returns
        -------
        tuple of Stroke

        Raises
        ------
        EditError, StalePlanError
            As ``apply``.
        """
        self._check_open()
        wanted = tuple(edits)
        while True:
            strokes = self._try(wanted)
            wanted = tuple(stroke.edit for stroke in strokes)
            try:
                revision = self._store.append_edits(
                    self._draft_id, [write_edit(edit) for edit in wanted], expected_revision=self.revision, by=by,
                    why=why, force=force, today=self._today,
                )  # fmt: skip
            except StalePlanError as stale:
                self._forget(len(wanted))
                wanted = self._after_colleagues(wanted, stale, strict=strict)
            except BaseException:
                self._forget(len(wanted))
                raise
            else:
                self._note(wanted, revision)
                return tuple(replace(stroke, revision=revision) for stroke in strokes)

    def _try(self, edits: tuple[Edit, ...]) -> list[Stroke]:
        """Make edits in memory, all or none."""
        strokes: list[Stroke] = []
        for number, edit in enumerate(edits, start=1):
            try:
                strokes.append(self._draft.apply(edit))
            except EditError as refused:
                self._forget(len(strokes))
                if len(edits) == 1:
                    raise
                raise EditError(f"{refused} (edit {number} of {len(edits)}; none of them is made)") from None
        return strokes

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._draft.undo()

    def _note(self, edits: tuple[Edit, ...], revision: int) -> None:
        self._seen = (*self._seen, *edits)
        records = (*self._kept.edits, *map(write_edit, edits))
        self._kept = replace(self._kept, revision=revision, edits=records, undone=0)

    def _after_colleagues(self, edits: tuple[Edit, ...], stale: StalePlanError, *, strict: bool) -> tuple[Edit, ...]:
        """Put edits after what colleagues wrote, or say what stands between; the workbench shows their work then."""
        known, kept = self.revision, self._read()
        if kept.revision == known or kept.state != OPEN or kept.base_version != self._base_version:
            self._take_in(kept)
            raise stale
        theirs = tuple(map(read_edit, kept.edits))
        same = _same_beginning(self._seen, theirs)
        undone = self._seen[same:]
        self._turn_back(same)
        between, settled = ("", edits) if strict else self._settle(edits, undone, theirs[same:])
        self._take_in(kept)
        if strict or between:
            raise StalePlanError(self._told(edits, known, between)) from None
        return settled

    def _settle(
        self, edits: tuple[Edit, ...], undone: tuple[Edit, ...], made: tuple[Edit, ...]
    ) -> tuple[str, tuple[Edit, ...]]:
        """Say what stands between edits and what colleagues undid and made since; else give the edits to make."""
        plan, used = self._draft.plan(), self._used
        if undone:
            try:
                found = rebase(plan, edits, undone, used_ids=used).conflicts
            except EditError as refused:
                return f"it stood on what was undone ({refused})", edits
            if found:
                return _say_conflict(found[0]), edits
        settled = rebase(plan, edits, made, used_ids=used)
        return ("", settled.edits) if settled.is_fine else (_say_conflict(settled.conflicts[0]), edits)

    def _told(self, edits: tuple[Edit, ...], known: int, between: str) -> str:
        """Say who wrote, and what stands between."""
        later = self._store.journal(self._draft_id)
        later = later[later["revision"].fillna(-1) > known]
        writers = ", ".join(dict.fromkeys(later["actor"].dropna()))
        return (
            f"draft {self._draft_id} {self.name!r}: is at revision {self.revision}, your {WORDS[type(edits[0])]} was "
            f"made on {known}; {writers} wrote meanwhile: {between or 'look at it and make your edit again'}"
        )

    def undo(self, *, by: str, why: str | None = None) -> tuple[Stroke, ...]:
        """Undo the last step that holds, whoever made it.

        Parameters
        ----------
        by : str
        why : str, optional

        Returns
        -------
        tuple of Stroke
            One for each edit that was taken back.

        Raises
        ------
        EditError
            If there is nothing to undo.
        StalePlanError
            If somebody wrote since the last look: what would be undone is not what was seen. The workbench shows it
            then.
        """
        return self._turn("undo", by, why)

    def redo(self, *, by: str, why: str | None = None) -> tuple[Stroke, ...]:
        """Bring back the step that was undone last.

        Parameters
        ----------
        by, why
            As for ``undo``.

        Returns
        -------
        tuple of Stroke

        Raises
        ------
        EditError
            If there is nothing to redo.
        StalePlanError
            As ``undo``.
        """
        return self._turn("redo", by, why)

    def _turn(self, action: str, by: str, why: str | None) -> tuple[Stroke, ...]:
        try:
            getattr(self._store, action)(self._draft_id, expected_revision=self.revision, by=by, why=why)
        except StalePlanError:
            self.refresh()
            raise
        return self._take_in(self._read())

    def rebase(self, *, by: str, base: int | None = None, why: str | None = None) -> Sequence[Edit]:
        """Let the draft start from a later version, which colleagues published meanwhile.

        Parameters
        ----------
        by : str
        base : int, optional
            The version; without it, that in force today.
        why : str, optional

        Returns
        -------
        sequence of Edit
            The draft's edits, with ids that do not clash with those of the later version.

        Raises
        ------
        StalePlanError
            If edits touch what was changed by then, or the version was not made of this draft's base by drafts. The
            draft stays as it was.
        UnknownAreaError
            If there is no such version, or none is in force.
        """
        self._check_open()
        version = version_on_day(self._store, self._today or date.today()) if base is None else base
        if version not in self._store.plans().index:
            raise UnknownAreaError(
                "no plan is in force; name a base" if base is None else f"there is no version {base}"
            )
        theirs = edits_between(self._store, self._base_version, version)
        used = set(self._used) - {name for edit in theirs for name in made_by(write_edit(edit))}
        settled = rebase(self.base, self.edits, theirs, used_ids=sorted(used))
        if not settled.is_fine:
            raise StalePlanError(
                f"draft {self._draft_id} {self.name!r}: does not go on from version {version}: "
                f"{_say_conflict(settled.conflicts[0])}"
            )
        records = [write_edit(edit) for edit in settled.edits]
        self._store.rebase_draft(
            self._draft_id, records, base=version, expected_revision=self.revision, by=by, why=why, today=self._today
        )
        self.refresh()
        return self.edits

    def compare(self, *, level: str = Level.GRID, **tables: Any) -> Comparison:
        """Compare the draft with its base.

        Parameters
        ----------
        level : str
        **tables
            Of ``compare``: ``households, officers, duties, incidents ...``; ``planning.whatif.what_if`` takes those of
            the store.

        Returns
        -------
        Comparison
        """
        return compare(self.base, self.plan, level=level, **tables)

    def publish(self, *, valid_from: date, by: str, **terms: Any) -> Publication:
        """Publish what this workbench shows; the draft is closed then.

        Parameters
        ----------
        valid_from : date
        by : str
        **terms
            Of ``publish_plan``.

        Returns
        -------
        Publication

        Raises
        ------
        GridgeoError
            As ``publish_plan``.
        """
        terms = {"today": self._today, **terms}
        made = publish_plan(
            self._store, self._draft_id, valid_from=valid_from, by=by, expected_revision=self.revision, **terms
        )
        self.refresh()
        return made

    def journal(self) -> pd.DataFrame:
        """Tell who did what to the draft, when and why, as ``Store.journal``."""
        return self._store.journal(self._draft_id)

    def _read(self) -> Kept:
        return self._store.draft(self._draft_id, today=self._today)

    def _check_open(self) -> None:
        if self._kept.state != OPEN:
            raise StalePlanError(
                f"draft {self._draft_id} {self.name!r}: is {self._kept.state}, and takes no edits; open another"
            )

    def _take_in(self, kept: Kept) -> tuple[Stroke, ...]:
        """Show what the store holds, going from what is shown now by the shortest way."""
        edits = tuple(map(read_edit, kept.edits))
        self._kept = kept
        if kept.base_version != self._base_version:
            self._used = used_ids(self._store, kept.edits)
            self._draft = Draft(self._store.base_plan(self._draft_id), edits, used_ids=self._used)
            self._base_version, self._seen = kept.base_version, edits
            return ()
        same = _same_beginning(self._seen, edits)
        strokes = [*self._turn_back(same), *(self._draft.apply(edit) for edit in edits[same:])]
        self._seen = edits
        return tuple(replace(stroke, revision=kept.revision) for stroke in strokes)

    def _turn_back(self, count: int) -> list[Stroke]:
        """Take back all edits but the first so many."""
        strokes = [self._draft.undo() for _ in range(len(self._seen) - count)]
        self._seen = self._seen[:count]
        return strokes


def _same_beginning(mine: tuple[Edit, ...], theirs: tuple[Edit, ...]) -> int:
    """Count the edits that two lists begin with in common."""
    pairs = zip(mine, theirs, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(mine), len(theirs)))


def _say_conflict(conflict: Conflict) -> str:
    return f"your {WORDS[type(conflict.ours)]} and their {WORDS[type(conflict.theirs)]} {conflict}"
