import json
from dataclasses import asdict

import pytest

import gridgeo as gg
from gridgeo.model.profile import UNLIMITED, Exclusive, Limits, Profile, profile_text, read_profile

OPEN = UNLIMITED
# What the sources state, written out by hand: name -> (level, measure) -> (low, high, stated target or None, strength).
STATED = {
    "baoan": {},
    "dongcheng-unit-grid": {("grid", "area_m2"): (9_000, 11_000, 10_000, "soft")},
    "england-wales-output-areas": {
        ("grid", "households"): (400, 1_200, None, "soft"),
        ("micro", "households"): (40, 250, None, "soft"),
        ("micro", "persons"): (100, OPEN, None, "hard"),
    },
    "gridez": {("grid", "persons"): (0, OPEN, 500, "soft")},
    "guali-2024": {
        ("grid", "households"): (300, 500, 400, "hard"),
        ("grid", "persons"): (0, OPEN, 1_500, "soft"),
        ("micro", "households"): (50, 80, 65, "soft"),
    },
    "indonesia-rt": {("grid", "households"): (10, 50, None, "soft")},
    "inner-mongolia": {("grid", "households"): (300, 500, None, "soft")},
    "inner-mongolia-rural": {("grid", "households"): (0, OPEN, 50, "soft")},
    "ireland-small-areas": {("grid", "households"): (65, OPEN, 90, "hard")},
    "kenya-community-health": {
        ("grid", "households"): (500, 1_000, None, "soft"),
        ("grid", "persons"): (0, OPEN, 5_000, "soft"),
        ("micro", "households"): (50, 100, None, "soft"),
    },
    "new-zealand-meshblocks": {
        ("grid", "persons"): (100, 200, None, "soft"),
        ("micro", "households"): (30, 60, None, "soft"),
    },
    "poland-census": {
        ("beat", "grids"): (0, 9, None, "hard"),
        ("grid", "households"): (0, 200, None, "hard"),
        ("grid", "persons"): (0, 500, None, "hard"),
    },
    "police-beats": {},
    "pre-census-areas": {},
    "residents-committee": {},
    "shangdi": {},
    "sichuan": {("grid", "households"): (300, 500, None, "soft")},
    "sichuan-rural": {},
    "township-three-level": {},
    "turf": {("grid", "households"): (25, 300, None, "soft")},
    "wugang": {},
    "xiayang-2022": {},
}
# Counts that a source tells beside its rules: each must be told by a clause, and none may have become a limit.
COUNTS = {
    "baoan": ["124", "4,833"],
    "residents-committee": ["740", "10 grids"],
    "shangdi": ["12 community grids", "56 grid units", "142"],
    "township-three-level": ["36 villages", "211"],
    "wugang": ["4 streets", "16 communities", "126", "272"],
    "xiayang-2022": ["there are 3", "38 management units"],
    "inner-mongolia": ["200 to 400", "60 %"],
    "new-zealand-meshblocks": ["500 persons", "1,000 to 4,000"],
    "gridez": ["75 persons", "1,200 persons"],
    "indonesia-rt": ["at most 30", "at most 50"],
    "guali-2024": ["200 to 300", "300 staff", "1,500 people"],
}


def measured(profile):
    """Give (level, limits) for everything that a profile measures."""
    for level in profile.levels:
        yield level, profile.limits[level]
        for limits in profile.further.get(level, ()):
            yield level, limits


def test_every_source_has_its_profile():
    assert gg.list_profiles() == sorted(STATED)


@pytest.mark.parametrize("name", STATED)
def test_a_shipped_profile_states_the_numbers_of_its_source_and_no_others(name):
    profile = gg.load_profile(name)
    told = {(level, limits.measure): limits for level, limits in measured(profile)}
    assert set(told) == set(STATED[name])
    for key, (low, high, target, strength) in STATED[name].items():
        assert (told[key].low, told[key].high, told[key].strength) == (low, high, strength)
        if target is not None:
            assert told[key].target == target


@pytest.mark.parametrize("name", STATED)
def test_a_shipped_profile_names_its_source_and_says_what_gridgeo_does_with_each_clause(name):
    profile = gg.load_profile(name)
    assert profile.name == name
    assert profile.source
    assert profile.country
    assert profile.title_zh
    assert profile.clauses
    assert all(clause.en and clause.does for clause in profile.clauses)
    assert len({clause.id for clause in profile.clauses}) == len(profile.clauses)


@pytest.mark.parametrize("name", STATED)
def test_every_size_of_a_shipped_profile_has_a_clause_that_tells_its_numbers(name):
    profile = gg.load_profile(name)
    words = {clause.id: f"{clause.en} {clause.does}" for clause in profile.clauses}
    for _, limits in measured(profile):
        for number in {limits.low, limits.high} - {0, OPEN}:
            assert f"{number:,}" in words[limits.clause]


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_a_source_are_told_in_its_clauses(name):
    words = " ".join(clause.en for clause in gg.load_profile(name).clauses)
    assert [count for count in COUNTS[name] if count not in words] == []


