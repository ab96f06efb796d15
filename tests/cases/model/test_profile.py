import pytest

import gridgeo as gg
from gridgeo.model.profile import read_profile


@pytest.mark.parametrize("name", gg.list_profiles())
def test_shipped_profiles_load_and_name_their_source(name):
    profile = gg.load_profile(name)
    assert profile.name == name
    assert profile.source
    assert all(clause.en and clause.does for clause in profile.clauses)


def test_guali_states_both_levels():
    limits = gg.load_profile("guali-2024").limits
    assert {level: (band.low, band.high, band.strength) for level, band in limits.items()} == {
        "grid": (300, 500, "hard"),
        "micro": (50, 80, "soft"),
    }


def test_sichuan_states_no_number_for_micro_grids_and_none_is_invented():
    profile = gg.load_profile("sichuan")
    assert profile.levels == ["grid"]
    with pytest.raises(gg.ProfileError, match="sets no household limits for level 'micro'; its levels are grid"):
        profile.limits_of("micro")


def test_an_unknown_profile_names_those_there_are():
    with pytest.raises(gg.ProfileError, match="there is no profile 'nowhere'; choose one of guali-2024, sichuan"):
        gg.load_profile("nowhere")


def test_a_file_of_ones_own_is_a_profile(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[grid]\nhouseholds = [10, 20]\n', encoding="utf-8")
    assert gg.load_profile(path).limits["grid"].target == 15


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\n[grid\n', r"\(at line 2"),
        ("[grid]\nhouseholds = [1, 2]", "name is missing"),
        ('name = "x"', r"\[grid\] is missing"),
        ('name = "x"\ncolour = 1\n[grid]\nhouseholds = [1, 2]', "key 'colour' is not known; known are"),
        ('name = "x"\n[grid]\nhouseholds = [500, 300]', r"households = \[500, 300\] is no band"),
        ('name = "x"\n[grid]\nhouseholds = [0, 300]', "low must be above 0"),
        ('name = "x"\n[grid]\nhouseholds = "many"', r"households is 'many', not \[low, high\]"),
        ('name = "x"\n[grid]\nhouseholds = [1.5, 3]', r"not \[low, high\] in whole households"),
        (
            'name = "x"\n[grid]\nhouseholds = [300, 500]\ntarget = 600',
            r"target is 600, outside households = \[300, 500\]",
        ),
        (
            'name = "x"\n[grid]\nhouseholds = [300, 500]\nstrength = "firm"',
            "strength is 'firm', not one of hard, soft, may",
        ),
        (
            'name = "x"\n[grid]\nhouseholds = [300, 500]\nclause = "c"',
            "names clause 'c', which the profile does not hold",
        ),
        ('name = "x"\n[grid]\nhouseholds = [1, 2]\n[[clauses]]\nid = "a"', "subject is missing"),
    ],
)
def test_a_profile_that_breaks_the_form_is_told_where(text, words):
    with pytest.raises(gg.ProfileError, match=words):
        read_profile(text, "own.toml")
