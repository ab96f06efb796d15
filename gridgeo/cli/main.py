"""Gather the commands under one name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from gridgeo import __version__

from .addressing import addresses
from .adopting import adopt
from .auditing import audit, repair
from .batching import atoms, batch
from .closing import rates
from .conforming import conformance
from .demo import demo
from .dispatching import dispatch
from .hotspotting import hotspots
from .nesting import nest
from .planning import plan
from .screen import plain_errors, say
from .showing import export, locate, map_, profiles, serve
from .staffing import duties
from .visiting import visits

app = typer.Typer(
    name="gridgeo",
    help="Divide a town into responsibility areas, prove that they cover it, and run the daily service on them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _guarded(command: Any) -> Callable[..., Any]:
    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        with plain_errors():
            return command(*args, **options)

    return run


for _name, _command in {
    "demo": demo,
    "plan": plan,
    "atoms": atoms,
    "batch": batch,
    "audit": audit,
    "conformance": conformance,
    "repair": repair,
    "nest": nest,
    "adopt": adopt,
    "locate": locate,
    "dispatch": dispatch,
    "hotspots": hotspots,
    "duties": duties,
    "rates": rates,
    "visits": visits,
    "map": map_,
    "export": export,
    "serve": serve,
}.items():
    app.command(_name)(_guarded(_command))
app.add_typer(addresses, name="addresses")
app.add_typer(profiles, name="profiles")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"gridgeo {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    app()
