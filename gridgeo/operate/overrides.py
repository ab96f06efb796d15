"""Look up which override holds for a subject on a day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridgeo.model.errors import TableError
from gridgeo.model.service_tables import OVERRIDES, SUBJECTS
from gridgeo.model.tables import check

from .address_text import BREAK, clean
from .validity import FIRST, Days, Spans, day_number, day_numbers, day_word

HELD_COLUMNS = ["override_id", "host_area_id", "origin_area_id", "reason"]
_PART = "\x1f"
_DAY_BITS = 32


class OverrideBook:
    """Overrides, arranged to be asked often.

    Parameters
    ----------
    overrides : DataFrame
        Table ``OVERRIDES``.

    Raises
    ------
    TableError
        If the table breaks its contract or a day in it is not a day.

    Notes
    -----
    Begun overrides of a subject less those that have ended are those that hold: two binary searches give their number
    and, where it is one, the sum of their positions, which is its own. So a million subjects cost no join.
    """

    def __init__(self, overrides: pd.DataFrame) -> None:
        check(overrides, OVERRIDES)
        self.spans = Spans.of(overrides, OVERRIDES.name)
        self._answers = _answers(overrides)
        codes, keys = pd.factorize(subject_keys(overrides))
        self.subject_keys = pd.Index(keys, dtype=object)
        self.codes: Days = codes.astype(np.int64)
        lasting = np.flatnonzero(~self.spans.are_empty)
        self._begins, self._begun = _ordered(self.codes[lasting], self.spans.begins[lasting], lasting)
        self._ends, self._ended = _ordered(self.codes[lasting], self.spans.ends[lasting], lasting)
        self._has_addresses = bool((overrides["subject"] == "address").any())

    def __len__(self) -> int:
        return len(self.codes)

    def held_elsewhere(self, subjects: pd.DataFrame, at: date | pd.Series) -> pd.DataFrame:
        """Give the override that holds for each subject; see the function of the same name."""
        _check_subjects(subjects)
        keys = pd.Index(subject_keys(subjects, addresses=self._has_addresses), dtype=object)
        code = self.subject_keys.get_indexer(keys)
        day = self._days(subjects, at, code >= 0)
        count, position = self._find(code, day)
        several = np.flatnonzero(count > 1)
        if several.size:
            raise TableError(self._describe_conflict(subjects.iloc[several[0]], code[several[0]], day[several[0]]))
        rows = np.where(count == 1, position, -1)
        found = {name: answers.take(rows, allow_fill=True) for name, answers in self._answers.items()}
        return pd.DataFrame(found, index=subjects.index)

    def _days(self, subjects: pd.DataFrame, at: date | pd.Series, known: NDArray[np.bool_]) -> Days:
        """Give the day of each subject."""
        if not isinstance(at, pd.Series):
            return np.full(len(subjects), day_number(at, OVERRIDES.name), dtype=np.int64)
        if len(at) != len(subjects) or not at.index.equals(subjects.index):
            raise TableError("overrides: the days `at` are not indexed like the subjects; use at.reindex(...)")
        days = day_numbers(at, OVERRIDES.name)
        without = np.flatnonzero(known & (days == FIRST))
        if without.size:
            raise TableError(f"overrides: at of subject {subjects.index[without[0]]!r} is missing; give each its day")
        return days

    def _find(self, code: Days, day: Days) -> tuple[Days, Days]:
        """Count the overrides that hold for each subject, and add up their positions."""
        asked = _sort_keys(np.maximum(code, 0), day)
        low = _sort_keys(np.maximum(code, 0), np.int64(FIRST))
        sums = []
        for keys, totals in ((self._begins, self._begun), (self._ends, self._ended)):
            start, stop = np.searchsorted(keys, low, "left"), np.searchsorted(keys, asked, "right")
            sums.append((stop - start, totals[stop] - totals[start]))
        (begun, begun_sum), (ended, ended_sum) = sums
        return np.where(code >= 0, begun - ended, 0), begun_sum - ended_sum

    def _describe_conflict(self, subject: pd.Series, code: int, day: int) -> str:
        names = list(self._answers["override_id"][(self.codes == code) & self.spans.holds(int(day))])
        return (
            f"overrides: {subject['subject']} {subject['subject_id']!r} has {len(names)} on {day_word(day)}: "
            f"{', '.join(names)}; end one of them before the other begins"
        )


def held_elsewhere(
    subjects: pd.DataFrame, overrides: pd.DataFrame | OverrideBook, at: date | pd.Series
) -> pd.DataFrame:
    """Find for each subject the override that holds for it on a day.

    Parameters
    ----------
    subjects : DataFrame
        ``subject`` (household, asset or address) and ``subject_id``, with any index; a row with one of them missing
        has no override. The id of an address is its text: it is brought into a plain form before it is compared.
    overrides : DataFrame or OverrideBook
        Table ``OVERRIDES``; make an ``OverrideBook`` of it once to ask it often.
    at : date, or Series of days or instants
        One day for all, or each subject's own, indexed like ``subjects``. An instant with a time zone counts as the
        day that it is in that zone.

    Returns
    -------
    DataFrame
        Indexed like ``subjects``: ``override_id, host_area_id, origin_area_id, reason``, missing where no override
        holds on that day.

    Raises
    ------
    TableError
        If a table breaks its contract, a day is not one, or two overrides hold for one of the subjects on one day.
    """
    book = overrides if isinstance(overrides, OverrideBook) else OverrideBook(overrides)
    return book.held_elsewhere(subjects, at)


def plain_address(text: str) -> str:
    """Write an address in the form in which overrides compare it.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    str
        Without punctuation; "" where the text holds no letter or digit.
    """
    return clean(text).text.replace(BREAK, "")


def subject_keys(subjects: pd.DataFrame, *, addresses: bool = True) -> NDArray[np.object_]:
    """Write subject and id of each row as one text, None where one of them is missing.

    Parameters
    ----------
    subjects : DataFrame
        ``subject, subject_id``.
    addresses : bool
        Whether addresses get a key too; bringing them into their plain form takes time.

    Returns
    -------
    array of str or None
    """
    kinds, ids = (subjects[column].to_numpy(dtype=object) for column in ("subject", "subject_id"))
    keys = np.full(len(subjects), None, dtype=object)
    told = ~(pd.isna(kinds) | pd.isna(ids))
    is_address = told & (kinds == "address")
    for row in np.flatnonzero(told & ~is_address).tolist():
        keys[row] = f"{kinds[row]}{_PART}{ids[row]}"
    if addresses and is_address.any():
        codes, texts = pd.factorize(ids[is_address])
        plain = [plain_address(str(text)) for text in texts]
        made = np.array([f"address{_PART}{text}" if text else None for text in plain], dtype=object)
        keys[is_address] = made[codes]
    return keys


def _answers(overrides: pd.DataFrame) -> dict[str, pd.api.extensions.ExtensionArray]:
    """List what each override answers, column by column."""
    told = overrides.assign(override_id=overrides.index).reindex(columns=HELD_COLUMNS).astype("str")
    return {name: told[name].array for name in HELD_COLUMNS}


def _check_subjects(subjects: pd.DataFrame) -> None:
    for column in ("subject", "subject_id"):
        if column not in subjects.columns:
            raise TableError(f"subjects: column {column!r} is missing")
    kinds = subjects["subject"].to_numpy(dtype=object)
    strange = [kind for kind in pd.unique(kinds) if not pd.isna(kind) and kind not in SUBJECTS]
    if strange:
        row = int(np.flatnonzero(kinds == strange[0])[0])
        raise TableError(
            f"subjects: subject of {subjects.index[row]!r} is {kinds[row]!r}, not one of {', '.join(SUBJECTS)}"
        )


def _sort_keys(code: Days, day: Days | np.int64) -> Days:
    """Join subject and day into one number that sorts by both."""
    joined: Days = (code << _DAY_BITS) + (day - FIRST)
    return joined


def _ordered(code: Days, day: Days, position: Days) -> tuple[Days, Days]:
    """Sort the days of each subject, and add up the positions of the rows so far."""
    keys = _sort_keys(code, day)
    order = np.argsort(keys, kind="stable")
    return keys[order], np.concatenate([[0], np.cumsum(position[order])]).astype(np.int64)
