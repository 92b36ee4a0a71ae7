"""Networks as ONNX graphs, built node by node.

The networks are few kinds of layers; normalizations fold into the convolutions before them, and the
same weights always give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ocr.letters.classifiers.cnn import GlyphCnn, Residual
from training.networks.blocks import SeparableBlock
from training.networks.line import LineNetwork, ResidualAttention, ResidualConv
from training.networks.page import MAPS, PageNetwork

if TYPE_CHECKING:
    import onnx

OPSET = 17  # of ONNX: read by every onnxruntime since 1.12
IR_VERSION = 8  # the ONNX file version that goes with it

Array = NDArray[np.generic]


class Graph:
    """An ONNX graph in the making: each method adds nodes and gives their output's name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: Array) -> str:
        from onnx import numpy_helper

        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"x{len(self._nodes)}"
        node_name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], node_name, **attributes))
        return name

    def convolution(self, x: str, layer: nn.Conv2d, norm: nn.BatchNorm2d | None = None) -> str:
        weight, bias = array(layer.weight), None
        if norm is not None:
            weight, bias = folded(layer, norm)
        elif layer.bias is not None:
            bias = array(layer.bias)
        pads = [*layer.padding, *layer.padding]
        constants = [self.constant(value) for value in (weight, bias) if value is not None]
        return self.node(
            "Conv", x, *constants, kernel_shape=list(layer.kernel_size),
            strides=list(layer.stride), dilations=list(layer.dilation), group=layer.groups,
            pads=pads,
        )  # fmt: skip

    def separable(self, x: str, layer: SeparableBlock) -> str:
        inner = self.convolution(x, layer.depthwise, layer.norm)
        inner = self.node("Relu", self.convolution(inner, layer.expand))
        return self.node("Add", x, self.convolution(inner, layer.project))

    def normalization(self, x: str, norm: nn.BatchNorm2d) -> str:
        """A normalization that no convolution stands before: a scale and a shift."""
        scale = array(norm.weight / (norm.running_var + norm.eps).sqrt())
        shift = array(norm.bias) - array(norm.running_mean) * scale
        x = self.node("Mul", x, self.constant(scale[:, None, None]))
        return self.node("Add", x, self.constant(shift[:, None, None]))

    def lstm(self, x: str, layer: nn.LSTM) -> str:
        """(T, N, C) to (T, N, 2 H)."""
        size = layer.hidden_size
        weights = [
            np.stack([_order(array(getattr(layer, name + end)), size) for end in ("", "_reverse")])
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        ]
        bias = np.concatenate(weights[2:], axis=1)
        x = self.node(
            "LSTM", x, *(self.constant(value) for value in (*weights[:2], bias)),
            hidden_size=size, direction="bidirectional",
        )  # fmt: skip
        x = self.node("Transpose", x, perm=[0, 2, 1, 3])  # (T, 2, N, H) -> (T, N, 2, H)
        return self.node("Reshape", x, self.constant(np.array([0, 0, 2 * size], dtype=np.int64)))

    def split(self, x: str, sizes: Sequence[int]) -> list[str]:
        """A map's channels in parts of these numbers."""
        from onnx import helper

        names = [f"x{len(self._nodes)}_{part}" for part in range(len(sizes))]
        inputs = [x, self.constant(np.array(sizes, dtype=np.int64))]
        node_name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node("Split", inputs, names, node_name, axis=1))
        return names

    def double(self, x: str, mode: str, axes: tuple[int, int] = (2, 2)) -> str:
        """A map enlarged by whole factors along its last two axes."""
        scales = self.constant(np.array([1, 1, *axes], dtype=np.float32))
        kind = "half_pixel" if mode == "linear" else "asymmetric"
        extra = {} if mode == "linear" else {"nearest_mode": "floor"}
        return self.node(
            "Resize", x, "", scales, mode=mode, coordinate_transformation_mode=kind, **extra
        )

    def model(
        self,
        inputs: tuple[str, list[int | str]],
        outputs: tuple[str, list[int | str]],
    ) -> onnx.ModelProto:
        """The finished model with one input and one output, each a name and a shape."""
        from onnx import TensorProto, helper

        graph = helper.make_graph(
            self._nodes,
            self.name,
            [helper.make_tensor_value_info(inputs[0], TensorProto.FLOAT, inputs[1])],
            [helper.make_tensor_value_info(outputs[0], TensorProto.FLOAT, outputs[1])],
            self._constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="ocr"
        )


def array(value: torch.Tensor) -> NDArray[np.float32]:
    """A tensor's values in 32 bits."""
    return value.detach().float().numpy()


