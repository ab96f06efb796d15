"""Tell which unit answers for a category of incident in an area."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridgeo.model.errors import ProfileError, TableError
from gridgeo.model.rule_files import find_rules, list_rules
from gridgeo.model.service_tables import ROUTES
from gridgeo.model.tables import check

from .dispatch_tree import LevelTree
from .validity import Spans, day_number

ANY_CATEGORY = "*"
"""The category of a route for all categories that no other route in force names for the place."""
_FOLDER = "rules"
_TITLE = "title_zh"
_FACTS = ("title", _TITLE, "source")
_COLUMNS = ["category", "group", "unit", "roles", _TITLE]


@dataclass(frozen=True)
class Route:
    """What a routing table says for a category in an area on a day.

    Parameters
    ----------
    route_id : str
    unit : str
        The unit that answers.
    roles : frozenset of str
        Roles of the officers that may be sent; empty for all.
    """

    route_id: str
    unit: str
    roles: frozenset[str]


class RouteTable:
    """A routing table, made ready to be asked often.

    Parameters
    ----------
    routes : DataFrame
        Table ``ROUTES``.

    Raises
    ------
    TableError
        If the table breaks its contract, or two of its rows say the same category and area for one day.
    """

    def __init__(self, routes: pd.DataFrame) -> None:
        check(routes, ROUTES)
        self._spans = Spans.of(routes, ROUTES.name)
        area_ids = routes["area_id"] if "area_id" in routes.columns else pd.Series(None, index=routes.index)
        roles = routes["roles"] if "roles" in routes.columns else pd.Series(None, index=routes.index)
        self._rows: dict[tuple[str, str | None], list[int]] = {}
        self._routes: list[Route] = []
        for at, (route_id, category, area_id, unit, role) in enumerate(
            zip(routes.index, routes["category"], area_ids, routes["unit"], roles, strict=True)
        ):
            place = area_id if isinstance(area_id, str) and area_id else None
            self._rows.setdefault((category, place), []).append(at)
            words = frozenset(role.split()) if isinstance(role, str) else frozenset()
            self._routes.append(Route(str(route_id), unit, words))
        self._refuse_conflicts()

    def find(self, category: Any, path: Sequence[str], day: int) -> Route | None:
        """Find the route of a category in an area on a day.

        Parameters
        ----------
        category : str
        path : sequence of str
            The area and those above it, the nearest first.
        day : int
            Days since 1970-01-01.

        Returns
        -------
        Route or None
            That of the nearest area for which the category has one, else that for everywhere; where the category has
            none here, the route of ``*`` by the same order. None where there is neither.
        """
        for name in (category, ANY_CATEGORY):
            for place in (*path, None):
                for row in self._rows.get((name, place), ()):
                    if self._spans.begins[row] <= day < self._spans.ends[row]:
                        return self._routes[row]
        return None

    def _refuse_conflicts(self) -> None:
        for (category, place), rows in self._rows.items():
            order = sorted((row for row in rows if not self._spans.are_empty[row]), key=self._spans.begins.__getitem__)
            for one, other in pairwise(order):
                if self._spans.ends[one] > self._spans.begins[other]:
                    first, second = sorted((self._routes[one].route_id, self._routes[other].route_id))
                    raise TableError(
                        f"routes: {first!r} and {second!r} both say who answers for {category!r} in "
                        f"{place or 'all areas'!r} on one day; end one of them before the other begins"
                    )


def find_routes(
    categories: pd.Series, area_ids: pd.Series, routes: pd.DataFrame, at: Any, *, areas: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Tell which unit answers for each incident.

    Parameters
    ----------
    categories : Series of text
    area_ids : Series of text
        The area of each, indexed like ``categories``.
    routes : DataFrame
        Table ``ROUTES``. A route for an area holds for all areas below it; the nearest one counts. A category without
        a route of its own in the place is answered by the route of ``*``.
    at : date
        The day.
    areas : DataFrame, optional
        Areas of all levels with ``parent_id``, by ``area_id``.

    Returns
    -------
    DataFrame
        Indexed like ``categories``: ``route_id``, ``unit``, ``roles``; missing where there is no route.

    Raises
    ------
    TableError
        If a table breaks its contract or ``at`` is not a day.
    """
    if not categories.index.equals(area_ids.index):
        raise TableError("routes: the area ids are not indexed like the categories; use reindex(categories.index)")
    table, tree, day = RouteTable(routes), LevelTree(areas), day_number(at, ROUTES.name)
    found: dict[tuple[Any, Any], Route | None] = {}
    rows = []
    for category, area_id in zip(categories, area_ids, strict=True):
        if (category, area_id) not in found:
            found[category, area_id] = table.find(category, tree.path(area_id), day)
        route = found[category, area_id]
        rows.append((route.route_id, route.unit, " ".join(sorted(route.roles)) or None) if route else (None,) * 3)
    values = np.array(rows, dtype=object).reshape(-1, 3)
    return pd.DataFrame(values, columns=["route_id", "unit", "roles"], index=categories.index).astype("str")


def list_routes() -> list[str]:
    """Name the routing tables that gridgeo ships; they are samples to start one's own from.

    Returns
    -------
    list of str
        In alphabetical order; each is a name for ``load_routes``.
    """
    return list_rules(__package__, _FOLDER)


def load_routes(name: str | Path) -> pd.DataFrame:
    """Load a routing table that gridgeo ships, or one from a TOML file of the same form.

    Parameters
    ----------
    name : str or Path
        ``"township-sample"``: 18 kinds in 6 groups, a sample whose names are gridgeo's own and no paper's text;
        ``"demonstration-town"``: the categories of ``make_town``. Or the path of a file that ends in ``.toml``.

    Returns
    -------
    DataFrame
        Table ``ROUTES``, for everywhere and without end; ``title_zh`` names the category in Chinese. What the table
        is and where it comes from stands in ``attrs``: ``title``, ``title_zh``, ``source``.

    Raises
    ------
    ProfileError
        If there is no such table, or its file cannot be read.
    TableError
        If a category has no unit, or stands in two groups.
    """
    text, source = find_rules(name, __package__, _FOLDER, "routing table")
    try:
        form = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{source}: is not TOML: {error}") from None
    rows = [
        {**_read_kind(category, kind, source), "category": category, "group": group}
        for group, kinds in form.items()
        if isinstance(kinds, dict)
        for category, kind in kinds.items()
        if category != _TITLE
    ]
    stem = Path(name).stem
    index = pd.Index([f"{stem}-{number:02d}" for number in range(1, len(rows) + 1)], name="route_id", dtype="str")
    table = pd.DataFrame(rows, index=index, columns=_COLUMNS).astype("str")
    twice = table["category"].duplicated()
    if twice.any():
        raise TableError(f"{source}: category {table.loc[twice, 'category'].iloc[0]!r} stands in two groups")
    table.attrs = {fact: form[fact] for fact in _FACTS if fact in form}
    return table


def _read_kind(category: str, kind: Any, source: str) -> dict[str, Any]:
    """Read what a file says of one category."""
    if not isinstance(kind, dict) or not isinstance(kind.get("unit"), str):
        raise TableError(f'{source}: category {category!r} names no unit; write {category} = {{ unit = "..." }}')
    strange = sorted(set(kind) - {"unit", "roles", _TITLE})
    if strange:
        raise TableError(f"{source}: category {category!r} says {strange[0]!r}; it may say unit, roles and {_TITLE}")
    return kind
