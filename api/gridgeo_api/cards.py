"""Say everything about an area on a day: its place in the tree, its size, who answers for it, what lies beside it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from gridgeo.model.bands import SIDE_NAMES, highest, lowest, say_band
from gridgeo.model.levels import Level
from gridgeo_api.edition import Edition
from gridgeo_api.geojson import describe_area, to_json
from gridgeo_api.incidents import Incidents
from gridgeo_api.shown import Shown

LEVELS = (Level.COMMUNITY, Level.GRID, Level.MICRO)


class Day:
    """One day's answers: the plan in force, and who answers for its areas.

    Parameters
    ----------
    day : date
    edition : Edition
    key : str
        Names all that the day answers; equal keys, equal answers.
    valid_to : date or None
        First day on which another plan is in force.
    officers : DataFrame
        Index ``area_id``; ``name, role, phone`` of each officer on duty that day.
    incidents : Incidents
    """

    def __init__(
        self, day: date, edition: Edition, key: str, valid_to: date | None, officers: pd.DataFrame, incidents: Incidents
    ) -> None:
        self.day = day
        self.edition = edition
        self.key = key
        self.incidents = incidents
        self.valid_to = valid_to
        self._officers = {str(area): rows.to_dict("records") for area, rows in officers.groupby(level=0, sort=False)}
        self._cards: dict[str, bytes] = {}
        self._counts: dict[str, pd.Series] = {}

    @property
    def tile_version(self) -> str:
        """Name what the day's tiles show."""
        return self.key.removesuffix(f".{self.incidents.key}")

    def card(self, area_id: str) -> bytes:
        """Write the card of an area as JSON; written once, then kept.

        Raises
        ------
        UnknownAreaError
            If the day's plan has no such area.
        """
        if area_id not in self._cards:
            self._cards[area_id] = to_json(self._describe(area_id))
        return self._cards[area_id]

    def has_card(self, area_id: str) -> bool:
        """Tell whether a card is written already, so that asking it does not wait."""
        return area_id in self._cards

    def brief(self, area_id: str) -> dict[str, Any]:
        """Name an area: id, code, name, level."""
        return self.edition.briefs[area_id]

    def _describe(self, area_id: str) -> dict[str, Any]:
        level = self.edition.level_of(area_id)
        shown = self.edition.shown(level)
        row = shown.places[area_id]
        described = describe_area(shown, row)
        described["valid_to"] = self.valid_to.isoformat() if self.valid_to else None
        described |= _band(shown, row)
        described["parents"] = self._parents(area_id)
        described["children"] = self._children(area_id, level)
        described["neighbours"] = [
            {**self.brief(other), "shared_m": round(shared_m, 1)} for other, shared_m in shown.beside.get(area_id, ())
        ]
        described["officers"] = self._on_duty(area_id, described["parents"])
        described["incidents"] = self._incidents_in(level, area_id)
        return described

    def _incidents_in(self, level: str, area_id: str) -> int | None:
        """Count the incidents of an area; None where the store holds none at all."""
        if not len(self.incidents):
            return None
        if level not in self._counts:
            self._counts[level] = self.incidents.count(self.edition.index(level))
        return int(self._counts[level].get(area_id, 0))

    def _parents(self, area_id: str) -> list[dict[str, Any]]:
        """Climb the tree, nearest first; what stands above the plan's own levels is not in it."""
        register, parents = self.edition.plan.register, []
        seen = {area_id}
        while (parent := _text(register.loc[area_id, "parent_id"])) and parent in register.index and parent not in seen:
            parents.append(self.brief(parent))
            seen.add(parent)
            area_id = parent
        return parents

    def _children(self, area_id: str, level: str) -> list[dict[str, Any]]:
        """Count the areas inside, level by level; a beat holds parts of communities."""
        plan = self.edition.plan
        atoms = plan.owner(level)
        inside = atoms.index[atoms == area_id]
        inner = LEVELS if level == Level.BEAT else LEVELS[LEVELS.index(Level(level)) + 1 :]
        below = [other for other in inner if other in plan.levels]
        return [{"level": str(other), "areas": int(plan.owner(other).loc[inside].nunique())} for other in below]

    def _on_duty(self, area_id: str, parents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """List who answers for an area; where nobody does, who answers for the area around it."""
        for place in [area_id, *(parent["area_id"] for parent in parents)]:
            if place in self._officers:
                return [
                    {
                        "name": _text(one["name"]),
                        "role": _text(one["role"]),
                        "phone": mask_phone(_text(one.get("phone"))),
                        "area_id": place,
                    }
                    for one in self._officers[place]
                ]
        return []


def _band(shown: Shown, row: int) -> dict[str, Any]:
    """Say how an area lies to its band; ends that no rule states, and the state of what is not judged, are None."""
    band = shown.band
    if band is None:
        return {"band": None, "measure": None, "amount": None, "band_words": None}
    side = shown.sides[row]
    return {
        "band": {
            "low": lowest(band),
            "high": highest(band),
            "state": None if side is None else SIDE_NAMES[side],
        },
        "measure": band.measure,
        "amount": int(shown.amounts[row]),
        "band_words": {language: say_band(band, language, dash="–") for language in ("en", "zh")},
    }


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def mask_phone(phone: str | None) -> str | None:
    """Hide the middle of a phone number: ``13812345678`` becomes ``138****5678``.

    Parameters
    ----------
    phone : str or None

    Returns
    -------
    str or None
        A number of fewer than 11 digits keeps its last two only.
    """
    if not phone:
        return None
    digits = [at for at, sign in enumerate(phone) if sign.isdigit()]
    hidden = digits[-8:-4] if len(digits) >= 11 else digits[:-2]
    return "".join("*" if at in hidden else sign for at, sign in enumerate(phone))
