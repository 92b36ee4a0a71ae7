"""From a checkpoint of the line recogniser to its weight files.

`python -m training.recipes.line_weights --checkpoint FILE` calibrates the network on the valid
splits, measures it, and writes `models/lines.onnx` for reading, computing in 8 bits (`quantized`),
and `models/lines.safetensors` to train on from, with weights of 16 bits.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from torch import nn

from ocr.evaluation.error_rates import align as align_texts
from ocr.lines.ctc import BLANK, align, best_path
from ocr.lines.normalize import LINE_HEIGHT, NORMALISATION
from ocr.weights import METADATA_KEY, Metadata, models_dir, read_metadata
from training.data.datasets import data_dir
from training.data.scans import Sample
from training.data.text import CHARSET
from training.networks.line_network import Again, Along, LineNetwork
from training.recipes import weight_files
from training.recipes.lines import PANEL, greedy, load_checkpoint, measure, show, stack
from training.synthesis.line_panel import panel
from training.synthesis.lines import FRAME

if TYPE_CHECKING:
    import onnx

DATA = (
    {**weight_files.UNIPEN, "name": "UNIPEN train_r01_v07: text, words and characters"},
    *weight_files.FRENCH_SCANS,
    {
        "name": "Memorials for Jane Lathrop Stanford, letters of 1905",
        "licence": "CC BY 4.0",
        "source": "https://github.com/PSL-Chartes-HTR-Students/HN2021-Memorials_Jane_Lathrop_Stanford",
    },
    weight_files.EMNIST,
    weight_files.FONTS,
    {
        "name": "English text: seven novels and a little Wikipedia",
        "licence": "public domain, CC BY-SA",
        "source": "https://www.gutenberg.org and wikitext-2",
    },
)  # fmt: skip

BLEND = 0.35  # share of the weights before in a blend


@torch.no_grad()
def blend(network: nn.Module, before: nn.Module, share: float) -> None:
    """Move a network's weights a share of the way back to those that its training began with.

    The mean of weights of one descent reads unlike lines better than either end of it (Wortsman et
    al. 2022, "Robust fine-tuning of zero-shot models").
    """
    old = before.state_dict()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            value.lerp_(old[name], share)


def line_graph(network: LineNetwork) -> onnx.ModelProto:
    """The ONNX graph: `lines` (N, 1, LINE_HEIGHT, W) to `logits` (N, W // FRAME, classes).

    Built node by node: normalisations fold into the convolutions before them, and the same network
    gives the same bytes.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(value: NDArray[np.generic]) -> str:
        name = f"w{len(constants)}"
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(kind: str, *inputs: str, **attributes: object) -> str:
        name = f"x{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def convolution(x: str, layer: nn.Conv2d, norm: nn.BatchNorm2d | None) -> str:
        if norm is not None:
            weight, bias = weight_files.folded(layer, norm)
        else:
            weight, bias = _array(layer.weight), _array(layer.bias)
        pads = [*layer.padding, *layer.padding]
        return node(
            "Conv", x, constant(weight), constant(bias),
            kernel_shape=list(layer.kernel_size), strides=list(layer.stride), pads=pads,
        )  # fmt: skip

    def lstm(x: str, layer: nn.LSTM) -> str:  # (T, N, C) -> (T, N, 2 H)
        size = layer.hidden_size
        weights = [
            np.stack([_order(_array(getattr(layer, name + end)), size) for end in ("", "_reverse")])
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        ]
        bias = np.concatenate(weights[2:], axis=1)
        x = node(
            "LSTM", x, constant(weights[0]), constant(weights[1]), constant(bias),
            hidden_size=size, direction="bidirectional",
        )  # fmt: skip
        # (T, 2, N, H) -> (T, N, 2 H)
        x = node("Transpose", x, perm=[0, 2, 1, 3])
        return node("Reshape", x, constant(np.array([0, 0, 2 * size], dtype=np.int64)))

    x = node("Sub", constant(np.ones(1, dtype=np.float32)), "lines")
    layers = list(network.look)
    for layer, norm in zip(layers[::3], layers[1::3], strict=True):
        x = node("Relu", convolution(x, layer, norm))
    for block in network.along:
        if not isinstance(block, Along):
            raise TypeError(f"no ONNX node is known here for {type(block).__name__}")
        inner = node("Relu", convolution(x, block.wide, block.norm))
        x = node("Add", x, convolution(inner, block.point, None))
    # (N, C, 1, T) -> (T, N, C), as ONNX's LSTM reads
    x = node("Squeeze", x, constant(np.array([2], dtype=np.int64)))
    x = node("Transpose", x, perm=[2, 0, 1])
    x = lstm(x, network.read)
    for again in network.reread:
        if not isinstance(again, Again):
            raise TypeError(f"no ONNX node is known here for {type(again).__name__}")
        x = node("Add", x, node("Mul", lstm(x, again.read), constant(_array(again.share))))
    x = node("Transpose", x, perm=[1, 0, 2])
    x = node("MatMul", x, constant(_array(network.name.weight).T))
    nodes.append(helper.make_node("Add", [x, constant(_array(network.name.bias))], ["logits"]))
    classes = network.name.out_features
    shape_in, shape_out = ["N", 1, LINE_HEIGHT, "W"], ["N", "T", classes]
    graph = helper.make_graph(
        nodes,
        "lines",
        [helper.make_tensor_value_info("lines", TensorProto.FLOAT, shape_in)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape_out)],
        constants,
    )
    opset = [helper.make_opsetid("", weight_files.OPSET)]
    return helper.make_model(
        graph, opset_imports=opset, ir_version=weight_files.IR_VERSION, producer_name="ocr"
    )


