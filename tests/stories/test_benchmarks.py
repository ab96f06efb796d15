"""The benchmarks run small in every test run, so that they still run when somebody needs them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_town_goes_down_the_measured_path(tmp_path):
    out = tmp_path / "bench.json"
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "run.py"),
        "--size",
        "small",
        "--only",
        "path",
        "--out",
        str(out),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    rows = {row["step"]: row for row in json.loads(out.read_text("utf-8"))}
    assert {"make_atoms", "partition", "audit", "locate"} <= set(rows)
    assert all(row["cost"]["seconds"] >= 0 for row in rows.values())
    assert rows["certify"]["note"] == "holds: True"
    assert rows["audit"]["note"].startswith("0 errors, 0 warnings")
    assert rows["locate"]["note"] == "0 placed otherwise"
