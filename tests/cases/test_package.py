"""Hold the package to its promises: what it loads, exports, ships and depends on."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gridgeo

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"gridgeo": ROOT / "gridgeo", "gridgeo_api": ROOT / "api" / "gridgeo_api"}
HEAVY = {"folium", "fastapi", "osmnx", "dask", "sqlalchemy", "matplotlib", "alembic", "numba", "momepy", "neatnet"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
USED_BY_OTHERS = {  # declared, yet no line of ours imports it
    "openpyxl": "pandas reads Excel through it",
}
BROUGHT_ALONG = {  # imported, yet declared by the library that is built on it
    "starlette": "fastapi",
    "pydantic": "fastapi",
    "fonttools": "fpdf2",
}


def _loaded_by(code):
    """Give the top names of all modules that a fresh interpreter holds after running the code."""
    code += "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(ran.stdout))


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _modules(package):
    return [path for path in _files(PACKAGES[package]) if path.suffix == ".py"]


def _declared():
    """Give the names of the distributions that the core and its extras ask for."""
    lines = [
        *PROJECT["dependencies"],
        *(line for wanted in PROJECT["optional-dependencies"].values() for line in wanted),
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines} - {"gridgeo"}


def _imported(path):
    """Give the top names of the modules that a file imports from outside the project."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    tops = {name.partition(".")[0] for name in names}
    return tops - set(sys.stdlib_module_names) - set(PACKAGES)


def _distributions(package):
    """Map each outside module that a package imports to its distribution, and to the files that do."""
    known, found = importlib.metadata.packages_distributions(), {}
    for path in _modules(package):
        for name in _imported(path):
            distribution = canonicalize_name(known.get(name, [name])[0])
            found.setdefault(distribution, []).append(str(path.relative_to(ROOT)))
    return found


# What it loads


def test_importing_gridgeo_loads_no_heavy_library():
    assert not _loaded_by("import gridgeo") & (HEAVY | {"numpy", "pandas", "geopandas"})


def test_planning_and_daily_service_load_no_map_service_or_database_library():
    names = [name for room, name in _stub() if room.partition(".")[0] in {"model", "design", "operate", "town"}]
    assert names
    loaded = _loaded_by("import gridgeo\n" + "\n".join(f"gridgeo.{name}" for name in names))
    assert not loaded & (HEAVY - {"numba"})


def test_model_knows_only_tables_and_geometry():
    allowed = {"numpy", "pandas", "geopandas", "shapely", "pyproj", "pandera"}
    outside = {path.name: _imported(path) - allowed for path in (PACKAGES["gridgeo"] / "model").rglob("*.py")}
    outside["compiled.py"] -= {"numba"}  # the one door to the compiler, for all rooms
    assert {name: wrong for name, wrong in outside.items() if wrong} == {}


# What it exports


def _stub():
    """Read the stub: pairs of module path inside the package and public name."""
    tree = ast.parse((PACKAGES["gridgeo"] / "__init__.pyi").read_text("utf-8"))
    froms = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [(node.module, alias.asname or alias.name) for node in froms for alias in node.names]


def test_public_names_are_those_of_the_stub():
    names = [name for _, name in _stub()]
    assert sorted(gridgeo.__all__) == sorted(set(names))
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [name for _, name in _stub()])
def test_a_public_name_can_be_imported_and_says_what_it_does(name):
    thing = getattr(gridgeo, name)
    assert (thing.__doc__ or "").strip()


def test_the_version_is_that_of_the_installed_package():
    assert importlib.metadata.version("gridgeo") == gridgeo.__version__


# What it ships


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel and give the names of the files in it."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not here")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_the_wheel_holds_every_file_of_both_packages_and_nothing_else(wheel):
    expected = {
        f"{name}/{path.relative_to(folder).as_posix()}" for name, folder in PACKAGES.items() for path in _files(folder)
    }
    held = {name for name in wheel if ".dist-info/" not in name}
    assert sorted(expected - held) == []
    assert sorted(held - expected) == []


