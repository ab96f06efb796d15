import re
import tomllib

import pytest

import gridgeo as gg
from gridgeo.model.profile import profile_text
from gridgeo.model.profile_text import find_lines

HARD = r'''
# a comment with = and [brackets]
name = "x # no comment" # [grid]
"quoted key" = 101
'literal.key' = 102
"esc\u0041ped" = 103
dotted.inner."part" = 104

[plain]
inline = { first = 105, second = { third = 106, list = [107, 108] } }
several = [
    109, # with a comment ]
    110,
    [111,
     112],
]
many = """
[not.a.table]
key = "no key"
"""
literal = \'\'\'
x = 1 \'\'\'
after = 113

[plain.below]
value = 114
moment = 1979-05-27 07:32:00
share = 0.115
["a table".'of quoted'.keys]
value = 116

[[rows]]
value = 117
[[rows]]
value = 118
nested = [{ value = 119 }, { value = 120 }]
[rows.table]
value = 121
[[rows.inner]]
value = 122
[[rows.inner]]
value = 123
[ spaced . header ]
key   =   124
[last]
value = 125'''.replace("\\'", "'")


def leaves(value, path=()):
    """Give (path, value) for all that is no table and no list."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    else:
        yield path, value


def test_every_number_is_found_on_the_line_that_it_stands_on():
    lines, written = find_lines(HARD), HARD.split("\n")
    numbers = {path: value for path, value in leaves(tomllib.loads(HARD)) if isinstance(value, int)}
    assert len(numbers) == 24
    for path, number in numbers.items():
        assert str(number) in written[lines[path] - 1], path


def test_tables_and_rows_have_the_line_of_their_header():
    lines, written = find_lines(HARD), HARD.split("\n")
    assert written[lines[("plain",)] - 1] == "[plain]"
    assert written[lines[("plain", "below")] - 1] == "[plain.below]"
    assert written[lines[("rows", 1, "inner")] - 1] == "[[rows.inner]]"
    assert lines[("rows", 1)] - lines[("rows", 0)] == 2
    assert lines[("rows", 1, "inner", 1)] - lines[("rows", 1, "inner", 0)] == 2


def test_a_value_after_a_text_of_several_lines_keeps_its_line():
    lines, written = find_lines(HARD), HARD.split("\n")
    assert written[lines[("plain", "after")] - 1] == "after = 113"
    assert written[lines[("plain", "many")] - 1] == 'many = """'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_do_not_move_lines(end):
    assert find_lines('a = 1\n\n[b]\nc = "x"\n'.replace("\n", end))[("b", "c")] == 4


@pytest.mark.parametrize(
    "text", ["", "\n", "# only words", 'a = ""', "a = ''", 'a = """"quoted"""" # b', "a = []", "a = {}"]
)
def test_small_texts_are_read(text):
    assert set(find_lines(text)) == {(), *((key,) for key in tomllib.loads(text))}


@pytest.mark.parametrize("name", gg.list_profiles())
def test_every_text_of_a_shipped_profile_is_found_on_its_line(name):
    text = profile_text(name)
    lines, written = find_lines(text), text.split("\n")
    for path, value in leaves(tomllib.loads(text)):
        key = next(part for part in reversed(path) if isinstance(part, str))
        assert re.search(rf"\b{re.escape(key)} =", written[lines[path] - 1])
        assert str(value).replace('"', '\\"') in written[lines[path] - 1].replace("0.10", "0.1")
