"""Hand portions of work to processes of this machine, or to the workers of a Dask cluster."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

from gridgeo.model.errors import GridgeoError

from .work import Order, divide_communities, warm_up

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
WAIT_S = 60
"""How long a cluster may take until its first worker is there, seconds."""

Rows = list[dict[str, Any]]


def run(order: Order, portions: list[list[int]], workers: int | None, scheduler: Any) -> Generator[Rows, None, None]:
    """Divide portions of communities wherever there is a worker.

    Parameters
    ----------
    order : Order
    portions : list of lists of int
        Numbers of communities; the first are begun first.
    workers : int, optional
        Processes; 1 works in this one. Without it, one a processor.
    scheduler : str or dask cluster, optional
        Address of a Dask scheduler; its workers do the work.

    Yields
    ------
    list of dict
        The rows of a portion, as soon as it is done.

    Raises
    ------
    GridgeoError
        If a worker dies or the scheduler does not answer.
    StorageError
        If a file cannot be read or written.
    """
    if not portions:
        return
    count = min(workers or processors(), len(portions))
    if scheduler is None and count == 1:
        for portion in portions:
            yield divide_communities(order, portion)
        return
    with _processes(count) if scheduler is None else _cluster(scheduler) as pool:
        waiting = [pool.submit(divide_communities, order, portion) for portion in portions]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except Exception as error:
            if isinstance(error, GridgeoError):
                raise
            raise GridgeoError(
                f"a worker died ({type(error).__name__}: {error}); what is finished is kept: run the same again, "
                "with fewer workers if memory ran out, and from a script only below if __name__ == '__main__'"
            ) from error
        finally:
            for each in waiting:
                each.cancel()


def processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    """Start processes that compute with a thread each; they import while this one has the solver compiled."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_settle)
    try:
        for _ in range(count):
            pool.submit(_ready)
        warm_up()
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _ready() -> None:
    """Do nothing: a process that can answer has imported all it needs."""


def _settle() -> None:
    """Leave interrupts to the process that started this one, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait: Callable[[], None]) -> None:
    wait()
    os._exit(1)  # nobody waits for an answer; what is half-written lies under another name


@contextmanager
def _cluster(scheduler: Any) -> Iterator[Executor]:
    """Connect to a scheduler, and have one worker of each machine compile the solver before the others ask."""
    try:
        from distributed import Client
    except ImportError:
        raise GridgeoError(
            "a scheduler is reached through dask, which is not installed; pip install 'gridgeo[batch]'"
        ) from None
    try:
        client = Client(scheduler, timeout=WAIT_S, set_as_default=False)
        client.wait_for_workers(1, timeout=WAIT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise GridgeoError(f"scheduler {scheduler}: no worker answers ({error}); is its address right?") from None
    with client:
        hosts = {address.rpartition(":")[0]: address for address in client.nthreads()}
        warm = [client.submit(warm_up, workers=[address], pure=False) for address in hosts.values()]
        client.gather(warm)
        yield client.get_executor(pure=False)
