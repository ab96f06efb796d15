"""Read what a planner asks of a division beside the profile: how many areas, what stays, what is not crossed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from gridgeo.model.errors import GridgeoError

from .inputs import Inputs

Number = int | tuple[int | None, int | None]

_NUMBER = re.compile(r"(?P<low>\d*)\.\.(?P<high>\d*)")
_RANKS = frozenset("123456")


@dataclass(frozen=True)
class Wishes:
    """The options of a division.

    Parameters
    ----------
    number_of_areas, locked, not_crossed, bridges, seeds, exclusive_level
        As the command line gives them.
    """

    number_of_areas: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N",
            help="So many grids: N, LOW..HIGH, or COMMUNITY=N (may be repeated); beat=N for beats.",
        ),
    ] = None
    locked: Annotated[str | None, typer.Option(help="Areas of an earlier plan that stay as they are.")] = None
    not_crossed: Annotated[
        list[str] | None,
        typer.Option(help="No area crosses it: river, rail, wall, a rank (1-6), or a street's id. May be repeated."),
    ] = None
    bridges: Annotated[str | None, typer.Option(help="Lines from land to land that join what they lead to.")] = None
    seeds: Annotated[str | None, typer.Option(help="Points of which each grid holds one.")] = None
    exclusive_level: Annotated[
        str | None, typer.Option(help="Institutions are areas of this level: grid, micro, or none.")
    ] = None

    def read(self, door: Inputs, to: Any) -> dict[str, Any]:
        """Read the wishes, their layers in the CRS of the plan.

        Parameters
        ----------
        door : Inputs
        to : CRS

        Returns
        -------
        dict
            Arguments of ``partition``; only those that were asked for.

        Raises
        ------
        GridgeoError
            If a number is none.
        """
        asked = {
            "number_of_areas": read_numbers(self.number_of_areas or []),
            "barriers": [int(each) if each in _RANKS else each for each in self.not_crossed or []] or None,
            "exclusive": self.exclusive_level,
            "locked": door.read_if(self.locked, "areas", to=to, name="locked"),
            "bridges": door.read_if(self.bridges, None, to=to, name="bridges"),
            "seeds": door.read_if(self.seeds, None, to=to, name="seeds"),
        }
        return {name: value for name, value in asked.items() if value is not None}

    def told(self) -> dict[str, Any]:
        """Give what was asked for, for the manifest."""
        return {name: value for name, value in asdict(self).items() if value}


def read_numbers(words: list[str]) -> Number | Mapping[str, Number] | None:
    """Read numbers of areas: one for the territory, or one a community.

    Parameters
    ----------
    words : list of str
        ``12``, ``10..14``, ``..12``, ``10..``, or one of these behind ``COMMUNITY=``.

    Returns
    -------
    int, (int or None, int or None), mapping, or None
        As ``partition`` takes it; None where nothing was asked for.

    Raises
    ------
    GridgeoError
        If one is no number, a community is named twice, or a number of the territory stands beside others.
    """
    found: dict[str, Number] = {}
    for each in words:
        name, _, number = each.rpartition("=")
        if name in found:
            raise GridgeoError(f"--number-of-areas {each!r}: {name or 'the territory'} has a number already")
        found[name] = _number(number, each)
    if "" in found and len(found) > 1:
        if set(found) != {"", "beat"}:
            raise GridgeoError("--number-of-areas: asks for the territory and for communities; leave one of them out")
        found["grid"] = found.pop("")
    return found.get("", found or None)


def _number(text: str, option: str) -> Number:
    if text.isdecimal():
        return int(text)
    ends = _NUMBER.fullmatch(text)
    if ends is None or not any(ends.groups()):
        raise GridgeoError(f"--number-of-areas {option!r}: {text!r} is neither N nor LOW..HIGH; as in 12, 10..14, ..12")
    return tuple(int(end) if end else None for end in ends.group("low", "high"))  # type: ignore[return-value]
