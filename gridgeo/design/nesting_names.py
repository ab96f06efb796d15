"""Compare where inner areas lie with what their rows say: the parent they name, the code they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .intake import Survey, as_text
from .nesting_pieces import Network

PARENT_COLUMN, CODE_COLUMN, ID_COLUMN = "parent_id", "code", "area_id"
"""Columns that are looked at unless others are named; ``area_id`` stands for the ids themselves."""


@dataclass(frozen=True, eq=False)
class Names:
    """What inner areas say of one network.

    Parameters
    ----------
    parent : array of str or None
        The outer area each names, "" for none; None where nothing is compared.
    code, outer_code : array of str or None
        Codes of inner and outer areas, "" for none.
    may_be_foreign : bool
        Whether the codes were compared without being asked for: where not one agrees, they mean something else.
    """

    parent: np.ndarray | None = None
    code: np.ndarray | None = None
    outer_code: np.ndarray | None = None
    may_be_foreign: bool = False

    def code_and_outer(self, inner: int, outer: int) -> tuple[str, str]:
        """Give the codes of an inner and an outer area."""
        if self.code is None or self.outer_code is None:
            return "", ""
        return str(self.code[inner]), str(self.outer_code[outer])


def find_names(
    inner: Survey,
    networks: Mapping[str, Network],
    parent: str | Mapping[str, str] | None,
    code: str | Mapping[str, str] | None,
) -> dict[str, Names]:
    """Read what inner areas say of each network.

    Raises
    ------
    TableError
        If a column or a network is not there.
    """
    parents, codes = _by_network("parent", parent, networks), _by_network("code", code, networks)
    if parent is None:
        knows = _who_knows(inner, networks)
        parents = {} if knows is None else {knows: PARENT_COLUMN}
    found = {}
    for name, network in networks.items():
        named = _read_column(inner.attributes, inner.ids, parents[name], "inner") if name in parents else None
        found[name] = Names(named, *_read_codes(inner, network, codes.get(name)), code is None)
    return found


def _by_network(what: str, asked: str | Mapping[str, str] | None, networks: Mapping[str, Network]) -> dict[str, str]:
    """Give the column that is asked for in each network."""
    if asked is None:
        return {}
    if isinstance(asked, str):
        return dict.fromkeys(networks, asked)
    strange = [name for name in asked if name not in networks]
    if strange:
        raise TableError(f"{what}: there is no network {strange[0]!r}; they are {', '.join(networks)}")
    return dict(asked)


def _who_knows(inner: Survey, networks: Mapping[str, Network]) -> str | None:
    """Find the network that knows most of the parents that inner areas name; None where none knows any."""
    if PARENT_COLUMN not in inner.attributes:
        return None
    named = _read_column(inner.attributes, inner.ids, PARENT_COLUMN, "inner")
    known = {name: int(np.isin(named, network.ids).sum()) for name, network in networks.items()}
    best = max(known, key=lambda name: known[name])
    return best if known[best] else None


def _read_codes(inner: Survey, network: Network, column: str | None) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Read the codes of both; None where they are not compared."""
    outer = network.survey.attributes if network.survey is not None else pd.DataFrame(index=range(len(network.ids)))
    if column is None:
        if CODE_COLUMN not in inner.attributes or CODE_COLUMN not in outer:
            return None, None
        column = CODE_COLUMN
    return (
        _read_column(inner.attributes, inner.ids, column, "inner"),
        _read_column(outer, network.ids, column, network.name),
    )


def _read_column(attributes: pd.DataFrame, ids: np.ndarray, column: str, table: str) -> np.ndarray:
    """Read a column as text, whole numbers without a point; "" where a value is missing."""
    if column == ID_COLUMN:
        return ids
    if column not in attributes:
        known = ", ".join([ID_COLUMN, *(str(name) for name in attributes.columns)])
        raise TableError(f"{table}: has no column {column!r}; its columns are {known}")
    return as_text(attributes[column])


def agreement(said: np.ndarray | None, true: np.ndarray | None, *, by_start: bool) -> np.ndarray | None:
    """Tell whether what is said agrees with what is true, or begins with it; None where either is missing.

    Parameters
    ----------
    said, true : array of str or None
        "" where missing.
    by_start : bool

    Returns
    -------
    array of bool or None, or None
    """
    if said is None or true is None:
        return None
    agrees = [
        None if not one or not two else one.startswith(two) if by_start else one == two
        for one, two in zip(said.tolist(), true.tolist(), strict=True)
    ]
    return np.array(agrees, dtype=object)
