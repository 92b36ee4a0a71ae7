"""The training loop: going on as if never stopped, early stopping, losses that are no numbers."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from ocr.errors import DataError, OutputError
from training.recipes.descent import rate_at
from training.recipes.trainer import (
    Plan,
    Run,
    TimedPlan,
    fit,
    read_checkpoint,
    run_through,
    write_checkpoint,
)


class Counter:
    """Learns nothing: adds what it is shown and random numbers to a vector."""

    def __init__(self, scores=None, bad=()):
        self.value = np.zeros(3)
        self.scores = scores or [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        self.bad = set(bad)
        self.steps = 0
        self.measured = 0

    def batches(self, rng):
        rows = rng.permutation(20)
        return [rows[start : start + 6] for start in range(0, 20, 6)]

    def step(self, batch, rng, rate):
        self.steps += 1
        if self.steps in self.bad:
            return math.nan
        self.value = self.value * 0.9 + rng.random(3) * batch.sum() * rate
        return float(self.value.sum())

    def measure(self):
        self.measured += 1
        return {"score": self.scores[self.measured - 1]}

    def state(self):
        counts = np.array([self.steps, self.measured])
        return {"value": self.value.copy(), "counts": counts}

    def restore(self, state):
        self.value = state["value"].copy()
        self.steps, self.measured = state["counts"].tolist()

    def weights(self):
        return {"value": self.value.copy()}


def stop_after(steps):
    """A `stop` that is true once it was asked more than `steps` times."""
    asked = iter(range(10**6))
    return lambda: next(asked) >= steps


@pytest.mark.parametrize("cuts", [[1], [4], [7, 2], [3, 3, 3]])
def test_a_run_that_is_cut_comes_to_the_same_bytes(cuts, tmp_path):
    plan = Plan(epochs=4, patience=9, seed=3)
    whole, path = Counter(), tmp_path / "whole.ckpt"
    expected = fit(whole, plan, path, {})
    parted, other = Counter(), tmp_path / "parted.ckpt"
    for number, steps in enumerate(cuts):
        part = fit(parted, plan, other, {}, number > 0, stop=stop_after(steps))
        assert part.stopped
        parted = Counter()  # a new process knows nothing
    found = fit(parted, plan, other, {}, True)
    assert not found.stopped
    assert found.run == expected.run
    assert other.read_bytes() == path.read_bytes()
    assert found.best["value"].tobytes() == expected.best["value"].tobytes()


def test_other_seeds_give_other_results(tmp_path):
    one, two = (
        fit(Counter(), Plan(1, 9, seed), tmp_path / "a.ckpt", {}).best["value"] for seed in (0, 1)
    )
    assert not np.array_equal(one, two)


def test_it_stops_early_and_keeps_the_best(tmp_path):
    learner = Counter(scores=[0.5, 0.9, 0.7, 0.8, 0.6])
    trained = fit(learner, Plan(epochs=5, patience=2, seed=0), tmp_path / "a.ckpt", {})
    assert trained.run.best_epoch == 2
    assert len(trained.run.history) == 4
    assert trained.best["value"].tobytes() != learner.weights()["value"].tobytes()


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    plan = Plan(2, 9, 0)
    first = fit(Counter(), plan, tmp_path / "a.ckpt", {})
    learner = Counter()
    again = fit(learner, plan, tmp_path / "a.ckpt", {}, go_on=True)
    assert again.run == first.run
    assert learner.steps == 8


def test_losses_that_are_no_numbers_are_skipped_and_counted(tmp_path):
    trained = fit(Counter(bad=[2, 5]), Plan(3, 9, 0), tmp_path / "a.ckpt", {})
    assert trained.run.skipped == 2
    assert all(math.isfinite(row["loss"]) for row in trained.run.history)


def test_too_many_of_them_stop_the_run_with_advice(tmp_path):
    with pytest.raises(DataError, match=r"11 of 1. steps.*--rate"):
        fit(Counter(bad=range(2, 100)), Plan(6, 9, 0), tmp_path / "a.ckpt", {})


def test_progress_tells_samples_loss_and_time_left(tmp_path):
    seen = []
    fit(Counter(), Plan(2, 9, 0), tmp_path / "a.ckpt", {}, progress=seen.append)
    assert [(at.epoch, at.samples) for at in seen[:5]] == [
        (1, 6),
        (1, 12),
        (1, 18),
        (1, 20),
        (1, 20),
    ]
    assert seen[0].of == 20
    assert seen[4].figures == {"score": 1.0}
    assert seen[0].seconds_left > 0
    assert seen[-1].seconds_left == 0


class Endless(Counter):
    """Batches without end, as of a generator."""

    def batches(self, rng):
        while True:
            yield rng.permutation(6)


def test_time_ends_a_run_whose_batches_do_not():
    minutes, seen, saved = iter(np.arange(0, 100, 0.5)), [], []
    learner = Endless()
    plan = TimedPlan(minutes=6, check_minutes=2, seed=0, clock=lambda: float(next(minutes)))
    trained = run_through(
        learner, plan, Run(), {}, lambda run, best: saved.append(run.epoch), seen.append
    )
    assert trained.run.finished
    assert [at.epoch for at in seen if at.figures] == [1, 2, 3]
    assert saved == [2, 3, 4]
    assert learner.steps < 16
    assert seen[-1].seconds_left == 0


def test_time_that_runs_out_while_measuring_ends_the_run():
    minutes = iter([0.0, 1.0, 9.0, 9.0, 9.0])
    learner = Endless()
    plan = TimedPlan(minutes=4, check_minutes=1, seed=0, clock=lambda: next(minutes))
    run_through(learner, plan, Run(), {})
    assert (learner.steps, learner.measured) == (2, 2)


def test_rate_rises_then_falls():
    assert rate_at(0.0) < 0.1
    assert rate_at(0.05) > 0.95
    assert rate_at(1.0) == pytest.approx(0.0)


def test_a_full_disk_leaves_the_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "a.ckpt"
    fit(Counter(), Plan(1, 9, 0), path, {})
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match=r"no space left.*make room"):
        fit(Counter(), Plan(2, 9, 0), path, {})
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.ckpt"]


def test_a_killed_process_leaves_the_checkpoint_whole(tmp_path):
    path = tmp_path / "a.ckpt"
    run = _checkpoint(path)[0]
    before = path.read_bytes()
    script = textwrap.dedent(f"""
        import pathlib, time
        import numpy as np
        from training.recipes.trainer import Run, write_checkpoint
        pathlib.Path.replace = lambda *_: time.sleep(600)  # killed between writing and renaming
        state = {{"value": np.zeros(1000)}}
        write_checkpoint(pathlib.Path({str(path)!r}), Run(epoch=9), state, state, {{}})
    """)
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        for _ in range(6000):
            if any(part.stat().st_size for part in tmp_path.glob(".*.part")):
                break
            time.sleep(0.1)
        else:
            pytest.fail("the process never came to write")
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert path.read_bytes() == before
    assert read_checkpoint(path)[0] == run


def _checkpoint(path):
    trained = fit(Counter(), Plan(1, 9, 0), path, {"settings": {"rate": 1.0}})
    assert trained.run.finished
    return read_checkpoint(path)


def test_checkpoints_come_back_as_they_were(tmp_path):
    run, state, best, about = _checkpoint(tmp_path / "a.ckpt")
    write_checkpoint(tmp_path / "b.ckpt", run, state, best, about)
    assert (tmp_path / "b.ckpt").read_bytes() == (tmp_path / "a.ckpt").read_bytes()
    assert about == {"settings": {"rate": 1.0}}


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_what_is_no_checkpoint_is_refused_by_name(content, tmp_path):
    path = tmp_path / "a.ckpt"
    if content is None:
        from safetensors.numpy import save

        header = {"training": json.dumps({"format": 99, "run": {}, "about": {}})}
        content = save({"a": np.zeros(1)}, header)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.ckpt: cannot be resumed"):
        read_checkpoint(path)


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(DataError, match="nothing to resume"):
        fit(Counter(), Plan(1, 1, 0), tmp_path / "a.ckpt", {}, go_on=True)
