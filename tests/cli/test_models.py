"""ocr.cli.models: what is told of weight files."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_fakes import one_line

from ocr import weights


def weight_file(path: Path, **changes) -> Path:
    about = weights.Metadata(
        name="toy",
        kind="mlp",
        architecture={},
        charset=("a", "b"),
        normalization="none",
        data=({"name": "toy data", "licence": "CC0", "source": "here"},),
        figures={"test accuracy %": 77.4},
    )
    text = json.dumps(json.loads(about.to_json()) | changes)
    np.savez(path, metadata=np.array(text))
    return path


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "models_dir", lambda: tmp_path)
    return tmp_path


def test_models(run, folder):
    path = weight_file(folder / "toy.npz")
    (folder / weights.CHECKSUMS).write_text(f"{weights.sha256(path)}  toy.npz\n")
    status, out, err = run("models")
    assert (status, err) == (0, "")
    for part in ("toy.npz", "mlp", "2 characters", "CC0", "test accuracy %: 77.4", "ok"):
        assert part in out
    status, out, _ = run("models", "--json")
    (model,) = json.loads(out)
    assert model["charset"] == "ab"
    assert model["figures"] == {"test accuracy %": 77.4}
    assert model["checksum"] == "ok"


def test_models_names_what_is_wrong(run, folder):
    weight_file(folder / "good.npz")
    weight_file(folder / "newer.npz", format_version=99)
    (folder / "torn.onnx").write_bytes(b"\x0a\xff")
    status, out, err = run("models")
    assert status == 3
    assert "good.npz" in out
    assert [line.split(": ")[1].split("/")[-1] for line in err.splitlines()] == [
        "newer.npz",
        "torn.onnx",
    ]
    path = weight_file(folder / "good.npz")
    (folder / weights.CHECKSUMS).write_text(f"{'0' * 64}  {path.name}\n")
    assert "SHA-256" in run("models")[2]


def test_no_models(run, folder):
    status, out, err = run("models")
    assert (status, out) == (3, "")
    one_line(err)
