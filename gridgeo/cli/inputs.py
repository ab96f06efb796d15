"""Read the layers that a command line names."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import typer

from gridgeo.model.errors import GridgeoError
from gridgeo.storage.files import read_layer

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="TABLE:THEIRS=OURS,...",
        help="Say which column is which, as in households:parcel_id=household_id,units=count. May be repeated.",
    ),
]
Crs = Annotated[
    str | None, typer.Option("--crs", help="What the coordinates are in, whatever the files say; as EPSG:4547.")
]
Datum = Annotated[str | None, typer.Option("--datum", help="gcj02 or bd09, where the coordinates are shifted ones.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Of texts, where a file does not say; as gbk.")]


@dataclass
class Inputs:
    """The door through which a command reads all its layers.

    Parameters
    ----------
    columns : list of str
        As the option gives them.
    crs, datum, encoding : str, optional
        For every file that does not say.
    """

    columns: list[str] | None = None
    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    attribution: str = ""

    def read(
        self, place: str, table: str | None, *, to: Any = None, broken: bool = False, name: str | None = None
    ) -> gpd.GeoDataFrame:
        """Read one layer.

        Parameters
        ----------
        place : str
            ``FILE`` or ``FILE:LAYER``.
        table : str or None
            Which table it is; None for mere shapes, whose columns stay as they are.
        to : CRS, optional
            Metric CRS to bring it into; the first layer read sets it for the others.
        broken : bool
            Keep shapes that are invalid, as an audit wants them.
        name : str, optional
            What to call it in the manifest; without it, the table's name. ``--columns`` may use it too.

        Returns
        -------
        GeoDataFrame
        """
        frame = read_layer(place, table=table, columns=self.mapping(table, name), crs=self.crs, datum=self.datum,
                           encoding=self.encoding, to=to, broken=broken)  # fmt: skip
        source = frame.attrs.get("source", {})
        self.sources[name or str(table)] = {
            key: source[key] for key in ("file", "layer", "rows", "digest") if key in source
        }
        if "osm_id" in json.dumps(source.get("mapping", {})) or "osm_id" in frame.columns:
            self.attribution = "© OpenStreetMap contributors, ODbL 1.0"
        return frame

    def read_if(self, place: str | None, table: str | None, **options: Any) -> gpd.GeoDataFrame | None:
        """Read one layer, or none where none is named."""
        return None if place is None else self.read(place, table, **options)

    def mapping(self, *tables: str | None) -> dict[str, str] | None:
        """Give what ``--columns`` says of some tables: theirs -> ours; None where it says nothing."""
        mapping: dict[str, str] = {}
        for option in self.columns or []:
            name, _, pairs = option.partition(":")
            if not pairs:
                raise GridgeoError(f"--columns {option!r}: is not TABLE:THEIRS=OURS; as in households:units=count")
            if name not in tables:
                continue
            for pair in pairs.split(","):
                theirs, _, ours = pair.partition("=")
                if not ours:
                    raise GridgeoError(f"--columns {option!r}: {pair!r} is not THEIRS=OURS")
                mapping[theirs.strip()] = ours.strip()
        return mapping or None


def writable(path: Path) -> Path:
    """Check before the work that a file can be written there.

    Raises
    ------
    StorageError
        If the folder is not there or not writable.
    """
    from gridgeo.storage.files import check_writable

    check_writable(path)
    return path
