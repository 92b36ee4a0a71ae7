"""training.recipes.line_weights: files that are read and trained on, and the temperature."""

import numpy as np
import torch
from network_fakes import SMALL

from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.lines.recognizer import LineReader
from ocr.weights import Metadata
from training.data.text import CHARSET
from training.networks.line import LineNetwork
from training.networks.onnx_graph import line_graph, quantized
from training.recipes import line_weights, weight_files
from training.recipes.checkpoints import load_checkpoint


def metadata():
    return Metadata("lines", "lines", {}, CHARSET, NORMALIZATION, ())


def test_weight_files_can_be_read_and_trained_on(network, tmp_path):
    lines = [np.ones((1, 1, LINE_HEIGHT, 64), dtype=np.float32)]
    model = quantized(line_graph(network), lines)
    weight_files.save_onnx(tmp_path / "lines.onnx", model, metadata())
    reader = LineReader(tmp_path / "lines.onnx")
    assert len(reader.read([np.ones((LINE_HEIGHT, 90), dtype=np.float32)])) == 1
    weight_files.save_safetensors(tmp_path / "lines.safetensors", network, metadata(), halved=True)
    other, average = LineNetwork(SMALL), LineNetwork(SMALL)
    assert load_checkpoint(tmp_path / "lines.safetensors", other, average) == 0
    assert torch.allclose(other.head.weight, network.head.weight, atol=1e-3)


def test_temperature_makes_overconfidence_milder(network):
    with torch.no_grad():
        network.head.weight.mul_(40)
    rng = np.random.default_rng(0)
    lines = [
        (rng.random((LINE_HEIGHT, 120)).astype(np.float32), "nothing like it") for _ in range(4)
    ]
    assert line_weights.fit_line_temperature(network, lines) > 1