@pytest.mark.parametrize("name", ["dongcheng-unit-grid", "indonesia-rt"])
def test_what_nobody_has_verified_is_marked(name):
    profile = gg.load_profile(name)
    clause = next(clause for clause in profile.clauses if clause.id == profile.limits["grid"].clause)
    assert "UNVERIFIED" in clause.en


def test_guali_makes_institutions_micro_grids_of_their_own():
    exclusive = gg.load_profile("guali-2024").exclusive
    assert exclusive.level == "micro"
    assert {kind: (band.measure, band.low, band.high, band.strength) for kind, band in exclusive.bands.items()} == {
        "commercial": ("persons", 200, 300, "may"),
        "office": ("persons", 200, 300, "may"),
        "large_factory": ("persons", 300, OPEN, "may"),
    }


def test_sichuan_states_no_number_for_micro_grids_and_none_is_invented():
    profile = gg.load_profile("sichuan")
    assert profile.levels == ["grid"]
    with pytest.raises(gg.ProfileError, match="sets no limits for level 'micro'; its levels with limits are grid"):
        profile.limits_of("micro")


def test_rules_without_a_size_load_and_refuse_to_divide():
    profile = gg.load_profile("wugang")
    assert (profile.levels, profile.divides) == ([], False)
    with pytest.raises(
        gg.ProfileError, match=r"'wugang' cannot divide: .* 126 small grids\), nor .* 272 .* under \[grid"
    ):
        profile.check_divides()
    with pytest.raises(
        gg.ProfileError, match=r"no limits for level 'grid'; .* are none; its source does not state how"
    ):
        profile.limits_of("grid")


def test_the_report_on_police_beats_leaves_their_number_open_until_a_file_states_it():
    with pytest.raises(
        gg.ProfileError, match=r"put a \[low, high\] of your own for grids under \[beat\] and households"
    ):
        gg.load_profile("police-beats").check_divides()
    lines = profile_text("police-beats").splitlines()
    sizes = iter(["grids = [3, 6]", "households = [300, 500]"])
    own = read_profile("\n".join(next(sizes) if line.startswith("unstated") else line for line in lines))
    own.check_divides()
    assert own.levels == ["beat", "grid"]
    assert own.limits["beat"] == Limits(3, 6, 4, measure="grids")
    assert own.labels["beat"] == ("police beat", "警格")


def test_beats_alone_do_not_divide_for_they_are_made_of_grids():
    profile = read_profile('name = "x"\n[beat]\ngrids = [2, 4]\n')
    assert profile.limits_of("beat").high == 4
    with pytest.raises(gg.ProfileError, match="does not state how many households a grid holds"):
        profile.check_divides()


@pytest.mark.parametrize("name", STATED)
def test_a_profile_survives_being_written_down_as_facts(name):
    profile = gg.load_profile(name)
    assert Profile.from_facts(asdict(profile)) == profile
    assert Profile.from_facts(json.loads(json.dumps(asdict(profile)))) == profile


def test_facts_of_a_plan_stored_before_there_were_further_measures_are_read():
    old = {"name": "x", "title": "X", "limits": {"grid": {"low": 1, "high": 3, "target": 2}}, "clauses": []}
    profile = Profile.from_facts(old)
    assert profile.limits["grid"] == Limits(1, 3, 2)
    assert (profile.further, profile.labels, profile.exclusive, profile.unstated) == ({}, {}, None, {})


def test_an_unknown_profile_names_those_there_are_and_the_nearest():
    with pytest.raises(
        gg.ProfileError, match=r"there is no profile 'nowhere'; choose one of .*guali-2024, .*sichuan, "
    ):
        gg.load_profile("nowhere")
    with pytest.raises(gg.ProfileError, match=r"did you mean 'guali-2024'\?"):
        gg.load_profile("guali-2042")


def test_a_file_of_ones_own_is_a_profile(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\n[grid]\nhouseholds = [10, 20]\n', encoding="utf-8")
    assert gg.load_profile(path).limits["grid"].target == 15
    assert profile_text(path) == path.read_text("utf-8")


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "own"\r\n[grid]\r\nhouseholds = [20, 10]\r\n')
    with pytest.raises(gg.ProfileError, match=r"own\.toml, line 3: grid\.households = \[20, 10\] is no band"):
        gg.load_profile(path)


@pytest.mark.parametrize("made", ["absent", "folder", "gbk"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, made):
    path = tmp_path / "own.toml"
    if made == "folder":
        path.mkdir()
    elif made == "gbk":
        path.write_bytes('name = "网格"'.encode("gbk"))
    with pytest.raises(gg.ProfileError, match=r"profile file '.*own\.toml' cannot be read"):
        gg.load_profile(path)


def test_the_text_of_a_shipped_profile_is_a_file_to_start_from(tmp_path):
    path = tmp_path / "copy.toml"
    path.write_text(profile_text("guali-2024"), encoding="utf-8")
    assert gg.load_profile(path) == gg.load_profile("guali-2024")


def test_exclusive_areas_without_bands_are_read():
    profile = read_profile('name = "x"\n[grid]\nhouseholds = [1, 2]\n[exclusive]\nlevel = "grid"\n')
    assert profile.exclusive == Exclusive("grid")
