"""Run ``gridgeo store``: back up, restore, exchange and check the plans of a store."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

import gridgeo as gg

from .screen import plain_errors, say

Place = Annotated[str, typer.Argument(metavar="STORE", help="town.db, or postgresql://user@host/database.")]
Territory = Annotated[str, typer.Option(help="Whose plans are meant, where a store holds those of several.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what is there.")]

store = typer.Typer(help="Back up, restore, exchange and check a store of plans.", no_args_is_help=True)


def _guarded(command: Any) -> Callable[..., Any]:
    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        with plain_errors():
            return command(*args, **options)

    return run


def backup(
    place: Place, out: Annotated[Path, typer.Argument(help="The file to write.")], replace: Replace = False
) -> None:
    """Write a backup of all that a store holds, while others work with it.

    Example: gridgeo store backup town.db backups/2026-10-01.db
    """
    with gg.open_store(place, create=False) as opened:
        opened.backup(out, replace=replace)
    say(f"{out}: written and checked")


def restore(
    file: Annotated[Path, typer.Argument(help="As gridgeo store backup wrote it.")],
    place: Place,
    replace: Replace = False,
) -> None:
    """Make a store from a backup: a file, or a database on a server, whichever it came from.

    Example: gridgeo store restore backups/2026-10-01.db postgresql://planner@server/town
    """
    gg.restore(file, place, replace=replace)
    say("made and checked")


def export(
    place: Place,
    out: Annotated[Path, typer.Argument(help="A GeoPackage (.gpkg), or a folder to make of GeoParquet files.")],
    territory: Territory = "main",
    phones: Annotated[bool, typer.Option("--phones", help="Let the officers' telephone numbers go along.")] = False,
) -> None:
    """Write a territory, all its versions and incidents, for other programs and other stores.

    Example: gridgeo store export town.db town.gpkg
    """
    with gg.open_store(place, territory=territory, create=False) as opened:
        opened.export(out, phones=phones)
    say(f"{out}: written" + ("" if phones else ", without telephone numbers (--phones takes them along)"))


def import_(
    source: Annotated[Path, typer.Argument(help="As gridgeo store export wrote it.")],
    place: Place,
    replace: Replace = False,
) -> None:
    """Make a store from what gridgeo store export wrote.

    Example: gridgeo store import town.gpkg postgresql://planner@server/town
    """
    gg.import_workspace(source, place, replace=replace)
    say("made and checked")


def check(place: Place) -> None:
    """Look whether a store is sound; exits with 3 where it is not.

    Example: gridgeo store check town.db
    """
    with gg.open_store(place, create=False) as opened:
        damage = opened.check()
    for line in damage:
        say(line)
    if damage:
        raise typer.Exit(3)
    say("sound: every plan is there in full, as it was published")


for _name, _command in {
    "backup": backup,
    "restore": restore,
    "export": export,
    "import": import_,
    "check": check,
}.items():
    store.command(_name)(_guarded(_command))
