"""Run ``gridgeo draft``: open drafts of a store, edit them stroke by stroke, look at them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import gridgeo as gg
from gridgeo.design.draft_strokes import Stroke
from gridgeo.model.edits import WORDS, Edit, read_edit
from gridgeo.model.errors import EditError, GridgeoError
from gridgeo.model.levels import Level
from gridgeo.storage.files import write_plan

from .inputs import writable
from .screen import note, plain_errors, say, show_table
from .storing import Place, Territory

MOST_SHOWN = 20
By = Annotated[str, typer.Option(help="Who does it; kept in the journal.")]
Why = Annotated[str | None, typer.Option(help="Why; kept in the journal.")]
DraftId = Annotated[int, typer.Argument(metavar="DRAFT", help="Number of the draft; gridgeo draft list tells it.")]
EditLevel = Annotated[str, typer.Option(help="grid or micro.")]

draft = typer.Typer(help="Open drafts of a plan, edit them together, compare them.", no_args_is_help=True)


def _guarded(command: Any) -> Callable[..., Any]:
    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        with plain_errors():
            return command(*args, **options)

    return run


def open_(
    place: Place,
    name: Annotated[str, typer.Option(help="What colleagues know the draft by.")],
    by: By,
    base: Annotated[int | None, typer.Option(help="Version to start from; without it, that in force today.")] = None,
    why: Why = None,
    territory: Territory = "main",
) -> None:
    """Open a draft of the plan in force, or of another version.

    Example: gridgeo draft open town.db --name "October" --by "Li Min"
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        bench = gg.open_workbench(store, name=name, base=base, by=by, why=why)
        say(f"draft {bench.draft_id} {name!r} is open, from version {bench.base_version}")


