import re

import pytest

import gridgeo as gg
from gridgeo.model.profile import UNLIMITED, Limits, read_profile


def grid(lines, *more):
    """Read a profile whose [grid] holds these lines; the first of them is line 3."""
    return read_profile("\n".join(['name = "x"', "[grid]", *lines.split("\n"), *more]), "own.toml")


@pytest.mark.parametrize(
    ("line", "low", "high", "target"),
    [
        ("households = [300, 500]", 300, 500, 400),
        ("households = [300, 500]\ntarget = 320", 300, 500, 320),
        ("households = { min = 300, max = 500, target = 320 }", 300, 500, 320),
        ("households = { min = 65 }", 65, UNLIMITED, 97),
        ("households = { min = 65, target = 90 }", 65, UNLIMITED, 90),
        ("households = { max = 200 }", 0, 200, 150),
        ("households = { max = 1 }", 0, 1, 1),
        ("households = { target = 50 }", 0, UNLIMITED, 50),
        ("households = { target = 50, tolerance = 0.1 }", 45, 55, 50),
        ("households = [7, 7]", 7, 7, 7),
    ],
)
def test_a_band_is_written_closed_open_or_as_a_target(line, low, high, target):
    assert grid(line).limits["grid"] == Limits(low, high, target)


def test_the_main_measure_is_households_unless_stated_and_the_others_stay_beside_it():
    lines = "persons = [900, 1500]\nhouseholds = [300, 500]\narea_m2 = { max = 90000 }"
    profile = grid(lines + '\nstrength = "soft"\ntarget = 350')
    assert profile.limits["grid"] == Limits(300, 500, 350, "soft")
    persons, land = profile.further["grid"]
    assert persons == Limits(900, 1500, 1200, "soft", measure="persons")
    assert land == Limits(0, 90_000, 67_500, "soft", measure="area_m2", weight=0.0)
    assert grid(lines + '\nbalance = "persons"').limits["grid"].measure == "persons"


def test_without_households_the_first_measure_is_the_main_one():
    assert grid("area_m2 = [1, 9]\npersons = [2, 4]").limits["grid"].measure == "area_m2"


def test_a_column_of_ones_own_may_be_the_main_measure():
    rows = '[[grid.further]]\nmeasure = "workload"\nband = { max = 40 }\nclause = "c"\nweight = 2.5'
    clause = '[[clauses]]\nid = "c"\nsubject = "size"\nstrength = "hard"'
    profile = grid('balance = "workload"\ntarget = 30\nhouseholds = [1, 9]', rows, clause)
    assert profile.limits["grid"] == Limits(0, 40, 30, clause="c", measure="workload", weight=2.5)
    assert profile.further["grid"] == (Limits(1, 9, 5),)
    alone = grid("", '[[grid.further]]\nmeasure = "calls"\ntarget = 12\nstrength = "soft"')
    assert alone.limits["grid"] == Limits(0, UNLIMITED, 12, "soft", measure="calls")


def test_a_target_that_nobody_stated_does_not_pull_beside_the_main_measure():
    rows = [
        '[[grid.further]]\nmeasure = "persons"\nband = { min = 100 }',
        '[[grid.further]]\nmeasure = "area_m2"\nband = [100, 200]',
    ]
    persons, land = grid("households = [40, 250]", *rows).further["grid"]
    assert (persons.weight, land.weight) == (0.0, 1.0)


def test_beats_count_grids_first():
    profile = read_profile('name = "x"\n[beat]\nhouseholds = [900, 2000]\ngrids = [3, 6]\n[grid]\npersons = [1, 2]')
    assert profile.limits["beat"] == Limits(3, 6, 4, measure="grids")
    assert [limits.measure for limits in profile.further["beat"]] == ["households"]
    assert profile.levels == ["beat", "grid"]


def test_a_label_without_chinese_serves_both_languages():
    assert grid('households = [1, 2]\nlabel = "SA1"').labels == {"grid": ("SA1", "SA1")}


def test_persons_that_hardly_agree_with_households_are_not_refused():
    profile = grid("households = [300, 500]", '[[grid.further]]\nmeasure = "persons"\ntarget = 150000')
    assert profile.further["grid"][0].target == 150_000


