"""Hold the code to the house style: whole words, short modules, short functions, a README that is true."""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

import gridgeo
from gridgeo.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"gridgeo": ROOT / "gridgeo", "gridgeo_api": ROOT / "api" / "gridgeo_api"}


def _modules(package):
    return sorted(path for path in PACKAGES[package].rglob("*.py") if "__pycache__" not in path.parts)


# How it is written


def _names(path):
    """Give every name that a module makes: of itself, its functions, classes, arguments and variables."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


ASKED_FOR = {"get_col_spec"}
"""Names that a library asks for."""


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_words(package):
    banned = re.compile(r"^_*get_|(^|_)(utils?|misc|managers?)(_|$)|[a-z](Util|Misc|Manager)s?\b", re.IGNORECASE)
    found = {
        path.name: sorted({name for name in _names(path) if banned.search(name)} - ASKED_FOR)
        for path in _modules(package)
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _code_lines(path):
    """Give the numbers of the lines that hold code: no blank, comment or docstring lines."""
    text = path.read_text("utf-8")
    lines = {
        number for number, line in enumerate(text.splitlines(), 1) if line.strip() and not line.lstrip().startswith("#")
    }
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return lines


LONGEST_MODULE, LONGEST_FUNCTION = 360, 50
"""Lines of code where a module or a function has surely grown a second subject; the style asks for 300 and 40."""
COMPILED = {"kernels.py", "group_kernels.py", "move_kernels.py", "tree_kernels.py"}
"""Loops that numba compiles share a dozen arrays; a call for each part would hide them."""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_is_about_one_subject(package):
    sizes = {path.name: len(_code_lines(path)) for path in _modules(package) if path.name not in COMPILED}
    assert {name: size for name, size in sizes.items() if size > LONGEST_MODULE} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_function_fits_on_a_screen(package):
    long = {}
    for path in _modules(package):
        if path.name in COMPILED:
            continue
        code = _code_lines(path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = len(code & set(range(node.body[0].lineno, node.end_lineno + 1)))
                if size > LONGEST_FUNCTION:
                    long[f"{path.name}: {node.name}"] = size
    assert long == {}


# What its README says


def _readme():
    return (ROOT / "README.md").read_text("utf-8")


def test_the_readme_uses_only_names_that_exist():
    said = set(re.findall(r"\bgg\.(\w+)", _readme())) | set(re.findall(r"\bgridgeo\.([a-z]\w+)\(", _readme()))
    assert sorted(said - set(gridgeo.__all__)) == []


def test_the_readme_names_only_verbs_that_make_knows():
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = set(re.findall(r"(?:^|`)make ([a-z]+)", _readme(), re.MULTILINE))
    assert sorted(said - verbs) == []


def test_the_readme_names_only_commands_that_gridgeo_knows():
    commands = set(get_command(app).commands)
    said = set(re.findall(r"(?:^|`|/)gridgeo ([a-z]+)", _readme(), re.MULTILINE))
    assert sorted(said - commands) == []
