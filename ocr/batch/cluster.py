"""A Dask cluster as the place where many files are read; see docs/cluster.md.

Scheduling, lost workers and the tasks they were at are Dask's. Results are written by the workers,
to storage that all of them reach.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ocr.batch.tasks import GRACE, Outcome, Step, Stop, Task, failure
from ocr.config import install_hint
from ocr.errors import ModelError, OcrError

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

AHEAD = 3  # tasks on the cluster for each of its threads: enough that none waits for this process
TICK = 0.2  # seconds between looks at signals
RECOUNT = 5.0  # seconds between looks at how large the cluster is
CONNECT = 30  # seconds for the scheduler to answer and the first worker to be there


def execute(
    tasks: Iterator[Task],
    step: Step,
    stop: Stop,
    address: str,
    weights: Mapping[str, Path] | None = None,
) -> Iterator[Outcome]:
    """Do a step for each task on a cluster; see `ocr.batch.tasks.Execute`.

    Parameters
    ----------
    tasks : iterator of Task
        Taken as the cluster gets free.
    step : callable
        Picklable; `ocr` must be installed where it runs.
    stop : Stop
        Once set, no task is handed out any more; those on the cluster are finished, for ten
        seconds at most and unless it is set again.
    address : str
        Of the scheduler, such as ``tcp://host:8786``, or the path of its scheduler file.
    weights : mapping of str to Path, optional
        Weight files that the workers need not have, by the names `ocr.weights.find_weights` is to
        know them by: sent to each worker once, those that come later too.

    Yields
    ------
    Outcome
        As they are done, in any order. A task at which too many workers died (Dask's
        ``allowed-failures``) is an error.

    Raises
    ------
    ModelError
        A worker raised it.
    OcrError
        The scheduler cannot be reached or is lost, or there are no workers.
    """
    client = _connect(address)
    done: queue.SimpleQueue[Future] = queue.SimpleQueue()
    at_work: dict[tuple[str, int], tuple[Future, Task]] = {}
    # Of one group, so that the scheduler keeps what workers are not at yet: a worker that dies
    # is laid to all tasks it holds. Of another than other runs', which would be taken for the same.
    group = f"ocr-{uuid.uuid4().hex[:8]}"
    room, counted, stopped_at, number = 0, 0.0, None, 0
    sent = _send(client, weights) if weights else ""
    try:
        while True:
            now = time.monotonic()
            if client.status not in ("running", "connecting"):
                raise _lost(address)
            if stop.signal:
                stopped_at = stopped_at or now
                if not at_work or stop.times > 1 or now - stopped_at > GRACE:
                    return
            else:
                if now - counted > RECOUNT:
                    room, counted = AHEAD * sum(client.nthreads().values()), now
                for task in islice(tasks, max(0, room - len(at_work))):
                    number += 1
                    future = client.submit(step, task, key=(group, number), pure=False)
                    at_work[future.key] = future, task
                    future.add_done_callback(done.put)
                if not at_work and room:
                    return
            try:
                future = done.get(timeout=TICK)
            except queue.Empty:
                continue
            _, task = at_work.pop(future.key)
            yield _outcome(future, task, address)
            future.release()
    finally:
        client.cancel([future for future, _ in at_work.values()])
        if sent and client.status == "running":
            client.unregister_worker_plugin(sent)
        client.close()


def _send(client: Client, weights: Mapping[str, Path]) -> str:
    """Send weight files to all workers; return the name under which to take them back."""
    from distributed import WorkerPlugin

    class Weights(WorkerPlugin):
        """Sent to the workers by value, so that it is theirs whatever they have installed."""

        def __init__(self, files: dict[str, tuple[str, bytes]], name: str) -> None:
            self.files, self.name = files, name

        def setup(self, worker: Worker) -> None:
            from pathlib import Path

            from ocr import weights
            from ocr.batch import recipe

            for key, (file, data) in self.files.items():
                path = Path(worker.local_directory) / self.name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                weights.SENT[key] = path
            recipe.forget()

        def teardown(self, worker: Worker) -> None:
            from ocr import weights
            from ocr.batch import recipe

            for key in self.files:
                weights.SENT.pop(key, None)
            recipe.forget()

    files = {key: (path.name, path.read_bytes()) for key, path in weights.items()}
    name = f"ocr-weights-{uuid.uuid4().hex[:8]}"
    client.register_plugin(Weights(files, name), name=name)
    return name


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise OcrError(
            f"--scheduler needs Dask. Install it with {install_hint('cluster')}"
        ) from None
    where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        client = Client(**where, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise OcrError(
            f"{address}: no Dask scheduler answers there ({error}). Check the address."
        ) from None
    try:
        client.wait_for_workers(1, timeout=CONNECT)
    except TimeoutError:
        client.close()
        raise OcrError(f"{address}: the Dask cluster has no workers. Start some.") from None
    return client


def _outcome(future: Future, task: Task, address: str) -> Outcome:
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    name = task.item.name
    try:
        return future.result()
    except ModelError:
        raise
    except KilledWorker as error:
        reason = (
            f"{name}: {error.allowed_failures + 1} workers died while they read it, perhaps for "
            "want of memory. Make it smaller, or give the workers more."
        )
        return failure(task, reason, "WorkerDied")
    except FutureCancelledError:
        raise _lost(address) from None


def _lost(address: str) -> OcrError:
    return OcrError(f"{address}: the Dask scheduler is lost. Start it, and go on with --resume.")