def list_(place: Place, territory: Territory = "main") -> None:
    """List the drafts.

    Example: gridgeo draft list town.db
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        drafts = store.drafts()
    if drafts.empty:
        say("no drafts; gridgeo draft open opens one")
        return
    rows = [
        [int(number), row["name"], row["state"], int(row["base_version"]), int(row["revision"]), row["changed_by"],
         row["changed_at"].isoformat(sep=" ", timespec="seconds")]
        for number, row in zip(drafts.index, drafts.to_dict("records"), strict=True)
    ]  # fmt: skip
    show_table("drafts", ["draft", "name", "state", "from version", "revision", "last by", "at (UTC)"], rows)


def edit(
    place: Place,
    draft_id: DraftId,
    by: By,
    word: Annotated[
        str | None,
        typer.Argument(metavar="EDIT", help="move, merge, split, rename, recode, lock, keep or reparent."),
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID...", help="Atoms to move or keep; areas of every other edit.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Area that atoms move to, or community of reparented grids.")] = None,
    name: Annotated[str | None, typer.Option(help="Of rename, merge, reparent.")] = None,
    code: Annotated[str | None, typer.Option(help="Of recode.")] = None,
    line: Annotated[str | None, typer.Option(help="Split along it: WKT of a LINESTRING in the plan's metres.")] = None,
    target: Annotated[int | None, typer.Option(help="Split: households of one part.")] = None,
    atoms: Annotated[
        list[str] | None, typer.Option(help="Atoms: of split those that leave, of lock; repeat it.")
    ] = None,
    level: EditLevel = Level.GRID,
    off: Annotated[bool, typer.Option("--off", help="Of lock and keep: let them go again.")] = False,
    edits: Annotated[
        Path | None, typer.Option(help="A .json list or .jsonl of edits, made as one step: all, or none.")
    ] = None,
    why: Why = None,
    try_: Annotated[bool, typer.Option("--dry-run", help="Tell what one edit would change; nothing is kept.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Go on although the base is in force no longer.")] = False,
    territory: Territory = "main",
) -> None:
    """Make an edit, or a file of them, and tell the counts and findings of the grids it touches.

    Example: gridgeo draft edit town.db 3 move A0031 A0032 --to C1-02 --by "Li Min" --why "new tower"
    """
    options = {"to": to, "name": name, "code": code, "line": line, "target": target, "atoms": atoms, "level": level}
    wanted = _wanted(word, ids or [], {**options, "off": off}, edits)
    with gg.open_store(place, territory=territory, create=False) as store:
        bench = gg.Workbench(store, draft_id)
        if try_:
            if len(wanted) != 1:
                raise GridgeoError(f"--dry-run tells of one edit, and {len(wanted)} are given")
            stroke = bench.preview(wanted[0])
            if stroke.refused:
                raise EditError(stroke.refused)
            show_stroke(stroke)
            return
        for stroke in bench.apply_all(wanted, by=by, why=why, force=force):
            show_stroke(stroke)
        say(f"draft {draft_id} is at revision {bench.revision}")


_KEYS = {
    "move": {"ids": "atom_ids", "to": "area_id", "level": "level"},
    "merge": {"ids": "area_ids", "name": "name", "level": "level"},
    "split": {"id": "area_id", "line": "line", "target": "target", "atoms": "atom_ids", "level": "level"},
    "rename": {"id": "area_id", "name": "name"},
    "recode": {"id": "area_id", "code": "code"},
    "lock": {"ids": "area_ids", "atoms": "atom_ids", "on": "on"},
    "keep": {"ids": "atom_ids", "on": "on"},
    "reparent": {"ids": "area_ids", "to": "community_id", "name": "name"},
}
"""For each edit: what is given on the command line -> key of its record."""


def _wanted(word: str | None, ids: list[str], given: dict[str, Any], file: Path | None) -> list[Edit]:
    """Read the edits that a command line or a file asks for."""
    if (word is None) == (file is None):
        raise GridgeoError(f"name one edit ({', '.join(_KEYS)}) or a file with --edits, and not both")
    if file is not None:
        return read_edits(file)
    if word not in _KEYS:
        raise EditError(f"edit {word!r} is not known; it is one of {', '.join(_KEYS)}")
    keys = _KEYS[word]
    if "id" in keys and len(ids) != 1:
        raise EditError(f"{word}: takes one area, and {len(ids)} are named")
    values = {**given, "ids": ids, "id": ids[0] if ids else None, "on": not given["off"]}
    told = {"--off": given["off"], **{f"--{key}": given[key] for key in given if key not in ("off", "level")}}
    for option, value in told.items():
        key = "on" if option == "--off" else option.removeprefix("--")
        if value and key not in keys:
            raise EditError(f"{word}: takes no {option}; see gridgeo draft edit --help")
    record = {key: values[each] for each, key in keys.items() if values[each] is not None}
    return [read_edit({"edit": "keep_together" if word == "keep" else word, **record})]


def read_edits(file: Path) -> list[Edit]:
    """Read edits from a file: a JSON list, or one record a line.

    Parameters
    ----------
    file : Path

    Returns
    -------
    list of Edit

    Raises
    ------
    EditError
        Naming the record at fault.
    """
    text = file.read_text("utf-8-sig")
    try:
        records = json.loads(text) if text.lstrip().startswith("[") else [
            json.loads(row) for row in text.splitlines() if row.strip()
        ]  # fmt: skip
    except json.JSONDecodeError as error:
        raise EditError(f"{file}: is no JSON list and no JSON a line: {error}") from None
    if not records:
        raise EditError(f"{file}: holds no edit")
    made = []
    for number, record in enumerate(records, start=1):
        try:
            made.append(read_edit(record))
        except EditError as error:
            raise EditError(f"{file}: edit {number}: {error}") from None
    return made


def undo(place: Place, draft_id: DraftId, by: By, why: Why = None, territory: Territory = "main") -> None:
    """Undo the last step of a draft, whoever made it.

    Example: gridgeo draft undo town.db 3 --by "Li Min"
    """
    _turn("undo", place, draft_id, by, why, territory)


def redo(place: Place, draft_id: DraftId, by: By, why: Why = None, territory: Territory = "main") -> None:
    """Bring back the step that was undone last.

    Example: gridgeo draft redo town.db 3 --by "Li Min"
    """
    _turn("redo", place, draft_id, by, why, territory)


def _turn(action: str, place: str, draft_id: int, by: str, why: str | None, territory: str) -> None:
    with gg.open_store(place, territory=territory, create=False) as store:
        bench = gg.Workbench(store, draft_id)
        for stroke in getattr(bench, action)(by=by, why=why):
            say(f"{'undone' if action == 'undo' else 'made again'}: {WORDS[type(stroke.edit)]}")
            show_stroke(stroke)
        say(f"draft {draft_id} is at revision {bench.revision}")


def rebase(
    place: Place,
    draft_id: DraftId,
    by: By,
    base: Annotated[int | None, typer.Option(help="Version to start from; without it, that in force today.")] = None,
    why: Why = None,
    territory: Territory = "main",
) -> None:
    """Let a draft start from a later version; refused where its edits touch what was changed by then.

    Example: gridgeo draft rebase town.db 3 --by "Li Min"
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        bench = gg.Workbench(store, draft_id)
        bench.rebase(by=by, base=base, why=why)
        say(f"draft {draft_id} starts from version {bench.base_version}, and is at revision {bench.revision}")


