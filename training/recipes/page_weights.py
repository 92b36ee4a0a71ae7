"""From a checkpoint of the page network to its weight files.

`page.onnx` computes in 8 bits; `page.safetensors`, which is not installed, serves to train on from.

`python -m training.recipes.page_weights --checkpoint FILE`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from ocr.layout.page_network import NORMALIZATION
from ocr.weights import Metadata, models_dir, read_metadata
from training.commands import run
from training.data.datasets import data_dir
from training.data.page_samples import crop, training_page
from training.data.page_sets import read_pages
from training.networks.onnx_graph import page_graph, quantized
from training.networks.page import CHANNELS, PageNetwork
from training.recipes import weight_files
from training.recipes.checkpoints import load_blended
from training.recipes.page import PageRecipe, evaluate, fixed_crops

DATA = (
    *weight_files.FRENCH_SCANS,
    weight_files.CREMMA_PAGES,
    weight_files.UNIPEN_ALL,
    weight_files.EMNIST,
    weight_files.FONTS,
)
BLEND = 0.6  # share of the weights before in a blend
CALIBRATION = 60  # crops of valid pages that tell the ranges of the 8 bits


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the page network's weight file.")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of training.recipes.page")
    parser.add_argument(
        "--batch", type=int, default=PageRecipe.batch, help="crops a step of the checkpoint"
    )
    parser.add_argument("--blend", type=Path, help="weights that the checkpoint went on from")
    parser.add_argument("--share", type=float, default=BLEND, help="of these in the result")
    parser.add_argument("--out", type=Path, default=models_dir(), help="folder of weight files")
    parser.add_argument("--command", default="", help="how the checkpoint was trained")
    given = parser.parse_args()
    torch.set_num_threads(1)
    network, steps = load_blended(PageNetwork, given.checkpoint, given.blend, given.share)
    seen = steps * given.batch
    if not seen:  # a weight file: it says itself
        seen = read_metadata(given.checkpoint).architecture.get("crops_seen", 0)
    pages = [training_page(page) for page in read_pages(data_dir(), "valid")]
    figures = evaluate(network, fixed_crops(pages))
    rng = np.random.default_rng(3)
    samples = [crop(rng, pages[k % len(pages)])[0][None, None] for k in range(CALIBRATION)]
    model = quantized(page_graph(network), samples, first=2, last=1)
    metadata = Metadata(
        name="page",
        kind="page",
        architecture={"channels": CHANNELS, "crops_seen": seen},
        charset=(),
        normalization=NORMALIZATION,
        data=DATA,
        figures={f"{name}, crops of valid pages": round(v, 4) for name, v in figures.items()},
        command=given.command,
    )
    metadata = weight_files.dated(metadata)
    files = weight_files.save_both(given.out / "page", network, model, metadata, halved=True)
    weight_files.update_checksums(given.out, *(file.name for file in files))
    print(f"{files[0]}: {files[0].stat().st_size / 1e6:.2f} MB  {figures}")


if __name__ == "__main__":
    run(main)
