"""Give every building its address: odd numbers on the left of a street, even ones on the right, rising along it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from .columns import text
from .mesh import Mesh
from .names import BUILDING_WORD_SHARES, BUILDING_WORDS, ESTATE_ENDS
from .streets import whole_lines

ADDRESS_STREAM = 51
NUMBER_STEP_M = 9.0
"""Length of street that uses up one number on each side."""
GATE_RANK = 4.5
"""Estates have their gate on a street of about this rank, rather than on a main road."""
SITE_BUILDING_WORD = "号楼"


def write_addresses(
    mesh: Mesh,
    line_names: list[str | None],
    built: pd.DataFrame,
    named: np.ndarray,
    villages: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """Write the address of every building.

    Parameters
    ----------
    mesh : Mesh
    line_names : list of str or None
        As ``name_lines`` gives them.
    built : DataFrame
        As ``build`` gives it.
    named : array of str or None
        What stands on each block.
    villages : array of str
        Name of each block's community, for hamlets.
    seed : int

    Returns
    -------
    DataFrame
        Like ``built``: ``address`` (``溪桥路12号锦澜苑3栋``, ``柳荫巷17号``, ``白鹭村柳家浜8号``), unique; ``name``
        (``锦澜苑3栋``), missing for houses.
    """
    block, style = built["block"].to_numpy(), built["style"].to_numpy()
    in_hamlet, alone = style == "hamlet", np.isin(style, ["houses", "front"])
    on_site = ~in_hamlet & ~alone
    hamlet = pd.Series(named[block[in_hamlet]], dtype=object)
    number = hamlet.groupby(hamlet).cumcount().to_numpy() + 1
    address, name = np.full(len(built), None, dtype=object), np.full(len(built), None, dtype=object)
    address[in_hamlet] = [
        f"{villages[at]}{own}{house}号" for at, own, house in zip(block[in_hamlet], hamlet, number, strict=True)
    ]
    name[on_site] = _site_names(built[on_site], named, len(mesh.blocks), seed)
    doors = _doors(mesh, line_names, built, alone, on_site)
    address[alone], address[on_site] = doors[alone], doors[on_site] + name[on_site]
    return pd.DataFrame({"address": text(address), "name": text(name)}, index=built.index)


def _site_names(built: pd.DataFrame, named: np.ndarray, blocks: int, seed: int) -> list[str]:
    """Number the buildings of each estate and site; each estate has its own word for a building."""
    random = np.random.default_rng([seed, ADDRESS_STREAM])
    word = np.array(BUILDING_WORDS)[random.choice(len(BUILDING_WORDS), blocks, p=BUILDING_WORD_SHARES)]
    words = np.where(np.isin(built["style"], list(ESTATE_ENDS)), word[built["block"]], SITE_BUILDING_WORD)
    number = built.groupby("block").cumcount() + 1
    return [f"{named[at]}{place}{own}" for at, place, own in zip(built["block"], number, words, strict=True)]


def _doors(
    mesh: Mesh, line_names: list[str | None], built: pd.DataFrame, alone: np.ndarray, on_site: np.ndarray
) -> np.ndarray:
    """Find street and number of every building; the buildings of one site share a gate."""
    is_named = np.array([name is not None for name in line_names])[mesh.pieces["line"].to_numpy()]
    streets = mesh.pieces[is_named & (mesh.pieces["kind"] == "street").to_numpy()].reset_index(drop=True)
    tree = shapely.STRtree(streets["geometry"].to_numpy())
    block = built["block"].to_numpy()
    sites, site = np.unique(block[on_site], return_inverse=True)
    own = shapely.centroid(built["geometry"].to_numpy()[alone])
    middles = shapely.centroid(mesh.blocks["geometry"].to_numpy()[sites])
    piece = np.r_[tree.query_nearest(own, all_matches=False)[1], _gate_pieces(streets, sites, middles, tree)]
    line = streets["line"].to_numpy()[piece]
    number = _house_numbers(whole_lines(mesh), line, np.concatenate([own, middles]))
    door = np.array([f"{line_names[at]}{value}号" for at, value in zip(line, number, strict=True)], dtype=object)
    doors = np.full(len(built), None, dtype=object)
    doors[alone], doors[on_site] = door[: len(own)], door[len(own) :][site]
    return doors


def _gate_pieces(streets: pd.DataFrame, sites: np.ndarray, middles: np.ndarray, tree: shapely.STRtree) -> np.ndarray:
    """Choose the piece of street on which each site has its gate: the longest of the rank that suits it."""
    facts = pd.DataFrame(
        {
            "piece": streets.index,
            "misfit": (streets["rank"] - GATE_RANK).abs(),
            "length": -shapely.length(streets["geometry"].to_numpy()),
        }
    )
    sides = pd.concat([facts.assign(block=streets[side]) for side in ("left", "right")])
    best = sides.sort_values(["block", "misfit", "length"], kind="stable").drop_duplicates("block")
    piece = best.set_index("block")["piece"].reindex(sites, fill_value=-1).to_numpy(copy=True)
    lost = piece < 0
    piece[lost] = tree.query_nearest(middles[lost], all_matches=False)[1]
    return piece


def _house_numbers(lines: np.ndarray, line: np.ndarray, doors: np.ndarray) -> np.ndarray:
    """Number doors along their streets: rising with the distance from the street's start, each number once."""
    whole = lines[line]
    at = shapely.line_locate_point(whole, doors)
    before, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(whole, np.maximum(at + step, 0))) for step in (-1.0, 1.0)
    )
    along, away = after - before, shapely.get_coordinates(doors) - before
    is_right = along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0] < 0
    table = pd.DataFrame({"line": line, "right": is_right.astype(int), "at": at})
    table = table.sort_values(["line", "right", "at"], kind="stable")
    place = table.groupby(["line", "right"]).cumcount()
    # A door takes the number its distance gives it, or the next one that is free.
    spare = ((table["at"] // NUMBER_STEP_M).astype(int) - place).groupby([table["line"], table["right"]]).cummax()
    return (2 * (spare + place) + 1 + table["right"]).sort_index().to_numpy()
