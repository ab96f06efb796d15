"""Hold columns of every type to their way into the store and back."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_series_equal

from gridgeo.model.errors import TableError
from gridgeo.storage.values import decode, encode, unify

DAY = date(2026, 10, 1)
INSTANTS = pd.to_datetime(pd.Series(["2026-10-01 08:30:00.123456", None]))
COLUMNS = {
    "text": pd.Series(["网格", None]),
    "text with NA": pd.Series(["a", None], dtype="string"),
    "text of Python objects": pd.Series(["a", None], dtype=pd.StringDtype("python", na_value=np.nan)),
    "objects with None": pd.Series(["a", None], dtype=object),
    "objects with nan": pd.Series(["a", np.nan], dtype=object),
    "objects with NA": pd.Series(["a", pd.NA], dtype=object),
    "only None": pd.Series([None, None], dtype=object),
    "objects of several types": pd.Series([[1, 2], {"a": 1.5}, "x", 3, 0.1, True, None], dtype=object),
    "whole": pd.Series([1, -(2**62)]),
    "small whole": pd.Series([1, 2], dtype="int8"),
    "large whole": pd.Series([2**64 - 1], dtype="uint64"),
    "whole or missing": pd.Series([2**60 + 1, None], dtype="Int64"),
    "float": pd.Series([0.1, 5e-324, 1.7976931348623157e308, np.nan]),
    "endless": pd.Series([np.inf, -np.inf]),
    "small float": pd.Series([0.1, np.nan], dtype="float32"),
    "float or missing": pd.Series([0.1, None], dtype="Float64"),
    "of Arrow": pd.Series([1, None], dtype="int64[pyarrow]"),
    "truth": pd.Series([True, False]),
    "truth or missing": pd.Series([True, None], dtype="boolean"),
    "days": pd.Series([DAY, None], dtype=object),
    "days with NaT": pd.Series([DAY, pd.NaT], dtype=object),
    "instants": INSTANTS,
    "instants in a zone": INSTANTS.dt.tz_localize("Asia/Shanghai"),
    "instants in UTC": INSTANTS.dt.tz_localize("UTC").astype("datetime64[ns, UTC]"),
    "categories": pd.Series(["b", "a", None], dtype=pd.CategoricalDtype(["b", "a", "c"], ordered=True)),
    "categories of numbers": pd.Series([3, 1], dtype="category"),
    "nothing": pd.Series([], dtype="float64"),
    "no instants": pd.Series([], dtype="datetime64[us, UTC]"),
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS.keys())
def test_a_column_comes_back_with_its_type(values):
    form, plain = json.loads(json.dumps(encode(values, "x")))
    assert_series_equal(decode(form, plain, values.index), values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.Series([1 + 2j]), "x is of type complex128, which the store cannot keep"),
        (pd.Series(pd.to_timedelta([1], unit="s")), r"x is of type timedelta64\[.+\], which the store cannot keep"),
        (pd.Series(pd.period_range("2026", periods=1)), r"x is of type period\[.+\], which the store cannot keep"),
        (pd.Series([{1, 2}]), "x holds a set, which the store cannot keep; turn it into text or numbers"),
        (pd.Series([{1: 2}]), "x holds a dict, which the store cannot keep"),
        (pd.Series([b"a"]), "x holds a bytes, which the store cannot keep"),
    ],
)
def test_what_cannot_be_kept_is_refused(values, message):
    with pytest.raises(TableError, match=message):
        encode(values, "x")


def test_whole_numbers_become_floats_where_later_rows_lack_them():
    form, plain = encode(pd.Series([1, 2]), "x")
    assert_series_equal(decode(form, [*plain, None], pd.RangeIndex(3)), pd.Series([1.0, 2.0, np.nan]))
    form, plain = encode(pd.Series([True]), "x")
    assert decode(form, [*plain, None], pd.RangeIndex(2)).tolist() == [True, None]


@pytest.mark.parametrize(
    ("old", "new", "joined"),
    [
        ("int8", "int64", "int64"),
        ("int64", "float64", "float64"),
        ("Int64", "float64", "Float64"),
        ("str", "str", "str"),
    ],
)
def test_types_of_two_saves_join_in_the_wider(old, new, joined):
    forms = [encode(pd.Series([], dtype=name), "x")[0] for name in (old, new)]
    assert decode(unify(*forms), [], pd.RangeIndex(0)).dtype == pd.Series([], dtype=joined).dtype


def test_types_that_do_not_join_become_objects():
    forms = [encode(pd.Series(values), "x")[0] for values in (["a"], [1])]
    assert decode(unify(*forms), ["a", 1, None], pd.RangeIndex(3)).tolist() == ["a", 1, None]