def discard(place: Place, draft_id: DraftId, by: By, why: Why = None, territory: Territory = "main") -> None:
    """Close a draft that will not be published; it stays on record.

    Example: gridgeo draft discard town.db 3 --by "Li Min" --why "the towers are not built"
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        store.discard_draft(draft_id, by=by, why=why)
    say(f"draft {draft_id} is discarded")


def show(
    place: Place,
    draft_id: DraftId,
    out: Annotated[Path | None, typer.Option(help="Write the draft as plan.gpkg.")] = None,
    level: Annotated[str, typer.Option(help="Of the areas listed.")] = Level.GRID,
    territory: Territory = "main",
) -> None:
    """Show who did what to a draft, what it holds and what there is to say.

    Example: gridgeo draft show town.db 3 --out october.gpkg
    """
    if out is not None:
        writable(out)
    with gg.open_store(place, territory=territory, create=False) as store:
        bench = gg.Workbench(store, draft_id)
        say(f"draft {draft_id} {bench.name!r}: {bench.state}, from version {bench.base_version}, "
            f"at revision {bench.revision}, {len(bench.edits)} edits")  # fmt: skip
        _show_journal(bench)
        areas = bench.areas(level)
        say(f"{len(areas):,} areas of level {level}, {int(areas['households'].sum()):,} households")
        _show_findings(bench.findings())
        if out is not None:
            write_plan(bench.plan, out)
            say(f"{out}: written")


def diff(
    place: Place,
    draft_id: DraftId,
    days: Annotated[int | None, typer.Option(min=1, help="Replay the incidents of so many days, too.")] = None,
    level: Annotated[str, typer.Option(help="Of the areas compared.")] = Level.GRID,
    territory: Territory = "main",
) -> None:
    """Tell what differs between a draft and its base: grids, households, officers, incidents.

    Example: gridgeo draft diff town.db 3 --days 30
    """
    with gg.open_store(place, territory=territory, create=False) as store:
        if days is not None:
            told = gg.what_if(store, draft_id, days=days, level=level)
            found = told.comparison
            say(str(told))
        else:
            found = gg.Workbench(store, draft_id).compare(level=level)
            say(str(found))
    moved = found.moved
    rows = [[_id(row["before_id"]), _id(row["after_id"]), row["change"], int(row["households"]), float(row["area_m2"])]
            for row in moved.head(MOST_SHOWN).to_dict("records")]  # fmt: skip
    if rows:
        show_table("who moves", ["from", "to", "change", "households", "m²"], rows)
    if len(moved) > MOST_SHOWN:
        note(f"{len(moved) - MOST_SHOWN} more rows; gridgeo compare writes them all")


def show_stroke(stroke: Stroke) -> None:
    """Print the counts of the areas that an edit touched, and what there is to say of them.

    Parameters
    ----------
    stroke : Stroke
    """
    rows = [
        [str(area_id), row["level"], row["change"], _count(row["households_before"]), _count(row["households"])]
        for area_id, row in stroke.areas.iterrows()
    ]
    if rows:
        show_table(WORDS[type(stroke.edit)], ["area", "level", "change", "households before", "now"], rows)
    else:
        say(f"{WORDS[type(stroke.edit)]}: done")
    _show_findings(stroke.findings)


def _show_findings(findings: Any) -> None:
    for severity, message in findings[["severity", "message"]].head(MOST_SHOWN).itertuples(index=False):
        say(f"{severity}: {message}")
    if len(findings) > MOST_SHOWN:
        note(f"{len(findings) - MOST_SHOWN} more findings")


def _show_journal(bench: gg.Workbench) -> None:
    rows = []
    for row in bench.journal().tail(MOST_SHOWN).to_dict("records"):
        words = ", ".join(str(each.get("edit")) for each in row["edits"] or ())
        when = row["at"].isoformat(sep=" ", timespec="seconds")
        rows.append([when, _id(row["actor"]), row["action"], words, "" if _id(row["why"]) == "-" else row["why"]])
    show_table("journal", ["at (UTC)", "who", "did", "edits", "why"], rows)


def _id(value: Any) -> str:
    return value if isinstance(value, str) else "-"


def _count(value: Any) -> str:
    return "-" if pd.isna(value) else f"{int(value):,}"


for _name, _command in {
    "open": open_,
    "list": list_,
    "edit": edit,
    "undo": undo,
    "redo": redo,
    "rebase": rebase,
    "discard": discard,
    "show": show,
    "diff": diff,
}.items():
    draft.command(_name)(_guarded(_command))