BAND = "households = [300, 500]"
FURTHER = '[[grid.further]]\nmeasure = "persons"'


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        (
            "households = [500, 300]",
            3,
            "grid.households = [500, 300] is no band; low 500 must be above 0 and not above",
        ),
        (
            "# 人数\n\nhouseholds = [0, 300]",
            5,
            "is no band; low must be above 0, and no lower limit is written {max = 300}",
        ),
        ("households = [-5, 300]", 3, "low -5 must be above 0"),
        ("households = 400", 3, "grid.households = 400 is no band of whole numbers; write [low, high], {min = low}"),
        ('households = "many"', 3, "grid.households = 'many' is no band"),
        ("households = [1.5, 3]", 3, "is no band of whole numbers"),
        ("households = [true, 3]", 3, "is no band of whole numbers"),
        ("households = [1, 2, 3]", 3, "is no band of whole numbers"),
        ("households = {}", 3, "grid.households = {} is no band"),
        ("households = { tolerance = 0.1 }", 3, "is no band of whole numbers"),
        ("households = { min = 0 }", 3, "grid.households.min = 0 is no whole number above 0"),
        ("households = { min = 9, max = 8 }", 3, "low 9 must be above 0 and not above high 8"),
        ("area_m2 = [1, 5000000000]", 3, "gridgeo counts to 999999999, and no upper limit is written {min = low}"),
        ("households = { mim = 9 }", 3, "grid.households.mim is not known; did you mean 'min'? known are min, max"),
        (BAND + "\n\ntarget = 600", 5, "grid.target = 600 lies outside households [300, 500]; move the target or"),
        (BAND + "\ntarget = 400.5", 4, "grid.target = 400.5 is no whole number above 0"),
        ("households = { max = 9 }\ntarget = 10", 4, "grid.target = 10 lies outside households of at most 9"),
        ("households = { target = 9 }\ntarget = 10", 4, "grid.target = 10 is stated beside grid.households.target = 9"),
        ("households = { target = 9, tolerance = 2 }", 3, "grid.households.tolerance = 2 is no number from 0 to 1"),
        ("households = { min = 8, target = 9, tolerance = 0.1 }", 3, "state a target and no band beside it"),
        (BAND + '\nstrength = "firm"', 4, "grid.strength = 'firm' is not one of hard, soft, may"),
        (BAND + "\nstrength = 1", 4, 'grid.strength = 1 is no text; write strength = "..."'),
        (BAND + '\nclause = "c"', 4, "grid.clause = 'c' names a clause that the profile does not hold; add it to"),
        (BAND + "\nweight = -1", 4, "grid.weight = -1 is no number from 0"),
        (BAND + '\nbalance = "persons"', 4, "grid.balance = 'persons' is not one of households"),
        (BAND + '\nlabel_zh = "网格"', 2, 'grid.label is missing; add label = "..."'),
        ("housholds = [300, 500]", 3, "grid.housholds is not known; did you mean 'households'?"),
        ("workload = [3, 5]", 3, 'a column of your own is a row [[grid.further]] with measure = "workload"'),
        ("grids = [3, 5]", 3, "grid.grids counts grids, which only a [beat] is made of"),
        ('unstated = "x"\nhouseholds = [1, 2]', 4, "grid.households is stated, and the level says unstated; keep one"),
        ('unstated = ""', 3, 'grid.unstated is empty; write unstated = "..."'),
        ('strength = "hard"', 2, "grid.households is missing; add households = [low, high]"),
        (f"{BAND}\n{FURTHER}", 4, "grid.further[1] states neither a band nor a target"),
        (f"{BAND}\n[[grid.further]]\nband = [1, 2]", 4, 'grid.further[1].measure is missing; add measure = "..."'),
        (f"{BAND}\n{FURTHER}\ntarget = 1\n{FURTHER}\ntarget = 2", 7, "grid.further[2] states persons a second time"),
        (f"{BAND}\n{FURTHER}\nband = [1, 2]\ntarget = 3", 7, "grid.further[1].target = 3 lies outside persons [1, 2]"),
        (f"{BAND}\n{FURTHER}\nbond = [1, 2]", 6, "grid.further[1].bond is not known; did you mean 'band'?"),
        (f"{BAND}\nfurther = 3", 4, "grid.further = 3 is no array of tables; write [[grid.further]] with"),
        (f"{BAND}\n[[clauses]]\nid = 'a'", 4, 'clauses[1].subject is missing; add subject = "..."'),
        (f"{BAND}\n[[clauses]]\nid = 'a'\nsubject = 's'\nstrength = 'x'", 7, "clauses[1].strength = 'x' is not one of"),
        (
            f"{BAND}\n[[clauses]]\nid = 'a'\nsubject = 's'\nstrength = 'may'\nlevel = 'gird'",
            8,
            "is not one of territory",
        ),
        (f"{BAND}\n[micro]\nhouseholds = [50, 501]", 5, "micro.households allows a micro grid of 501, more than grid."),
        (
            f"{BAND}\n[micro]\nhouseholds = {{min = 501}}",
            5,
            "1 micro grids of households of at least 501 hold at least 501",
        ),
        (
            "households = [300, 310]\n[micro]\nhouseholds = [200, 250]",
            5,
            "micro.households cannot fill a grid: 2 micro grids of households [200, 250] hold at least 400, "
            "above grid.households [300, 310], and 1 hold too few; change one band",
        ),
        (f"{BAND}\n{FURTHER}\nband = [1, 9]\n[micro]\npersons = [5, 10]", 8, "micro.persons allows a micro grid of 10"),
        (f"{BAND}\n[exclusive]\nclause = 'c'", 4, 'exclusive.level is missing; add level = "..."'),
        (f"{BAND}\n[exclusive]\nlevel = 'micro'", 5, "exclusive.level = 'micro' is not one of grid"),
        (f"{BAND}\n[exclusive]\nlevel = 'grid'\nclause = 'c'", 6, "exclusive.clause = 'c' names a clause"),
        (f"{BAND}\n[exclusive]\nlevel = 'grid'\n[exclusive.bands.school]\nperson = [1, 2]", 7, "mean 'persons'?"),
        (f"{BAND}\n[exclusive]\nlevel = 'grid'\nbands = 3", 6, "exclusive.bands = 3 is no table"),
        (
            f"{BAND}\n[exclusive]\nlevel = 'grid'\nbands.shop = {{ persons = [1, 2], households = [1, 2] }}",
            6,
            "exclusive.bands.shop states households and persons; keep one measure",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_its_key_and_the_way_out(lines, number, words):
    with pytest.raises(gg.ProfileError, match=rf"^own\.toml, line {number}: .*{re.escape(words)}"):
        grid(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\n[grid\n', "own.toml, line 2, column 6: Expected ']'"),
        ('name = "x"\n[grid]\nhouseholds = [1,', "own.toml, line 3, at the end: "),
        ('name = "x"\nname = "y"\n', "own.toml, line 2, column 11: Cannot overwrite a value"),
        ("[grid]\nhouseholds = [1, 2]", 'own.toml, line 1: name is missing; add name = "..."'),
        ('\nname = ""', 'own.toml, line 2: name is empty; write name = "..."'),
        ("name = 3", "own.toml, line 1: name = 3 is no text"),
        ('name = "x"', "own.toml, line 1: [grid] is missing; add [grid] with households = [low, high]"),
        ('name = "x"\ngrid = 5', "own.toml, line 2: grid = 5 is no table; write [grid] with households = [low, high]"),
        ('name = "x"\n\n[gird]\nhouseholds = [1, 2]', "own.toml, line 3: gird is not known; did you mean 'grid'?"),
        ('name = "x"\nflavour = 1', "own.toml, line 2: flavour is not known; known are name, title"),
        ('name = "x"\nclauses = {}', "own.toml, line 2: clauses = {} is no array of tables"),
        ('name = "x"\nclauses = [1]', "own.toml, line 2: clauses[1] = 1 is no table"),
        (
            'name = "x"\n[grid]\nunstated = "y"\n[micro]\nhouseholds = [1, 2]',
            "own.toml, line 4: micro lies inside a grid, and no size of a grid is stated",
        ),
        ('name = "x"\n[micro]\nhouseholds = [1, 2]', "own.toml, line 1: [grid] is missing"),
        (
            'name = "x"\n[grid]\nhouseholds = [1, 2]\n[[clauses]]\nid = "a"\nsubject = "s"\nstrength = "may"\n'
            '[[clauses]]\nid = "a"',
            "own.toml, line 9: clauses[2].id = 'a' names two clauses; give each a name of its own",
        ),
    ],
)
def test_a_file_that_is_no_profile_is_told_where(text, words):
    with pytest.raises(gg.ProfileError, match=f"^{re.escape(words)}"):
        read_profile(text, "own.toml")


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("[300, 500]", "[50, 80]"),
        ("[300, 500]", "{ min = 65 }"),
        ("{ max = 200 }", "[30, 200]"),
        ("{ min = 300 }", "{ max = 80 }"),
        ("{ target = 400 }", "{ target = 50 }"),
        ("[300, 500]", "[300, 500]"),
    ],
)
def test_micro_grids_that_fill_a_grid_are_accepted(outer, inner):
    profile = grid(f"households = {outer}\n[micro]\nhouseholds = {inner}")
    assert profile.levels == ["grid", "micro"]


def test_micro_grids_are_held_against_the_grid_by_counting_them_out():
    for low in range(1, 13):
        for high in range(low, 13):
            fits = any(count * low <= 12 and count * high >= 10 for count in range(1, 13))
            text = f"households = [10, 12]\n[micro]\nhouseholds = [{low}, {high}]"
            if fits:
                grid(text)
            else:
                with pytest.raises(gg.ProfileError, match="cannot fill a grid"):
                    grid(text)
