"""training.networks.line: a row of logits for each frame."""

import torch

from ocr.lines.normalize import LINE_HEIGHT
from ocr.lines.recognizer import FRAME
from training.data.text import CHARSET


def test_one_row_of_logits_a_frame(network):
    with torch.inference_mode():
        logits = network(torch.rand(2, 1, LINE_HEIGHT, 88))
    assert logits.shape == (2, 88 // FRAME, len(CHARSET) + 1)