def test_the_wheel_holds_types_profiles_pages_and_the_licence(wheel):
    assert "gridgeo/py.typed" in wheel
    assert "gridgeo/__init__.pyi" in wheel
    assert any(re.fullmatch(r"gridgeo/model/profiles/.+\.toml", name) for name in wheel)
    assert any(re.fullmatch(r"gridgeo_api/pages/[^/]+\.html", name) for name in wheel)
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in wheel)


HOSTS_NAMED = {  # addresses that a page may name: nothing is loaded from them
    "www.w3.org": "names of XML namespaces",
    "www.openstreetmap.org": "the licence link that the data asks for",
    "opendatacommons.org": "the licence itself",
    "127.0.0.1": "this machine",
    "localhost": "this machine",
}
CONTENT_HOSTS = (
    r"jsdelivr|unpkg|cdnjs|googleapis|gstatic|bootstrapcdn|cloudflare|tile\.openstreetmap|mapbox\.com|fontawesome"
)


def _is_vendored(path):
    """Tell whether a file is another project's: a VERSION file lies beside it or above it."""
    folders = [folder for folder in path.parents if folder not in ROOT.parents and folder != ROOT]
    return any((folder / "VERSION").exists() for folder in folders)


def _pages():
    """List the pages, scripts and styles that are our own; vendored files keep what their authors wrote."""
    kinds = {".html", ".js", ".mjs", ".css", ".svg", ".json", ".j2"}
    files = [path for folder in PACKAGES.values() for path in _files(folder) if path.suffix in kinds]
    return [path for path in files if not _is_vendored(path)]


def test_no_page_names_another_host():
    named = {}
    for path in _pages():
        hosts = set(
            re.findall(
                r"""(?:https?:)?//((?:[\w-]+\.)+[a-z]{2,}|localhost|[\d.]+\d)(?=[/:"'\s?#)]|$)""",
                path.read_text("utf-8"),
            )
        )
        if hosts - set(HOSTS_NAMED):
            named[path.name] = sorted(hosts - set(HOSTS_NAMED))
    assert named == {}


def test_no_module_points_a_page_at_a_content_network():
    pattern = re.compile(rf"https?://[\w.-]*(?:{CONTENT_HOSTS})")
    modules = [path for package in PACKAGES for path in _modules(package)]
    assert [path.name for path in modules if pattern.search(path.read_text("utf-8"))] == []


def test_every_vendored_library_carries_its_licence():
    beside = [path for folder in PACKAGES.values() for path in folder.rglob("VERSION")]
    assert [str(path.relative_to(ROOT)) for path in beside if not (path.parent / "LICENSE").exists()] == []


def test_what_another_project_wrote_lies_beside_its_version():
    packed = [path.name for path in _pages() if any(len(line) > 2_000 for line in path.read_text("utf-8").splitlines())]
    assert packed == []


# What it depends on


def test_every_dependency_line_gives_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    core = text.partition("dependencies = [\n")[2].partition("\n]")[0]
    extras = text.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    lines = [line for line in (core + "\n" + extras).splitlines() if line.strip() and not line.startswith("all = ")]
    assert lines
    assert [line for line in lines if not re.search(r"#\s*\S+", line)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_outside_import_is_a_declared_dependency(package):
    known = _declared() | set(BROUGHT_ALONG)
    undeclared = {name: files for name, files in _distributions(package).items() if name not in known}
    assert undeclared == {}


def test_every_declared_dependency_is_used():
    used = set().union(*(_distributions(package) for package in PACKAGES))
    assert sorted(_declared() - used - set(USED_BY_OTHERS)) == []


def test_every_direct_dependency_is_pinned():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    wanted = _declared() | {canonicalize_name(Requirement(line).name) for lines in groups.values() for line in lines}
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+( *;.+)?", line)] == []
    assert sorted(wanted - {canonicalize_name(line.partition("==")[0]) for line in lines}) == []
