"""training.networks.onnx_graph: graphs compute what torch does."""

import numpy as np
import onnxruntime
import torch

from ocr.lines.normalize import LINE_HEIGHT
from training.networks.onnx_graph import line_graph, quantized


def test_onnx_computes_what_torch_does(network, tmp_path):
    model = line_graph(network)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    lines = torch.rand(3, 1, LINE_HEIGHT, 64)
    with torch.inference_mode():
        expected = network(lines).numpy()
    (found,) = session.run(None, {"strips": lines.numpy()})
    assert np.abs(found - expected).max() < 1e-4
    one, two = (line_graph(network).SerializeToString() for _ in range(2))
    assert one == two


def test_a_graph_in_8_bits_computes_nearly_the_same(network):
    lines = np.random.default_rng(0).random((3, LINE_HEIGHT, 64), dtype=np.float32)
    samples = [line[None, None] for line in lines]
    model = quantized(line_graph(network), samples)
    kinds = {node.op_type for node in model.graph.node}
    assert "DynamicQuantizeLSTM" in kinds and "LSTM" not in kinds
    relus = sum(node.op_type == "Relu" for node in model.graph.node)
    assert relus == 2  # behind the first convolution and a normalization; others are in theirs
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    with torch.inference_mode():
        expected = network(torch.from_numpy(lines[:, None])).numpy()
    (found,) = session.run(None, {"strips": lines[:, None]})
    assert np.abs(found - expected).max() < 0.08 * np.ptp(
        expected
    )  # on AVX2; less on newer processors
    again = quantized(line_graph(network), samples)
    assert again.SerializeToString(deterministic=True) == model.SerializeToString(
        deterministic=True
    )
