"""A newcomer types what the README says."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_main_job_in_ten_lines_runs(tmp_path, monkeypatch, capsys):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line and not line.startswith("import")]) <= 10
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "map.html").stat().st_size > 100_000
    assert " True " in capsys.readouterr().out
