"""Show progress, tables and errors in the terminal."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridgeo.model.errors import GridgeoError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Steps:
    """Show the steps of a long command, the one under way with its progress."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    @contextmanager
    def step(self, words: str) -> Iterator[Callable[[int, int], None]]:
        """Show one step; what it yields takes how much is done, of how much."""
        task = self._bars.add_task(words, total=None)
        yield lambda done, total: self._bars.update(task, completed=done, total=total)
        total = self._bars.tasks[task].total or 1
        self._bars.update(task, completed=total, total=total)


@contextmanager
def steps() -> Iterator[Steps]:
    """Show progress bars while a command works."""
    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), BarColumn(bar_width=24),
               MofNCompleteColumn(), TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=err) as bars:
        yield Steps(bars)


def show_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Print a table; numbers stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False)
    for at, name in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[at], int | float) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_word(value)) for value in row))
    out.print(table)
    out.print()


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def say(words: str) -> None:
    """Print a line."""
    out.print(escape(words), soft_wrap=True)


def note(words: str) -> None:
    """Print a line that is worth a second look, beside the results."""
    err.print(f"[yellow]note[/] {escape(words)}", soft_wrap=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what goes wrong into one line and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except GridgeoError as error:
        err.print(f"[red]{type(error).__name__}[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("interrupted; what was published or written before stands as it was")
        raise typer.Exit(130) from None
    except OSError as error:
        err.print(f"[red]{type(error).__name__}[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("gridgeo"):
            raise
        err.print(
            f'[red]missing[/] this command needs {error.name}; pip install "gridgeo\\[all]" brings it', soft_wrap=True
        )
        raise typer.Exit(1) from None
    except Exception as error:  # a defect of gridgeo's own: say so, and keep what helps to mend it
        err.print(f"[red]defect[/] {type(error).__name__}: {escape(str(error))}; please report it with what follows")
        traceback.print_exc(limit=-3, file=sys.stderr)
        raise typer.Exit(70) from None