def folded(
    layer: nn.Conv2d, norm: nn.BatchNorm2d
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight and bias of a convolution that does what it and its batch normalization do."""
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    weight = layer.weight * scale[:, None, None, None]
    bias = norm.bias - norm.running_mean * scale
    return array(weight), array(bias)


def _order(value: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Gates from torch's order (input, forget, cell, output) to ONNX's (input, output, ...)."""
    gate_in, forget, cell, out = np.split(value, [size, 2 * size, 3 * size])
    return np.concatenate([gate_in, out, forget, cell])


def page_graph(network: PageNetwork) -> onnx.ModelProto:
    """`darkness` (N, 1, H, W) to `maps` (N, 4, H / 4, W / 4): probabilities and the height."""
    graph = Graph("page")

    def run(x: str, layers: Iterable[nn.Module]) -> str:
        for layer in layers:
            if isinstance(layer, SeparableBlock):
                x = graph.separable(x, layer)
            elif isinstance(layer, nn.Sequential):
                x = graph.node("Relu", graph.convolution(x, layer[0], layer[1]))
            else:
                raise TypeError(f"no ONNX node is known here for {type(layer).__name__}")
        return x

    def up(x: str, layer: nn.Conv2d, skip: str) -> str:
        return graph.node("Add", skip, graph.double(graph.convolution(x, layer), "linear"))

    x2 = run("darkness", [network.stem])
    x4 = run(x2, network.encoder4)
    x8 = run(x4, network.encoder8)
    x16 = run(x8, network.encoder16)
    x32 = run(x16, network.encoder32)
    x16 = run(up(x32, network.up16, x16), network.decoder16)
    x8 = run(up(x16, network.up8, x8), network.decoder8)
    x4 = run(up(x8, network.up4, x4), network.decoder4)
    x = graph.convolution(x4, network.head)
    logits, height = graph.split(x, (3, 1))
    probabilities = graph.node("Sigmoid", logits)
    graph.node("Concat", probabilities, height, output="maps", axis=1)
    return graph.model(("darkness", ["N", 1, "H", "W"]), ("maps", ["N", len(MAPS), "h", "w"]))


def line_graph(network: LineNetwork) -> onnx.ModelProto:
    """`strips` (N, 1, STRIP_HEIGHT, W), W a multiple of 8, to `logits` (N, W / 4, classes)."""
    from ocr.layout.strips import STRIP_HEIGHT

    graph = Graph("lines")

    def attention(x: str, layer: ResidualAttention) -> str:
        heads = layer.heads
        wide = layer.project.in_channels
        each = wide // heads
        inner = graph.convolution(graph.normalization(x, layer.norm), layer.query_key_value)
        inner = graph.node("Squeeze", inner, graph.constant(np.array([2], dtype=np.int64)))
        shape = graph.constant(np.array([0, heads, each, -1], dtype=np.int64))
        query, key, value = (
            graph.node("Reshape", part, shape) for part in graph.split(inner, (wide,) * 3)
        )
        scale = graph.constant(np.array(each**-0.5, dtype=np.float32))
        query = graph.node("Transpose", graph.node("Mul", query, scale), perm=[0, 1, 3, 2])
        weights = graph.node("Softmax", graph.node("MatMul", query, key), axis=3)
        mixed = graph.node("MatMul", value, graph.node("Transpose", weights, perm=[0, 1, 3, 2]))
        flat = graph.constant(np.array([0, wide, 1, -1], dtype=np.int64))
        mixed = graph.node("Reshape", mixed, flat)
        return graph.node("Add", x, graph.convolution(mixed, layer.project))

    x = graph.node("Sub", graph.constant(np.ones(1, dtype=np.float32)), "strips")
    layers = list(network.encoder)
    for layer, norm in zip(layers[::3], layers[1::3], strict=True):
        x = graph.node("Relu", graph.convolution(x, layer, norm))
    for block in network.blocks:
        if not isinstance(block, ResidualConv):
            raise TypeError(f"no ONNX node is known here for {type(block).__name__}")
        inner = graph.node("Relu", graph.convolution(x, block.wide, block.norm))
        x = graph.node("Add", x, graph.convolution(inner, block.point))
    context = network.context
    y = graph.convolution(x, context.down)
    for layer in context.layers:
        if isinstance(layer, SeparableBlock):
            y = graph.separable(y, layer)
        elif isinstance(layer, ResidualAttention):
            y = attention(y, layer)
        else:
            raise TypeError(f"no ONNX node is known here for {type(layer).__name__}")
    y = graph.convolution(graph.node("Relu", graph.normalization(y, context.norm)), context.up)
    y = graph.double(y, "nearest", (1, 2))
    x = graph.node("Add", x, graph.node("Mul", y, graph.constant(array(context.share))))
    # (N, C, 1, T) -> (T, N, C), as ONNX's LSTM reads
    x = graph.node("Squeeze", x, graph.constant(np.array([2], dtype=np.int64)))
    x = graph.node("Transpose", x, perm=[2, 0, 1])
    x = graph.lstm(x, network.lstm)
    share = graph.constant(array(network.second.share))
    x = graph.node("Add", x, graph.node("Mul", graph.lstm(x, network.second.lstm), share))
    x = graph.node("Transpose", x, perm=[1, 0, 2])
    x = graph.node("MatMul", x, graph.constant(array(network.head.weight).T))
    graph.node("Add", x, graph.constant(array(network.head.bias)), output="logits")
    return graph.model(
        ("strips", ["N", 1, STRIP_HEIGHT, "W"]), ("logits", ["N", "T", network.head.out_features])
    )


def glyph_graph(network: GlyphCnn) -> onnx.ModelProto:
    """`glyphs` (N, 1, 32, 32) to `logits` (N, classes)."""
    graph = Graph("glyphs")
    x = graph.node("Sub", graph.constant(np.ones(1, dtype=np.float32)), "glyphs")
    layers = list(network.features)
    for position, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d):
            x = graph.convolution(x, layer, layers[position + 1])
        elif isinstance(layer, nn.ReLU):
            x = graph.node("Relu", x)
        elif isinstance(layer, nn.MaxPool2d):
            side = int(layer.kernel_size)
            x = graph.node("MaxPool", x, kernel_shape=[side] * 2, strides=[side] * 2)
        elif isinstance(layer, Residual):
            first, norm1, _, second, norm2 = layer.body
            inner = graph.node("Relu", graph.convolution(x, first, norm1))
            inner = graph.convolution(inner, second, norm2)
            x = graph.node("Relu", graph.node("Add", x, inner))
        elif not isinstance(layer, nn.BatchNorm2d):
            raise TypeError(f"no ONNX node is known here for {type(layer).__name__}")
    x = graph.node("Flatten", x, axis=1)
    last = network.head[-1]
    weight, bias = graph.constant(array(last.weight)), graph.constant(array(last.bias))
    graph.node("Gemm", x, weight, bias, output="logits", transB=1)
    return graph.model(("glyphs", ["N", 1, 32, 32]), ("logits", ["N", last.out_features]))


