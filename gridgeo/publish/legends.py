"""Explain below a picture of a plan what its colours and lines mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width

import geopandas as gpd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from gridgeo.model.amounts import held_by
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan

from .canvas import INK, INK_SOFT
from .colours import EMPTY, EXCLUSIVE, REASONS, SizeClasses, size_classes
from .words import MAP_WORDS, PICTURE_WORDS, level_words, say, size_title
from .words import REASONS as REASON_WORDS

BEAT_COLOUR = "#7a2f63"
BEAT_LOOK: dict[str, Any] = {"color": BEAT_COLOUR, "linewidth": 5.0, "alpha": 0.5, "capstyle": "round"}
HATCH: dict[str, Any] = {"facecolor": "none", "edgecolor": "#7a6ba8", "hatch": "/////", "linewidth": 0.0}
COLUMNS_BY_WIDTH = ((24, 4), (36, 3))
"""How many columns a legend has by the width of its longest text, in Latin letters; 2 where it is wider."""


@dataclass(frozen=True)
class Key:
    """One entry of a legend.

    Parameters
    ----------
    text : str
    mark : Artist, optional
        What stands before the text; without it the text is a heading.
    """

    text: str
    mark: Artist | None = None


def plan_keys(plan: Plan, areas: gpd.GeoDataFrame, level: str, colour: str, language: str) -> list[Key]:
    """List what a picture of a plan has to explain.

    Parameters
    ----------
    plan : Plan
    areas : GeoDataFrame
        Table ``AREAS`` of the level.
    level, colour, language : str
        As for ``plan_picture``.

    Returns
    -------
    list of Key
    """
    words, limits = MAP_WORDS[language], plan.profile.limits.get(level)
    own = areas["kind"] == AreaKind.EXCLUSIVE
    keys: list[Key] = []
    if colour == "reasons":
        keys += reason_keys(plan, level, language)
    elif colour == "size" and limits is not None:
        keys.append(Key(size_title(plan.profile, level, limits.measure, language)))
        keys += [Key(text, Patch(color=shade)) for text, shade in size_texts(size_classes(limits), language)]
        if ((held_by(plan, level, limits.measure).fillna(0) == 0) & ~own).any():
            empty = words["no_households"] if limits.measure == "households" else "0"
            keys.append(Key(empty, Patch(color=EMPTY)))
    if own.any() and colour != "reasons":
        face = EXCLUSIVE if colour == "size" else "none"
        keys.append(Key(words["exclusive"], Patch(**{**HATCH, "facecolor": face})))
    if Level.BEAT in plan.overlays:
        border = level_words(plan.profile, Level.BEAT, language)["border"]
        keys.append(Key(border, _line(BEAT_COLOUR, 5.0, 0.5)))
    community = level_words(plan.profile, Level.COMMUNITY, language)["border"]
    return [*keys, Key(community, _line("#27313d", 2.0))]


def reason_keys(plan: Plan, level: str, language: str) -> list[Key]:
    """List the reasons for which areas of a level miss their band, each with how often it is given."""
    told = plan.certificates
    times = told.loc[told["level"] == level, "reason"].value_counts()
    order = [*(reason for reason in REASONS if reason in times), *sorted(set(times.index) - set(REASONS))]
    keys = [
        Key(f"{say(REASON_WORDS, reason, language)} · {times[reason]:,}", Patch(color=REASONS.get(reason, INK)))
        for reason in order
    ]
    return keys or [Key(PICTURE_WORDS[language]["none"])]


def size_texts(classes: SizeClasses, language: str) -> list[tuple[str, str]]:
    """Say from where to where each class of sizes goes: (text, colour)."""
    words, said = PICTURE_WORDS[language], []
    for at, (low, shade) in enumerate(zip(classes.lows, classes.colours, strict=True)):
        if at + 1 == len(classes.lows):
            text = words["over"].format(low=low)
        else:
            high = classes.lows[at + 1] - 1
            text = f"{low:,}–{high:,}" if low and low < high else f"{high:,}"
            text = words["under"].format(high=high + 1) if not low else text
        said.append((text, shade))
    return said


def _line(colour: str, width: float, alpha: float = 1.0) -> Line2D:
    return Line2D([0], [0], color=colour, linewidth=width, alpha=alpha)


def legend_rows(keys: list[Key]) -> int:
    """Count the rows that a legend takes, its heading one of them."""
    marked = sum(key.mark is not None for key in keys)
    return -(-marked // _columns(keys)) + (len(keys) > marked)


def _columns(keys: list[Key]) -> int:
    """Choose how many columns leave room beside them for the scale bar; a Chinese letter is as wide as two."""
    width = max(
        (sum(1 + (east_asian_width(letter) in "WF") for letter in key.text) for key in keys if key.mark), default=0
    )
    return next((columns for limit, columns in COLUMNS_BY_WIDTH if width <= limit), 2)


def draw_legend(ax: Axes, keys: list[Key], corner: tuple[float, float]) -> None:
    """Write a legend whose upper left corner lies at a place of the map.

    Parameters
    ----------
    ax : Axes
    keys : list of Key
    corner : (x, y), metres
    """
    marked = [key for key in keys if key.mark is not None]
    headings = [key.text for key in keys if key.mark is None]
    # matplotlib fills a legend column by column; people read row by row.
    columns = _columns(keys)
    order = [marked[at] for column in range(columns) for at in range(column, len(marked), columns)]
    made = ax.legend(
        handles=[key.mark for key in order if key.mark is not None],
        labels=[key.text for key in order],
        title="  ".join(headings) or None,
        loc="upper left",
        bbox_to_anchor=corner,
        bbox_transform=ax.transData,
        ncols=min(columns, max(len(marked), 1)),
        frameon=False,
        fontsize=7.5,
        title_fontsize=8.5,
        alignment="left",
        labelcolor=INK_SOFT,
        handlelength=2.0,
        handleheight=1.0,
        columnspacing=2.2,
        borderaxespad=0.0,
        borderpad=0.0,
        labelspacing=0.55,
    )
    made.get_title().set_color(INK)
    made.get_title().set_fontweight("bold")
