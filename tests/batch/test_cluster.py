"""ocr.batch.cluster: the same run on a real Dask cluster of several processes."""

import json
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest
from batch_fakes import Upper, counts, notes, seen_by

from ocr import cli, weights
from ocr.batch import cluster, recipe
from ocr.batch.place import Place
from ocr.batch.run import ERRORS, run
from ocr.batch.tasks import Stop
from ocr.errors import ModelError, OcrError

SAMPLE = Path(__file__).parents[2] / "images" / "phone_note.jpg"

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
# Of Dask itself, where workers are killed or a cluster is closed.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def dask_cluster():
    from dask import config

    with (
        config.set(
            {
                "distributed.scheduler.allowed-failures": 1,
                "distributed.scheduler.worker-saturation": 1.0,
            }
        ),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as made,
    ):
        yield made


@pytest.fixture
def read(tmp_path, dask_cluster):
    def read(items, recipe=None, **options):
        place = Place(str(tmp_path / "out"))
        execute = partial(cluster.execute, address=dask_cluster.scheduler_address)
        return run(items, recipe or Upper(), place, execute, **options)

    return read


def held(tmp_path):
    return {path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")}


def test_each_file_once_in_the_output_or_in_the_errors(read, tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": f"text {k}" for k in range(20)}, b="bad", c="crash")
    summary = read(items)
    assert counts(summary) == (20, 0, 2, 0)
    assert held(tmp_path) == {f"n{k}.up" for k in range(20)} | {ERRORS}
    assert counts(read(items, resume=True)) == (0, 20, 2, 0)


def test_dead_workers_cost_their_file_alone(read, tmp_path):
    texts = {f"n{k}": f"text {k}" for k in range(12)}
    items = notes(tmp_path / "in", **texts, a="die-once", b="die")
    assert counts(read(items)) == (13, 0, 1, 0)
    assert held(tmp_path) == {f"n{k}.up" for k in range(12)} | {"a.up", ERRORS}
    assert len(set(seen_by(tmp_path / "in" / "a.txt"))) >= 2
    (row,) = map(json.loads, (tmp_path / "out" / ERRORS).read_text().splitlines())
    assert (row["file"], row["kind"]) == (items[-1].name, "WorkerDied")


def test_an_unusable_model_ends_it(read, tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        read(notes(tmp_path / "in", a="model"))


def test_a_stopped_run_goes_on(read, tmp_path):
    items = notes(tmp_path / "in", **{f"n{k}": "sleep 0.1" for k in range(16)})
    stop = Stop()

    def end(outcome, summary):
        stop.signal, stop.times = signal.SIGTERM, 1

    summary = read(items, stop=stop, on_outcome=end)
    assert summary.read + summary.left == 16
    assert summary.left > 0
    assert counts(read(items, resume=True)) == (summary.left, summary.read, 0, 0)


def test_a_model_of_ones_own_is_sent(tmp_path, dask_cluster, capsys, monkeypatch):
    """The workers run elsewhere and have no such path."""
    own = tmp_path / "only" / "here"
    own.mkdir(parents=True)
    shutil.copy(weights.models_dir() / "nist36-mlp.npz", own / "mine.npz")
    monkeypatch.chdir(own)
    arguments = ["--model", "mine.npz", "--engine", "letters", "--output", str(tmp_path / "out")]
    scheduler = dask_cluster.scheduler_address
    assert cli.main(["read", str(SAMPLE), *arguments, "--scheduler", scheduler]) == 0
    assert cli.main(["read", str(SAMPLE), *arguments[:4]]) == 0
    read = (tmp_path / "out" / "phone_note.txt").read_text()
    assert read == capsys.readouterr().out
    # Another file under the same name counts at once: this one cannot be read.
    shutil.copy(weights.models_dir() / "glyphs.onnx", own / "mine.npz")
    recipe.forget()
    arguments.append("--force")
    assert cli.main(["read", str(SAMPLE), *arguments, "--scheduler", scheduler]) == 3
    assert "mine.npz" in capsys.readouterr().err
    with distributed.Client(scheduler, set_as_default=False) as client:
        assert not any(client.run(lambda: bool(__import__("ocr.weights").weights.SENT)).values())


def test_no_scheduler(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 1)
    with pytest.raises(OcrError, match="no Dask scheduler answers"):
        list(cluster.execute(iter(()), print, Stop(), "tcp://127.0.0.1:9"))


def test_the_command_line_reads_on_a_cluster(tmp_path, dask_cluster, capsys):
    """The real reader, once, from and to addresses."""
    scans = tmp_path / "scans"
    scans.mkdir()
    shutil.copy(SAMPLE, scans)
    (scans / "bad.jpg").write_text("no picture")
    arguments = ["--scheduler", dask_cluster.scheduler_address, "--output"]
    status = cli.main(["read", f"file://{scans}", *arguments, f"file://{tmp_path}/out"])
    assert status == 1
    assert "1 file read, 1 failed" in capsys.readouterr().err
    assert held(tmp_path) == {"phone_note.txt", ERRORS}
    assert cli.main(["read", str(SAMPLE)]) == 0
    assert (tmp_path / "out" / "phone_note.txt").read_text() == capsys.readouterr().out
