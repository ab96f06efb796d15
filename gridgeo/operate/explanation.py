"""Say in words and figures why a place belongs to an area, or why nobody can be sure."""

from __future__ import annotations

from dataclasses import dataclass

from gridgeo.model.errors import TableError


@dataclass(frozen=True)
class Claim:
    """An area that holds or touches a place.

    Parameters
    ----------
    area_id : str
    inside : bool
        False where the place lies on the area's edge.
    """

    area_id: str
    inside: bool


@dataclass(frozen=True)
class Candidate:
    """An area within the accuracy of a place.

    Parameters
    ----------
    area_id : str
    share : float
        Of the circle in which the place lies.
    distance_m, border_m : float, metres
        To the area, 0 in it; to its border.
    """

    area_id: str
    share: float
    distance_m: float
    border_m: float


@dataclass(frozen=True)
class Explanation:
    """Why a place belongs to an area.

    Parameters
    ----------
    x, y : float, metres
        The place.
    area_id : str or None
        Its owner among the finest areas.
    state : str
        ``one``, ``none``, ``tie`` or ``several``, as ``AreaIndex.state`` tells it.
    levels : dict
        Level -> ``area_id`` of the owner or the area above it; None where there is none.
    claims : tuple of Claim
        Every area that holds or touches the place.
    border_m : float or None, metres
        From the place to the border of its owner.
    accuracy_m : float, metres
    candidates : tuple of Candidate
        The areas within the accuracy, the likeliest first.
    """

    x: float
    y: float
    area_id: str | None
    state: str
    levels: dict[str, str | None]
    claims: tuple[Claim, ...]
    border_m: float | None
    accuracy_m: float
    candidates: tuple[Candidate, ...]

    @property
    def is_sure(self) -> bool:
        """Tell whether every place within the accuracy has the same, one owner."""
        return self.state == "one" and self.border_m is not None and self.border_m >= self.accuracy_m

    def told(self, language: str = "en") -> str:
        """Say it in one or two sentences.

        Parameters
        ----------
        language : str
            ``"en"`` or ``"zh"``.

        Returns
        -------
        str

        Raises
        ------
        TableError
            If there are no words in that language.
        """
        if language not in _WORDS:
            raise TableError(f"explain: language is {language!r}, there are {', '.join(_WORDS)}")
        words = _WORDS[language]
        comma = words["comma"]
        sentence = words[self.state].format(
            area=self.area_id,
            border=self.border_m or 0.0,
            areas=comma.join(claim.area_id for claim in self.claims),
        )
        others = [found for found in self.candidates if found.area_id not in {claim.area_id for claim in self.claims}]
        if others:
            listed = comma.join(f"{found.area_id} ({found.share:.0%})" for found in others)
            sentence += words["others"].format(accuracy=self.accuracy_m, areas=listed)
        return sentence


_WORDS = {
    "en": {
        "one": "The place lies in {area}, {border:.1f} m from its border.",
        "none": "The place lies in no area.",
        "tie": "The place lies on the border of {areas}; by rule {area} owns it.",
        "several": "The areas {areas} overlap here; by rule {area} owns the place.",
        "others": " Within its accuracy of {accuracy:g} m it may lie in {areas}.",
        "comma": ", ",
    },
    "zh": {
        "one": "该点位于{area}内,距其边界{border:.1f}米。",
        "none": "该点不在任何责任区内。",
        "tie": "该点位于{areas}的边界上,按规则归{area}。",
        "several": "{areas}在此处重叠,按规则归{area}。",
        "others": "按{accuracy:g}米的定位精度,也可能位于{areas}。",
        "comma": "、",
    },
}
