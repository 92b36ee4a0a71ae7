"""Fill a folder with training lines: `python -m training.recipes.line_shards --out DIR`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.datasets import data_dir
from training.data.shards import write_shard
from training.synthesis.lines import MIX, SOURCES, training_lines

SHARD = 1000  # lines a file


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill a folder with shards of training lines.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=100, help="files of 1000 lines")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=SOURCES, help="only these, in their shares")
    arguments = parser.parse_args()
    mix = {kind: MIX[kind] for kind in arguments.kinds or MIX}
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = data_dir()
    rng = np.random.default_rng(arguments.seed)
    sources: dict[str, Iterator[tuple[NDArray[np.uint8], str]]] = {}
    made = dict.fromkeys(mix, 0)
    for number in range(arguments.shards):
        kind = min(mix, key=lambda name: (made[name] + 0.5) / mix[name])
        made[kind] += 1
        if kind not in sources:
            sources[kind] = training_lines(rng, kind, data)
        lines = [next(sources[kind]) for _ in range(SHARD)]
        path = arguments.out / f"{kind}-{arguments.seed}-{number:04d}.npz"
        write_shard(path, lines)
        print(path.name, flush=True)


if __name__ == "__main__":
    main()
