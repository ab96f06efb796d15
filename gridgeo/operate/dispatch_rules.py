"""Hold the limits by which incidents are dispatched."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isfinite
from typing import TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridgeo.model.errors import TableError


class Limits(TypedDict, total=False):
    """What ``dispatch`` takes by keyword; see ``DispatchRules``."""

    sure_share: float
    least_share: float
    accuracy_m: float
    most_accuracy_m: float
    apart_m: float
    near_m: float
    address_score: float
    position_age_min: float
    most_open: int | None
    street_centre: str | None
    timezone: str
    language: str


@dataclass(frozen=True)
class DispatchRules:
    """The limits by which incidents are dispatched.

    Parameters
    ----------
    sure_share : float
        Share of the disc of a point, or of the doors of an estate, from which an area is sure.
    least_share : float
        Share that the likeliest of several grids must have to be chosen without a human hand.
    accuracy_m : float, metres
        Accuracy of a point that names none.
    most_accuracy_m : float, metres
        A point less accurate than this is not used.
    apart_m : float, metres
        A point that lies further from its address, beyond its accuracy, contradicts it.
    near_m : float, metres
        How far from a door a place may lie that an address names as near it (``附近``, ``门口``, ``near``).
    address_score : float
        Score from which an address that spans one area only is sure.
    position_age_min : float, minutes
        How old an officer's position may be to show that the officer is on duty.
    most_open : int, optional
        Open incidents that one officer may hold; None for any number.
    street_centre : str, optional
        Who takes what nobody in the community can.
    timezone : str
        In which the days of duties are counted.
    language : str
        Of the reasons: ``"en"`` or ``"zh"``.

    Raises
    ------
    TableError
        If a limit is out of its range.
    """

    sure_share: float = 0.9
    least_share: float = 0.5
    accuracy_m: float = 15.0
    most_accuracy_m: float = 200.0
    apart_m: float = 150.0
    near_m: float = 60.0
    address_score: float = 0.9
    position_age_min: float = 30.0
    most_open: int | None = None
    street_centre: str | None = None
    timezone: str = "Asia/Shanghai"
    language: str = "en"

    def __post_init__(self) -> None:
        for name in ("sure_share", "least_share", "address_score"):
            if not 0 < getattr(self, name) <= 1:
                raise TableError(f"dispatch: {name} is {getattr(self, name)!r}, it must be above 0 and at most 1")
        for name in ("accuracy_m", "most_accuracy_m", "apart_m", "near_m", "position_age_min"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and isfinite(value) and value > 0):
                raise TableError(f"dispatch: {name} is {value!r}, it must be a positive number")
        if self.most_open is not None and self.most_open < 1:
            raise TableError(f"dispatch: most_open is {self.most_open!r}, it must be 1 or more, or None")
        if self.language not in ("en", "zh"):
            raise TableError(f"dispatch: language is {self.language!r}, choose 'en' or 'zh'")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise TableError(f"dispatch: timezone {self.timezone!r} is not known; as in 'Asia/Shanghai'") from None

    @classmethod
    def of(cls, limits: Limits) -> DispatchRules:
        """Take the limits that a caller gave by keyword.

        Raises
        ------
        TableError
            If one of them is not known or out of its range.
        """
        known = [each.name for each in fields(cls)]
        strange = sorted(set(limits) - set(known))
        if strange:
            raise TableError(f"dispatch: there is no option {strange[0]!r}; there are {', '.join(known)}")
        return cls(**limits)
