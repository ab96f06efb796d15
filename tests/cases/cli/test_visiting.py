"""``gridgeo visits`` tells which visits are due, and the coverage of each area."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridgeo.cli.main import app

SUBJECTS = """subject_id,kind,groups,area_id,since
H1,household,,G1,2026-01-01
H2,household,empty_nest,G1,2026-01-01
H3,household,,G2,2026-01-01
F1,firm,,G2,2026-01-01
"""
VISITS = """subject_id,at
H1,2026-10-05T09:00:00+08:00
H2,2026-10-05T09:00:00+08:00
H3,2026-06-30T23:30:00+08:00
H9,2026-10-05T09:00:00+08:00
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "subjects.csv").write_text(SUBJECTS, "utf-8")
    (tmp_path / "visits.csv").write_text(VISITS, "utf-8")
    return tmp_path


def run(folder, *more, at="2026-11-22", rules="inner-mongolia"):
    arguments = ["visits", folder / "subjects.csv", "--visits", folder / "visits.csv", "--rules", rules,
                 "--at", at, "--out", folder / "due.csv", *more]  # fmt: skip
    return CliRunner().invoke(app, [str(word) for word in arguments], env={"COLUMNS": "200"})


def test_due_days_and_coverage_are_written_and_told(folder):
    told = run(folder, "--coverage", folder / "coverage.csv")
    assert told.exit_code == 0, told.output
    due = pd.read_csv(folder / "due.csv").set_index("subject_id")
    assert due["state"].to_dict() == {"H1": "done", "H2": "open", "H3": "overdue", "F1": "no_rule"}
    assert due.loc["H3", ["due_on", "days_overdue"]].tolist() == ["2026-09-30", 53]
    assert due.loc["H2", "rule_id"] == "listed"
    coverage = pd.read_csv(folder / "coverage.csv").set_index("area_id")
    assert coverage["share"].to_dict() == {"G1": 0.5, "G2": 0.0}
    assert coverage["overdue"].to_dict() == {"G1": 0, "G2": 1}
    assert "G2" in told.output
    assert "1 subjects have no rule" in told.output
    assert "1 visits do not count: unknown_subject" in told.output


def test_times_without_an_offset_are_refused_unless_they_are_said_to_be_local(folder):
    (folder / "visits.csv").write_text("subject_id,at\nH1,2026-10-01 00:30\nH2,2026-10-31\n", "utf-8")
    told = run(folder)
    assert told.exit_code == 1
    assert "without a time zone" in told.output
    told = run(folder, "--local-times")
    assert told.exit_code == 0, told.output
    due = pd.read_csv(folder / "due.csv").set_index("subject_id")
    assert due.loc[["H1", "H2"], "state"].to_list() == ["done", "open"]
    (folder / "visits.csv").write_text("subject_id,at\nH1,soon\n", "utf-8")
    told = run(folder, "--local-times")
    assert told.exit_code == 1
    assert "'soon' is no time" in told.output


def test_several_rules_serve_together(folder):
    told = run(folder, "--rules", "siming-2012")
    assert told.exit_code == 0, told.output
    assert pd.read_csv(folder / "due.csv").set_index("subject_id").at["F1", "rule_id"] == "firm"


def test_a_file_without_its_columns_is_told(folder):
    (folder / "visits.csv").write_text("house,at\nH1,2026-10-01T00:30:00Z\n", "utf-8")
    told = run(folder)
    assert told.exit_code == 1
    assert "no column 'subject_id', it has house, at" in told.output


@pytest.mark.parametrize(
    ("options", "words"),
    [({"rules": "sichaun"}, "no visit rules"), ({"at": "22.11.2026"}, "22.11.2026")],
)
def test_what_is_not_there_is_named(folder, options, words):
    told = run(folder, **options)
    assert told.exit_code != 0
    assert words in told.output