def quantized(model: onnx.ModelProto, lines: Sequence[NDArray[np.float32]]) -> onnx.ModelProto:
    """The graph of `line_graph` computing in 8 bits, which takes some 40 % of the time.

    Convolutions have their ranges from what they answer to `lines`, the LSTMs from each input they
    see; the first convolution, which is next to nothing of the work, and the last matrix stay as
    they are. Weights are unsigned as the activations are: the products of such bytes are summed
    exactly on every processor, where signed ones saturate on some.

    Parameters
    ----------
    model : onnx.ModelProto
    lines : sequence of (LINE_HEIGHT, W) float32 arrays
        Normalised lines of every kind.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.lines = iter(lines)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            line = next(self.lines, None)
            if line is None:
                return None
            return {"lines": _alone(line).contiguous().numpy()}

    first = next(node.name for node in model.graph.node if node.op_type == "Conv")
    kinds = {"per_channel": True, "weight_type": QuantType.QUInt8}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.onnx"
        quantize_static(
            model,
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[first],
            activation_type=QuantType.QUInt8,
            **kinds,
        )
        quantize_dynamic(path, path, op_types_to_quantize=["LSTM"], **kinds)
        return onnx.load(path)


def _alone(image: NDArray[np.float32]) -> torch.Tensor:
    """A normalised line as a batch of one."""
    return stack([(np.uint8(image * 255 + 0.5), "")])


def _array(value: torch.Tensor) -> NDArray[np.float32]:
    return value.detach().float().numpy()


def _order(value: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Gates from torch's order (input, forget, cell, output) to ONNX's (input, output, ...)."""
    gate_in, forget, cell, out = np.split(value, [size, 2 * size, 3 * size])
    return np.concatenate([gate_in, out, forget, cell])


def fit_temperature(network: LineNetwork, lines: Sequence[Sample]) -> float:
    """The divisor of the logits that makes the confidences of characters true.

    A character's confidence is its highest probability among the frames that spell it; the
    temperature is the likeliest one for which of the characters were read right (as aligned with
    the truth at the edit distance).
    """
    found: list[tuple[NDArray[np.float32], list[int], NDArray[np.int64], list[bool]]] = []
    network.eval()
    for image, truth in lines:
        with torch.inference_mode():
            logits = network(_alone(image))
        logs = logits[0].log_softmax(-1).numpy()
        classes = best_path(logs)
        pairs = align_texts(truth, greedy(logits)[0])
        right = [a == b for a, b in pairs if b is not None]
        found.append((logits[0].numpy(), classes, align([logs], [classes])[0], right))

    def cost(log_temperature: float) -> float:
        total = 0.0
        for logits, classes, frames, right in found:
            scaled = logits / math.exp(log_temperature)
            scaled = scaled - scaled.max(axis=1, keepdims=True)
            proba = np.exp(scaled)
            proba /= proba.sum(axis=1, keepdims=True)
            for k, (first, last), good in zip(classes, frames, right, strict=True):
                p = float(np.clip(proba[first:last, k].max(), 1e-6, 1 - 1e-6))
                total -= math.log(p if good else 1 - p)
        return total

    best = minimize_scalar(cost, bounds=(-1.0, 1.5), method="bounded", options={"xatol": 0.01})
    return round(math.exp(float(best.x)), 3)


def save_weights(path: Path, network: LineNetwork, metadata: Metadata) -> None:
    """Write the network's weights as `.safetensors`, matrices in 16 bits."""
    from safetensors.torch import save

    tensors = {
        name: (value.half() if value.ndim > 1 else value).contiguous()
        for name, value in network.state_dict().items()
    }
    write(path, save(tensors, {METADATA_KEY: metadata.to_json()}))


def write(path: Path, data: bytes) -> None:
    """Write a file beside its place, then rename it."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(data)
    beside.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the line recogniser's weight files.")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--blend", type=Path, help="weights that the checkpoint went on from")
    parser.add_argument("--share", type=float, default=BLEND, help="of these in the result")
    parser.add_argument("--out", type=Path, default=models_dir())
    parser.add_argument("--name", default="lines")
    parser.add_argument("--command", default="", help="how the checkpoint was trained")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = LineNetwork()
    seen = load_checkpoint(arguments.checkpoint, LineNetwork(), network)
    if not seen:  # a weight file: it says itself
        seen = read_metadata(arguments.checkpoint).architecture.get("lines_seen", 0)
    if arguments.blend is not None:
        before = LineNetwork()
        load_checkpoint(arguments.blend, LineNetwork(), before)
        blend(network, before, arguments.share)
    network.eval()
    panels = {name: panel(name, "valid", data_dir(), most) for name, most in PANEL.items()}
    lines = [line for lines in panels.values() for line in lines]
    temperature = fit_temperature(network, lines)
    rates = measure(network, panels)
    print(f"temperature {temperature}  {show(rates)}")
    metadata = Metadata(
        name=arguments.name,
        kind="lines",
        architecture={
            **asdict(network.architecture),
            "height": LINE_HEIGHT,
            "frame": FRAME,
            "blank": BLANK,
            "lines_seen": seen,
        },
        charset=CHARSET,
        normalisation=NORMALISATION,
        data=DATA,
        temperature=temperature,
        figures={f"CER {name}, valid, greedy": round(rate, 4) for name, rate in rates.items()},
        command=arguments.command,
    )
    metadata = weight_files.dated(metadata)
    model = quantized(line_graph(network), [image for image, _ in lines])
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, metadata.to_json()
    names = [f"{arguments.name}.onnx", f"{arguments.name}.safetensors"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    write(arguments.out / names[0], model.SerializeToString(deterministic=True))
    save_weights(arguments.out / names[1], network, metadata)
    weight_files.update_checksums(arguments.out, *names)
    for name in names:
        print(f"{arguments.out / name}: {(arguments.out / name).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
