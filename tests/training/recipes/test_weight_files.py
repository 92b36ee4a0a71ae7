import signal
import subprocess
import zipfile

import numpy as np
import onnxruntime
import pytest
import torch

from ocr.arrays import read_npz
from ocr.errors import OutputError
from ocr.letters.classifiers.cnn import GlyphCnn
from ocr.weights import CHECKSUMS, Metadata, checksum_state, read_metadata
from training.networks.onnx_graph import glyph_graph
from training.recipes.weight_files import (
    code_commit,
    dated,
    save_both,
    save_npz,
    save_onnx,
    save_safetensors,
    update_checksums,
)

METADATA = Metadata(
    name="tiny",
    kind="cnn",
    architecture={"name": "GlyphCnn", "arguments": {"classes": 5, "widths": [4, 6, 8]}},
    charset=tuple("ab1.é"),
    normalization="test",
    data=({"name": "nothing", "licence": "none", "source": "here"},),
    temperature=1.25,
)


@pytest.fixture
def network():
    """A network whose normalization layers do something, with slopes of both signs."""
    torch.manual_seed(0)
    network = GlyphCnn(5, (4, 6, 8))
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias)
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.mark.parametrize("count", [1, 3])
def test_onnx_computes_what_torch_computes(network, count):
    session = onnxruntime.InferenceSession(glyph_graph(network).SerializeToString())
    glyphs = np.random.default_rng(0).random((count, 1, 32, 32), dtype=np.float32)
    (ours,) = session.run(None, {"glyphs": glyphs})
    with torch.inference_mode():
        theirs = network(torch.from_numpy(glyphs)).numpy()
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_every_kind_of_file_tells_its_description(network, tmp_path):
    save_safetensors(tmp_path / "m.safetensors", network, METADATA)
    save_onnx(tmp_path / "m.onnx", glyph_graph(network), METADATA)
    save_npz(tmp_path / "m.npz", {"W1": np.zeros((2, 5))}, METADATA)
    for path in sorted(tmp_path.iterdir()):
        assert read_metadata(path) == METADATA


def test_the_same_weights_give_the_same_bytes(network, tmp_path):
    for name in ("one", "two"):
        save_safetensors(tmp_path / f"{name}.safetensors", network, METADATA)
        save_onnx(tmp_path / f"{name}.onnx", glyph_graph(network), METADATA)
        save_npz(tmp_path / f"{name}.npz", {"W1": np.arange(9)}, METADATA, stored=("W1",))
    for suffix in (".safetensors", ".onnx", ".npz"):
        one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_arrays_are_compressed_or_stored(tmp_path):
    arrays = {"flat": np.zeros(1000), "codes": np.zeros(1000)}
    save_npz(tmp_path / "m.npz", arrays, METADATA, stored=("codes",))
    with zipfile.ZipFile(tmp_path / "m.npz") as archive:
        sizes = {entry.filename: entry.compress_size for entry in archive.infolist()}
    assert sizes["codes.npy"] > 8000 > 1000 > sizes["flat.npy"]
    found = read_npz(tmp_path / "m.npz")
    assert all((found[name] == values).all() for name, values in arrays.items())


def test_a_failed_write_leaves_the_previous_file(tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    save_npz(path, {"W1": np.zeros(3)}, METADATA)
    before = path.read_bytes()

    def fail(stream, *_, **__):
        stream.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", fail)
    with pytest.raises(OutputError, match="no space"):
        save_npz(path, {"W1": np.ones(3)}, METADATA)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.npz"]


def test_of_two_files_both_are_written_or_neither(network, tmp_path):
    resource = pytest.importorskip("resource")
    model = glyph_graph(network)
    files = save_both(tmp_path / "v1.0", network, model, METADATA)
    assert [file.name for file in files] == ["v1.0.onnx", "v1.0.safetensors"]
    assert [read_metadata(file) for file in files] == [METADATA] * 2
    before = [file.read_bytes() for file in files]
    sizes = sorted(map(len, before))
    with torch.no_grad():
        next(network.parameters()).mul_(2)
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (sum(sizes) // 2, limits[1]))  # one of them fits
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            save_both(tmp_path / "v1.0", network, glyph_graph(network), METADATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [file.read_bytes() for file in files] == before
    assert len(list(tmp_path.iterdir())) == 2


def test_checksums_keep_the_other_files(tmp_path):
    for name in ("a.npz", "b.npz"):
        (tmp_path / name).write_bytes(name.encode())
        update_checksums(tmp_path, name)
    assert [checksum_state(tmp_path / name) for name in ("a.npz", "b.npz")] == ["ok", "ok"]
    (tmp_path / "a.npz").write_bytes(b"other")
    assert checksum_state(tmp_path / "a.npz") == "changed"
    update_checksums(tmp_path, "a.npz")
    assert checksum_state(tmp_path / "a.npz") == "ok"
    assert len((tmp_path / CHECKSUMS).read_text().splitlines()) == 2


def test_dated_adds_date_and_commit(monkeypatch):
    described = dated(METADATA)
    assert len(described.date) == 10
    assert described.commit == code_commit()

    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert code_commit() == ""
