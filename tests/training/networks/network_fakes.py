"""A small line network, and lines for it."""

import numpy as np
import torch

from ocr.lines.normalize import LINE_HEIGHT
from training.networks.line import LineArchitecture, LineNetwork
from training.recipes import lines as line_model

SMALL = LineArchitecture(
    widths=(4, 8, 8, 8, 8), features=16, blocks=1, context=16, context_blocks=2, attention=(0,),
    heads=2, lstm=8,
)  # fmt: skip


def small_network():
    """One as if it were trained."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    found = LineNetwork(SMALL)
    for module in found.modules():  # as if trained: statistics of their own
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    with torch.no_grad():  # what grows from nothing has grown
        found.context.share.fill_(0.4)
        found.second.share.fill_(0.3)
    return found.eval()


def some_lines(count=30, seed=0):
    """Noise of many widths, with short texts."""
    rng = np.random.default_rng(seed)
    return [
        (rng.integers(0, 255, (LINE_HEIGHT, int(w))).astype(np.uint8), "ab c"[: int(w) % 4 + 1])
        for w in rng.integers(40, 400, count)
    ]


def loss_of(network, lines):
    """The loss of a batch."""
    logits = network(line_model.as_strips(line_model.stack(lines)))
    return line_model.ctc_loss(logits, line_model.widths_of(lines), lines)
