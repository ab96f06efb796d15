"""What a newcomer meets before gridgeo is installed: the search for a Python, and the words of ``make``."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not shutil.which("make") or not shutil.which("sh"), reason="make and sh are not here")


def _python(folder, name, before):
    """Put a Python on a path that runs some code before what it is asked to run."""
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; {before}; exec(sys.argv[1])" "$2"\n')
    path.chmod(0o755)


def _make_venv(path, *names):
    """Look for a Python on a path that holds nothing but the given folder."""
    environment = {**os.environ, "PATH": str(path)}
    command = [shutil.which("sh"), str(ROOT / ".ci" / "make_venv"), str(path / "made"), *names]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_python_that_is_too_old_is_named_with_its_version_and_the_way_out(tmp_path):
    _python(tmp_path, "python3", "sys.version_info = (3, 9, 2)")
    ran = _make_venv(tmp_path)
    assert ran.returncode == 1
    assert "python3 is Python 3.9, gridgeo needs 3.11" in ran.stderr
    assert "make demo PYTHON=" in ran.stderr


def test_a_python_newer_than_the_pins_is_refused(tmp_path):
    _python(tmp_path, "python3", "sys.version_info = (3, 15, 0)")
    ran = _make_venv(tmp_path)
    assert ran.returncode == 1
    assert "python3 is Python 3.15, for which the pinned libraries have no wheels yet" in ran.stderr


def test_a_python_without_ensurepip_is_told_which_package_brings_it(tmp_path):
    _python(tmp_path, "python3", "sys.version_info = (3, 11, 2); sys.modules['ensurepip'] = None")
    ran = _make_venv(tmp_path)
    assert ran.returncode == 1
    assert "apt-get install python3.11-venv" in ran.stderr


def test_a_machine_without_python_is_told_so(tmp_path):
    ran = _make_venv(tmp_path)
    assert ran.returncode == 1
    assert "no python3 on the path" in ran.stderr


def test_a_named_python_that_is_not_there_is_told_so(tmp_path):
    ran = _make_venv(tmp_path, "python3.77")
    assert ran.returncode == 1
    assert "no python3.77 on the path" in ran.stderr


def test_what_is_missing_outside_python_is_named_and_nothing_is_installed_when_only_looking(tmp_path):
    for tool in ("find", "grep", "id"):
        (tmp_path / tool).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / tool).chmod(0o755)
    command = [shutil.which("sh"), str(ROOT / ".ci" / "system_packages"), "look"]
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0
    assert [line.partition(" here")[0] for line in ran.stdout.splitlines()] == [
        "no chromium",
        "no fonts-noto-cjk",
        "no PostgreSQL with PostGIS",
    ]


def test_make_alone_says_what_its_verbs_do():
    ran = subprocess.run(["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, check=True, timeout=60)
    told = set(re.findall(r"^  make (\w+)  ", ran.stdout, re.MULTILINE))
    assert {"demo", "test", "lint", "notebooks", "bench", "wheel", "clean", "help"} <= told


def test_no_file_that_installs_names_an_address():
    files = [ROOT / "Makefile", ROOT / "pyproject.toml", ROOT / "constraints.txt", *(ROOT / ".ci").iterdir()]
    texts = {path.name: path.read_text("utf-8") for path in files if path.is_file()}
    pattern = re.compile(r"https?://(?!127)|--index-url|--extra-index|--find-links|--trusted-host")
    assert [name for name, text in texts.items() if pattern.search(text)] == []
