"""Write the demonstration town from the command line.

python -m gridgeo.town --households 20000 --seed 0 --out town
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridgeo.model.errors import GridgeoError

from .files import write_town
from .town import make_town


def main(
    households: Annotated[int, typer.Option(help="Dwellings lived in, 2,000 or more.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed is another town.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")] = Path("town"),
) -> None:
    """Write the demonstration town as the files that a user would bring."""
    try:
        paths = write_town(make_town(households, seed), out)
    except GridgeoError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        raise typer.Exit(2) from None
    for path in paths:
        typer.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
