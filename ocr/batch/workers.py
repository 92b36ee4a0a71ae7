"""Worker processes on this machine.

Each has a pipe of its own and one task at a time, so that a worker that dies costs that task alone
and which one is known. Pools that share a queue cannot give this: `concurrent.futures` and loky
give up all that is pending when one process dies, and pebble may lose a task, or wait for a lock
that the dead process holds.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import connection, resource_tracker
from multiprocessing.connection import Connection

from ocr.batch.tasks import GRACE, Outcome, Step, Stop, Task, failure
from ocr.batch.threads import one_thread
from ocr.errors import ModelError, OcrError

TICK = 0.2  # seconds between looks at time limits and signals
FAILED_STARTS = 3  # workers in a row that die before they can work: the machine cannot
TRIES = 2  # of a file at which a worker dies

# The allocator of glibc (mallopt(3)): arrays from a megabyte on get memory of their own, which goes
# back at once. By itself it learns to keep them on the heap, where pages of many sizes leave holes.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}


def execute(
    tasks: Iterator[Task], step: Step, stop: Stop, jobs: int, limit: float | None = None
) -> Iterator[Outcome]:
    """Do a step for each task in worker processes; see `ocr.batch.tasks.Execute`.

    Parameters
    ----------
    tasks : iterator of Task
        Taken as workers get free.
    step : callable
        Picklable; kept by each worker, so what it loads is loaded once a worker.
    stop : Stop
        Once set, no task is handed out any more; those at work are finished, for ten seconds at
        most and unless it is set again.
    jobs : int
        Processes.
    limit : float, optional
        Seconds after which a task is given up.

    Yields
    ------
    Outcome
        As they are done, in any order.

    Raises
    ------
    ModelError
        A worker raised it.
    OcrError
        Workers cannot be started.
    """
    crew = _Crew(tasks, step, jobs)
    stopped_at: float | None = None
    try:
        while True:
            if stop.signal:
                stopped_at = stopped_at or time.monotonic()
                late = time.monotonic() - stopped_at > GRACE
                if not crew.at_work or stop.times > 1 or late:
                    return
            elif not crew.hand_out():
                return
            yield from crew.outcomes(limit)
    finally:
        for worker in crew.workers:
            worker.kill()


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Crew:
    """The workers of a run, and the tasks that wait for one, each with how often it was tried."""

    def __init__(self, tasks: Iterator[Task], step: Step, jobs: int) -> None:
        self.tasks, self.step, self.jobs = tasks, step, jobs
        self.waiting: deque[tuple[Task, int]] = deque()
        self.workers: list[_Worker] = []
        self.failed_starts = 0

    @property
    def at_work(self) -> bool:
        """Whether a worker is at a task."""
        return any(worker.task is not None for worker in self.workers)

    def hand_out(self) -> bool:
        """Give tasks to idle workers, of which more are started; False once all are done."""
        idle = [worker for worker in self.workers if worker.task is None]
        while len(self.workers) < self.jobs and self._filled(len(idle) + 1):
            self.workers.append(_Worker(self.step))
            idle.append(self.workers[-1])
        for worker in idle:
            if worker.ready and self._filled(1):
                worker.give(*self.waiting.popleft())
        return bool(self.waiting) or self.at_work

    def _filled(self, count: int) -> bool:
        """Whether so many tasks wait; takes what is missing."""
        missing = max(0, count - len(self.waiting))
        self.waiting.extend((task, 0) for task in islice(self.tasks, missing))
        return len(self.waiting) >= count

    def outcomes(self, limit: float | None) -> Iterator[Outcome]:
        """Outcomes that arrive within a tick, and an error for each worker that takes too long."""
        heard = connection.wait([worker.pipe for worker in self.workers], TICK)
        for worker in list(self.workers):
            if worker.pipe in heard:
                yield from self._hear(worker)
            elif limit is not None and worker.task is not None and worker.late(limit):
                self.workers.remove(worker)
                worker.kill()
                name = worker.task.item.name
                late_by = f"{name}: took longer than {limit:g} seconds. Raise --timeout."
                yield failure(worker.task, late_by, "TimeLimit")

    def _hear(self, worker: _Worker) -> Iterator[Outcome]:
        """Take what a worker sent: that it is ready, the outcome of its task, or its end."""
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            self.workers.remove(worker)
            outcome = worker.bury(self.waiting)
            if outcome is not None:
                yield outcome
            self.failed_starts = 0 if worker.ready else self.failed_starts + 1
            if self.failed_starts == FAILED_STARTS:
                raise OcrError(
                    f"worker processes end at once (exit code {worker.code}). "
                    "Try --jobs 1, or free some memory."
                ) from None
            return
        if isinstance(message, ModelError):
            raise message
        if worker.ready:
            worker.task = None
            yield message
        worker.ready, self.failed_starts = True, 0


class _Worker:
    """A process, the near end of its pipe, and the task it is at."""

    def __init__(self, step: Step) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far,), daemon=True)
        with _signals_kept_back(), _environment(ALLOCATOR):
            self.process.start()
        far.close()  # so that the pipe ends with the process
        self._send(step)
        self.ready = False
        self.task: Task | None = None
        self.tries = 0
        self.since = 0.0

    def late(self, limit: float) -> bool:
        """Whether it has been at its task too long; a long document takes its time to write."""
        writes = self.task is not None and self.task.only_writes
        return not writes and time.monotonic() - self.since > limit

    @property
    def code(self) -> int | None:
        return self.process.exitcode

    def give(self, task: Task, tries: int) -> None:
        self.task, self.tries, self.since = task, tries + 1, time.monotonic()
        self._send(task)

    def bury(self, waiting: deque[tuple[Task, int]]) -> Outcome | None:
        """Clean up after its death: its task waits for another try, or fails after `TRIES`."""
        self.kill()
        if self.task is None:
            return None
        if self.tries < TRIES:
            waiting.append((self.task, self.tries))
            return None
        name = self.task.item.name
        code = self.code or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        error = (
            f"{name}: the process that read it died {TRIES} times ({how}), perhaps for want of "
            "memory. Make it smaller, or use fewer --jobs."
        )
        return failure(self.task, error, "WorkerDied")

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def _send(self, message: Step | Task) -> None:
        with suppress(OSError):  # it has died: its pipe will tell
            self.pipe.send(message)


@contextmanager
def _signals_kept_back() -> Iterator[None]:
    """Delay SIGINT and SIGTERM to the end of the block; processes started in it never get them.

    Ctrl-C reaches all processes of a terminal, and some supervisors signal whole groups; the
    workers are to finish what they are at.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or the first process would let both through again
    ours = (signal.SIGINT, signal.SIGTERM)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ours)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Variables that processes started meanwhile find set, unless they are set already."""
    new = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


def _serve(pipe: Connection) -> None:
    """What a worker process does: a step for each task that comes, until the pipe ends."""
    one_thread()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, about themselves
    with suppress(EOFError, OSError):  # the run has ended, or was killed
        step = pipe.recv()
        pipe.send(None)
        while True:
            task = pipe.recv()
            try:
                outcome: Outcome | ModelError = step(task)
            except ModelError as error:
                outcome = error
            pipe.send(outcome)
