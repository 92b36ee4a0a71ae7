"""Data of one's own: lines, and samples of what was loaded."""

import io

import numpy as np
from PIL import Image, ImageDraw

from training.own_hand.own_data import gather
from training.own_hand.photo_truth import Aligner
from training.own_hand.samples import Account, Samples


def load(paths, what="glyphs"):
    """The samples of some paths, and the account of what was left out."""
    account = Account()
    return gather(paths, what, Aligner(), account), account


def make(labels, groups=None, splits=None):
    """Samples with these labels."""
    count = len(labels)
    return Samples(
        tuple(np.full((32, 32), k % 256, np.uint8) for k in range(count)),
        tuple(labels),
        np.ones(count, bool),
        tuple(groups or [""] * count),
        tuple(splits or [""] * count),
    )


def line_png(seed: int = 0) -> bytes:
    """The file of a line that says "one two"."""
    picture = Image.new("L", (400, 48), 255)
    ImageDraw.Draw(picture).text((10 + seed, 8), "one two", fill=0, font_size=28)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
