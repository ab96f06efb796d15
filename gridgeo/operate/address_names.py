"""Give a book the names of communities, and other names for what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from gridgeo.model.errors import TableError

from .address_numbers import BUILDING, COMMUNITY, ESTATE, NUMBER, PLACE, ROAD
from .address_places import Places
from .address_reading import cut, plain
from .address_search import AddressSearch
from .address_text import has_chinese
from .western_address import street_key

_NAMED = (ROAD, ESTATE, COMMUNITY)


def name_key(name: str) -> str:
    """Bring a name into the form in which it is compared."""
    return plain(name).text if has_chinese(name) else street_key(name)


def name_communities(places: Places, community: pd.Series) -> Places:
    """Name the community of each place: that of its first household.

    Parameters
    ----------
    places : Places
    community : Series of text
        Name for each row of the addresses, empty where there is none.

    Returns
    -------
    Places
    """
    given = {name: name_key(name) for name in community.unique() if name}
    if not given:
        return places
    first = community.to_numpy()[places.rows[places.first[:-1]]]
    named = [replace(place, community=given.get(name, "")) for place, name in zip(places.places, first, strict=True)]
    names = {**places.names, **{(COMMUNITY, key): name for name, key in given.items() if key}}
    return replace(places, places=named, names=names)


def resolve_aliases(search: AddressSearch, aliases: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Find what each other name stands for.

    Parameters
    ----------
    search : AddressSearch
    aliases : mapping of str to str
        Another name, and the road, estate, community or building.

    Returns
    -------
    dict of str to (kind, name)

    Raises
    ------
    TableError
        If the book does not hold what a name stands for.
    """
    found: dict[str, tuple[str, str]] = {}
    for alias, target in aliases.items():
        key = name_key(target)
        kinds = [kind for kind in _NAMED if (kind, key) in search.places.names]
        if kinds:
            found[name_key(alias)] = kinds[0], key
            continue
        answers = search.answers(cut(target, search)[1], 1)
        exact = [answer for answer in answers if answer.verdict.likeness == 1 and answer.level in (BUILDING, NUMBER)]
        if not exact or len(exact[0].places) != 1:
            raise TableError(f"aliases: {alias!r} stands for {target!r}, which is no name or building in addresses")
        found[name_key(alias)] = PLACE, exact[0].place.label
    return found
