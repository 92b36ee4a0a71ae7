"""From a checkpoint of the line recognizer to its weight files.

`python -m training.recipes.line_weights --checkpoint FILE` calibrates the network on the valid
splits, measures it, and writes `models/lines.onnx` for reading, computing in 8 bits (`quantized`),
and `models/lines.safetensors` to train on from, with weights of 16 bits.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ocr.evaluation.error_rates import align as align_texts
from ocr.letters.classifiers.base import softmax
from ocr.lines.ctc import BLANK, align, best_path
from ocr.lines.normalize import LINE_HEIGHT, NORMALIZATION
from ocr.lines.recognizer import FRAME
from ocr.weights import Metadata, models_dir, read_metadata
from training.commands import run
from training.data.datasets import data_dir
from training.data.scans import Sample
from training.data.text import CHARSET
from training.networks.line import LineNetwork
from training.networks.onnx_graph import line_graph, quantized
from training.recipes import weight_files
from training.recipes.checkpoints import load_blended
from training.recipes.lines import PANEL, as_strips, greedy, measure, show, stack
from training.recipes.temperature import likeliest_temperature
from training.synthesis.line_panel import panel

DATA = (
    weight_files.UNIPEN_ALL,
    *weight_files.FRENCH_SCANS,
    {
        "name": "Memorials for Jane Lathrop Stanford, letters of 1905",
        "licence": "CC BY 4.0",
        "source": "https://github.com/PSL-Chartes-HTR-Students/HN2021-Memorials_Jane_Lathrop_Stanford",
    },
    weight_files.CREMMA_PAGES,
    weight_files.EMNIST,
    weight_files.FONTS,
    {
        "name": "English and French text: Standard Ebooks, Common Voice, Tatoeba and others",
        "licence": "public domain, CC0, CC BY",
        "source": "https://standardebooks.org, https://commonvoice.mozilla.org, https://tatoeba.org",
    },
)  # fmt: skip

BLEND = 0.35  # share of the weights before in a blend


def _alone(image: NDArray[np.float32]) -> torch.Tensor:
    """A normalized line as a batch of one."""
    return as_strips(stack([((image * 255 + 0.5).astype(np.uint8), "")]))


def fit_line_temperature(network: LineNetwork, lines: Sequence[Sample]) -> float:
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

    def cost(temperature: float) -> float:
        total = 0.0
        for logits, classes, frames, right in found:
            proba = softmax(logits, temperature)
            for k, (first, last), good in zip(classes, frames, right, strict=True):
                p = float(np.clip(proba[first:last, k].max(), 1e-6, 1 - 1e-6))
                total -= math.log(p if good else 1 - p)
        return total

    return likeliest_temperature(cost)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the line recognizer's weight files.")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of training.recipes.lines")
    parser.add_argument("--blend", type=Path, help="weights that the checkpoint went on from")
    parser.add_argument("--share", type=float, default=BLEND, help="of these in the result")
    parser.add_argument("--out", type=Path, default=models_dir(), help="folder of weight files")
    parser.add_argument("--name", default="lines", help="of the weight files")
    parser.add_argument("--command", default="", help="how the checkpoint was trained")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network, seen = load_blended(
        LineNetwork, arguments.checkpoint, arguments.blend, arguments.share
    )
    if not seen:  # a weight file: it says itself
        seen = read_metadata(arguments.checkpoint).architecture.get("lines_seen", 0)
    panels = {name: panel(name, "valid", data_dir(), most) for name, most in PANEL.items()}
    lines = [line for lines in panels.values() for line in lines]
    temperature = fit_line_temperature(network, lines)
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
        normalization=NORMALIZATION,
        data=DATA,
        temperature=temperature,
        figures={f"CER {name}, valid, greedy": round(rate, 4) for name, rate in rates.items()},
        command=arguments.command,
    )
    metadata = weight_files.dated(metadata)
    model = quantized(line_graph(network), [_alone(image).numpy() for image, _ in lines])
    path = arguments.out / arguments.name
    files = weight_files.save_both(path, network, model, metadata, halved=True)
    weight_files.update_checksums(arguments.out, *(file.name for file in files))
    for file in files:
        print(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main)
