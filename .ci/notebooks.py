"""Run every notebook from its first cell to its last: a cell that fails, fails the run.

The notebooks are kept without outputs, so that a change shows what changed; the run's outputs go to out/notebooks.

    python .ci/notebooks.py            run all, fail on an error or on outputs that were left in
    python .ci/notebooks.py --strip    take the outputs out of the notebooks
"""

# ruff: noqa: T201 - it talks to whoever runs it

import argparse
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
SOURCE, RESULT = ROOT / "notebooks", ROOT / "out" / "notebooks"
CELL_LIMIT_S = 300


def strip(notebook):
    """Take outputs and run numbers out of a notebook; tell whether there were any."""
    ran = [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]
    for cell in ran:
        cell.outputs, cell.execution_count = [], None
    return bool(ran)


def run(path, notebook):
    """Run a notebook where it lies, keep what it shows, and give its error or None."""
    where = {"metadata": {"path": str(path.parent)}}
    with tempfile.TemporaryDirectory() as folder:  # for the sockets between here and the kernel
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        client = NotebookClient(notebook, config=config, kernel_name="python3", timeout=CELL_LIMIT_S, resources=where)
        try:
            client.execute()
        except CellExecutionError as error:
            return str(error)
        finally:
            RESULT.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, RESULT / path.name)
    return None


def main():
    """Strip or run the notebooks; 1 when one of them is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strip", action="store_true", help="take the outputs out of the notebooks and run none")
    only_strip = parser.parse_args().strip
    faults = 0
    for path in sorted(SOURCE.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        held = strip(notebook)
        if only_strip:
            if held:
                nbformat.write(notebook, path)
            continue
        if held:
            faults += 1
            print(f"{path.name} holds outputs; take them out with: python .ci/notebooks.py --strip", file=sys.stderr)
        began = time.perf_counter()
        error = run(path, notebook)
        faults += error is not None
        print(f"{path.name}: {'ran' if error is None else 'failed'} in {time.perf_counter() - began:.0f} s", flush=True)
        if error:
            print(error, file=sys.stderr)
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