def quantized(
    model: onnx.ModelProto,
    samples: Sequence[NDArray[np.float32]],
    between: Sequence[str] = (),
    first: int = 1,
    last: int = 0,
) -> onnx.ModelProto:
    """The graph computing in 8 bits, which takes some 40 % of the time.

    Convolutions have their ranges from what they answer to `samples`, the LSTMs from each input
    they see; the first convolution, which is next to nothing of the work, and a last linear layer
    stay as they are. A ReLU is nothing of its own then: the convolution before it has its range, of
    which no half is left to negative numbers. Weights are signed and take seven of the eight bits
    (`reduce_range`): the fast instructions for unsigned by signed bytes add up pairs of products in
    16 bits, which is exact then on every processor. Unsigned weights of eight bits read no better
    and take a quarter more time.

    Parameters
    ----------
    model : onnx.ModelProto
    samples : sequence of (N, 1, H, W) float32 arrays
        Inputs of every kind.
    between : sequence of str
        Kinds of nodes behind the first convolution that compute in 8 bits as well, such as "Add".
    first, last : int
        Convolutions at either end that stay as they are.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )

    name = model.graph.input[0].name

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.samples = iter(samples)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            sample = next(self.samples, None)
            return None if sample is None else {name: sample}

    nodes = list(model.graph.node)
    convolutions = [k for k, node in enumerate(nodes) if node.op_type == "Conv"]
    behind = convolutions[len(convolutions) - last :]
    left = [node.name for node in nodes[: convolutions[first]]] + [nodes[k].name for k in behind]
    kinds = {"per_channel": True, "weight_type": QuantType.QInt8, "reduce_range": True}
    with tempfile.TemporaryDirectory() as folder:
        path, whole = Path(folder) / "model.onnx", Path(folder) / "whole.onnx"
        onnx.save(model, whole)
        quantize_static(
            whole,
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Relu", *between],
            nodes_to_exclude=left,
            activation_type=QuantType.QUInt8,
            **kinds,
        )
        if any(node.op_type == "LSTM" for node in model.graph.node):
            quantize_dynamic(path, path, op_types_to_quantize=["LSTM"], **kinds)
        return onnx.load(path)
