"""Hold what an address book is made of against what it needs."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd
import shapely

from gridgeo.model.crs import check_metric
from gridgeo.model.errors import TableError


def check_addresses(addresses: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Hold addresses against what a book needs, and leave out rows without a text."""
    if not isinstance(addresses, gpd.GeoDataFrame) or addresses.active_geometry_name is None:
        raise TableError("addresses: has no geometry; pass a GeoDataFrame of points with a column 'address'")
    if "address" not in addresses.columns:
        raise TableError("addresses: column 'address' is missing; map it with columns={...}")
    check_metric(addresses.crs, "addresses")
    if addresses.index.hasnans or not all(isinstance(key, str) for key in addresses.index):
        raise TableError("addresses: its index must be ids of text, none missing; use index.astype(str)")
    if not addresses.index.is_unique:
        twice = addresses.index[addresses.index.duplicated()][0]
        raise TableError(f"addresses: id {twice!r} stands more than once; ids must be unique")
    texts = addresses["address"]
    wrong = texts.notna() & ~texts.map(lambda text: isinstance(text, str)).astype(bool)
    if wrong.any():
        first = texts.index[wrong][0]
        raise TableError(f"addresses: address of {first!r} is {texts[first]!r}, not text")
    kinds = shapely.get_type_id(addresses.geometry.to_numpy())
    if (kinds > 0).any():
        first = addresses.index[kinds > 0][0]
        raise TableError(f"addresses: geometry of {first!r} is a {addresses.geometry[first].geom_type}, not a Point")
    kept = addresses[texts.notna().to_numpy() & (texts.fillna("").str.strip() != "").to_numpy()]
    if not len(kept):
        raise TableError("addresses: no row has an address, so that no text can be found")
    return kept


def check_names(names: Mapping[str, str] | pd.Series | pd.DataFrame | None, table: str) -> dict[str, str]:
    """Read a table of two columns of text: another name and a name, or an id and a name.

    Parameters
    ----------
    names : mapping, Series or DataFrame of two columns, optional
    table : str
        What errors call it.

    Returns
    -------
    dict of str to str

    Raises
    ------
    TableError
        If it has another number of columns, or something in it is missing, empty or not text.
    """
    if names is None:
        return {}
    if isinstance(names, pd.DataFrame):
        if names.shape[1] != 2:
            raise TableError(f"{table}: has {names.shape[1]} columns, not 2")
        pairs = list(zip(*(names[column] for column in names.columns), strict=True))
    else:
        pairs = list(names.items())
    for key, name in pairs:
        for value in (key, name):
            if not isinstance(value, str) or not value.strip():
                raise TableError(f"{table}: {key!r} stands for {name!r}; both must be text")
    return dict(pairs)


def check_communities(addresses: gpd.GeoDataFrame, communities: Mapping[str, str]) -> pd.Series:
    """Give the community of each address by its name.

    Parameters
    ----------
    addresses : GeoDataFrame
    communities : mapping of id to name

    Returns
    -------
    Series of text
        Empty where an address has none.

    Raises
    ------
    TableError
        If names are given and there is no column ``community_id``, or it holds an id without a name.
    """
    if not communities:
        return pd.Series("", index=addresses.index, dtype="str")
    if "community_id" not in addresses.columns:
        raise TableError("addresses: column 'community_id' is missing, to which communities= gives names")
    ids = addresses["community_id"]
    unknown = ids.notna() & ~ids.isin(list(communities))
    if unknown.any():
        first = ids.index[unknown][0]
        raise TableError(f"addresses: community_id of {first!r} is {ids[first]!r}, which communities= does not name")
    return ids.map(communities).fillna("").astype("str")
