"""Measure gridgeo beside its peers, in one run and on one machine, so that ratios stay true where seconds do not.

    python benchmarks/run.py --size small|2k|20k|100k|all [--only path ...] [--seed 0] [--out out/bench.json]

Every other file here that can be run is a series; its docstring's first line is its title. One that offers
``rows(size, seed)`` runs in this process and fills the table; any other is a program of its own and runs with the
arguments of its size.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SIZES = ("small", "2k", "20k", "100k")
sys.path.insert(0, str(FOLDER))

from measure import Row  # noqa: E402

PROGRAMS = {
    "locate": {
        "small": ["--areas", "400", "--points", "20000", "--repeat", "1"],
        "2k": ["--areas", "500", "--points", "1000000"],
        "20k": ["--areas", "5000", "--points", "1000000"],
        "100k": ["--areas", "50000", "--points", "1000000"],
    },
    "proof": {
        "small": ["--areas", "300"],
        "2k": ["--areas", "500"],
        "20k": ["--areas", "5000"],
        "100k": ["--areas", "50000"],
    },
}
"""Arguments of the programs by size; one that is not listed runs with none, and not at all when the size is small."""


def find_series(only: Iterable[str] = ()) -> dict[str, Path]:
    """Find the series beside this file, the main path first.

    Raises
    ------
    SystemExit
        If a name in ``only`` is no series.
    """
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem != "run" and _runs(path)}
    unknown = sorted(set(only) - set(paths))
    if unknown:
        raise SystemExit(f"no series {', '.join(unknown)} in benchmarks/; there are {', '.join(paths)}")
    names = sorted(set(only) or paths, key=lambda name: (name != "path", name))
    return {name: paths[name] for name in names}


def _runs(path: Path) -> bool:
    """Tell a series from what several series share."""
    text = path.read_text("utf-8")
    return "def rows(" in text or "__main__" in text


def find_rows(path: Path) -> Callable[..., Iterable[Row]] | None:
    """Give the function of a file that yields rows, or None where the file is a program of its own."""
    if "def rows(" not in path.read_text("utf-8"):
        return None
    return importlib.import_module(path.stem).rows


HEADER = f"{'step':<16}{'count':>11} {'of':<15}{'CPU s':>9}{'MB':>7}  {'peer':<36}{'CPU s':>9}{'x':>7}  note"


def as_line(row: Row) -> str:
    """Write a row as one line of the table; ``x`` says how many times as long the peer took."""
    peer = f"{row.peer:<36}"
    beside = f"{row.peer_cost.seconds:>9.3f}{row.ratio:>7.3g}" if row.peer_cost else " " * 16
    ours = f"{row.cost.seconds:>9.3f}{row.cost.megabytes:>7.0f}"
    return f"{row.step:<16}{row.count:>11,} {row.things:<15}{ours}  {peer}{beside}  {row.note}".rstrip()


def run_series(name: str, rows: Callable[..., Iterable[Row]], size: str, seed: int) -> list[dict[str, object]]:
    """Run a series at a size; print its rows as they come, give them as records."""
    records = []
    for row in rows(size, seed):
        print(as_line(row), flush=True)
        records.append({"series": name, "size": size, **dataclasses.asdict(row), "ratio": row.ratio})
    return records


def run_program(path: Path, size: str) -> None:
    """Run a program with the arguments of a size; it prints its own table."""
    sizes = PROGRAMS.get(path.stem)
    if sizes is None and size == "small":
        print("has no small size")
        return
    subprocess.run([sys.executable, str(path), *(sizes[size] if sizes else [])], check=True)


def title(path: Path) -> str:
    """Read the first line of a file's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or path.stem
    return text.partition("\n")[0]


def main() -> None:
    """Run what the command line asks for, and keep the result as a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", default="all", choices=[*SIZES, "all"])
    parser.add_argument("--only", nargs="*", default=[], metavar="SERIES", help="names of files here, such as path")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=FOLDER.parent / "out" / "bench.json")
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}; CPU seconds of one process, peak memory a step")
    records = []
    for name, path in find_series(asked.only).items():
        rows = find_rows(path)
        if rows and asked.size != "small":
            list(rows("small", asked.seed))  # what compiles at its first call has then done so
        for size in SIZES[1:] if asked.size == "all" else [asked.size]:
            print(f"\n{name}, {size}: {title(path)}", flush=True)
            if rows is None:
                run_program(path, size)
                continue
            print(HEADER)
            records += run_series(name, rows, size, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(records, indent=1))
    print(f"\nkept in {asked.out}")


if __name__ == "__main__":
    main()
