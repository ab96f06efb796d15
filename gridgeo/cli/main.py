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
from .coding import codes
from .comparing import compare
from .conforming import conformance
from .demo import demo
from .dispatching import dispatch
from .drafting import draft
from .hotspotting import hotspots
from .nesting import nest
from .planning import plan
from .publishing import publish, versions, withdraw
from .rebalancing import rebalance
from .screen import plain_errors, say
from .showing import export, locate, map_, profiles, serve
from .staffing import duties
from .storing import store
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
    "codes": codes,
    "compare": compare,
    "conformance": conformance,
    "rebalance": rebalance,
    "repair": repair,
    "nest": nest,
    "adopt": adopt,
    "locate": locate,
    "dispatch": dispatch,
    "hotspots": hotspots,
    "duties": duties,
    "rates": rates,
    "visits": visits,
    "publish": publish,
    "versions": versions,
    "withdraw": withdraw,
    "map": map_,
    "export": export,
    "serve": serve,
}.items():
    app.command(_name)(_guarded(_command))
app.add_typer(addresses, name="addresses")
app.add_typer(draft, name="draft")
app.add_typer(profiles, name="profiles")
app.add_typer(store, name="store")


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
