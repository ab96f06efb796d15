import pytest
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli import screen
from gridgeo.cli.main import app
from gridgeo.model.profile import profile_text


def run(*words, columns=160):
    screen.out.width = columns  # a console keeps the width that it found when it was made
    return CliRunner().invoke(app, ["profiles", *map(str, words)], env={"COLUMNS": str(columns)})


def flat(result):
    return " ".join(result.output.split())


@pytest.mark.parametrize("columns", [60, 160])
def test_every_profile_is_listed_by_its_whole_name(columns):
    told = run(columns=columns)
    assert told.exit_code == 0
    assert [name for name in gg.list_profiles() if name not in told.output.split()] == []


def test_the_list_tells_country_and_sizes():
    told = flat(run())
    assert "Guali Town, Hangzhou, 2024 China grid 300-500 households, micro 50-80 households" in told
    assert "Poland beat at most 9 grids, grid at most 200 households" in told
    assert "China states no size; divides nothing as it is" in told
    assert "瓜沥镇网格建设方案 China 网格 300-500 户, 微网格 50-80 户" in flat(run("--language", "zh"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", gg.list_profiles())
def test_every_clause_of_a_profile_is_shown_with_what_gridgeo_does(name, language):
    told = run("show", name, "--language", language, columns=2000)
    assert told.exit_code == 0
    profile = gg.load_profile(name)
    assert profile.source in told.output
    for clause in profile.clauses:
        assert f"{clause.id} " in told.output
        assert clause.does in told.output
        assert (clause.en if language == "en" or not clause.zh else clause.zh) in told.output


def test_clauses_stand_under_their_level():
    told = run("show", "guali-2024").output
    places = [
        told.index(words)
        for words in ("\ngrid ", "grid-people ", "\nmicro ", "micro-split ", "\nall levels", "nesting ")
    ]
    assert places == sorted(places)


def test_sizes_are_told_before_the_clauses():
    told = run("show", "guali-2024").output
    assert "grid: 300-500 households, 400 wanted, hard (grid-size)\n" in told
    assert "grid: about 1,500 persons, soft (grid-people)\n" in told
    assert "grid: 1,500 persons in 300-500 households are 3 to 5 a household\n" in told
    assert "  large_factory: at least 300 persons, may (exclusive-factory)\n" in told


def test_what_a_source_leaves_open_is_told():
    told = run("show", "police-beats").output
    assert "beat is called: police beat\n" in told
    assert "beat: the source does not state how many grids a beat holds" in told
    assert "警格称为：警格" in run("show", "police-beats", "--language", "zh").output


def test_a_profile_prints_the_file_that_it_is_read_from():
    assert run("show", "sichuan", "--toml").output == profile_text("sichuan")


def test_a_file_of_ones_own_is_shown(tmp_path):
    path = tmp_path / "own.toml"
    rows = '[[grid.further]]\nmeasure = "calls [a day]"\ntarget = 12\nweight = 0.5\n'
    path.write_text(f'name = "own"\n[grid]\nhouseholds = {{ max = 9 }}\n{rows}', encoding="utf-8")
    told = run("show", path).output
    assert "grid: at most 9 households, 6 wanted, hard\n" in told
    assert "grid: about 12 calls [a day], hard, weight 0.5\n" in told


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["show", "sichan"], "did you mean 'sichuan'?"),
        (["show", "sichan", "--toml"], "there is no profile 'sichan'"),
        (["show", "sichuan", "--language", "fr"], "--language 'fr': choose one of en, zh"),
        (["--language", "fr"], "--language 'fr': choose one of en, zh"),
    ],
)
def test_a_wrong_word_is_told_in_one_line(words, fault):
    told = run(*words)
    assert told.exit_code == 1
    assert fault in told.output
