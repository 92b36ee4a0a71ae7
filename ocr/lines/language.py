"""Load language models, and choose the one that suits a page.

How likely they make a text, and what is mixed with them, is `ocr.lines.text_model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ocr.arrays import read_npz
from ocr.errors import ModelError
from ocr.lines.folding import SYMBOLS
from ocr.lines.lexicon import Lexicon
from ocr.lines.ngrams import MAX_ORDER, NgramModel, unpack
from ocr.lines.spelling import Spellings
from ocr.weights import damaged, find_weights, read_metadata, verify

__all__ = ["Lexicon", "NgramModel", "flat", "likeliest", "load_language"]

# Bits that a language other than the first must save on a page to be taken. Set by hand.
DOUBT = 12.0


def load_language(name: str | Path = "english") -> NgramModel:
    """Load an n-gram model from a path or the name of an installed weight file.

    Raises
    ------
    ModelError
        The file is missing, damaged, foreign, newer than this version, or no language model.
    """
    path = find_weights(str(name))
    metadata = read_metadata(path)
    if metadata.kind != "language" or "".join(metadata.charset) != SYMBOLS:
        raise ModelError(f"{path}: not a language model that this version understands.")
    verify(path)
    try:
        data = read_npz(path)
        tree = {name: data[name] for name in ("symbols", "below", "log_probs", "backoffs")}
        words, spellings = (
            {name: data[name] for name in data if name.startswith(kind)}
            for kind in ("word_", "spelling_")
        )
        order = metadata.architecture["order"]
        if not isinstance(order, int) or not 1 < order <= MAX_ORDER:
            raise ValueError("its description tells no usable order")
        if not all(one.ndim == 1 and one.dtype == np.uint8 for one in tree.values()):
            raise ValueError("its arrays are of another kind")
        nodes, inner = len(tree["symbols"]), len(tree["below"]) - 1
        counts = (tree["below"].sum(dtype=np.int64), len(tree["log_probs"]))
        if counts != (nodes, nodes) or not 0 < len(tree["backoffs"]) == inner <= nodes:
            raise ValueError("its arrays do not go together")
        model = unpack(**tree, order=order)
        model.name = metadata.name
        if spellings:
            model.spellings = Spellings.unpack(**spellings)
        if words:
            model.words = Lexicon.unpack(**words)
    # TypeError and IndexError: arrays that do not go together.
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise damaged(path, error) from None
    return model


def flat() -> NgramModel:
    """A model that knows no language: every symbol is as likely, whatever was before."""
    count = len(SYMBOLS)
    logs = np.full(count, -np.log(count), dtype=np.float32)
    return NgramModel(np.arange(1, count + 1), logs, np.zeros(count, dtype=np.float32), order=2)


def likeliest(models: Sequence[NgramModel], texts: Iterable[str]) -> int:
    """Index of the model that explains some lines of text best; the first is taken in doubt."""
    if len(models) < 2:
        return 0
    rows = list(texts)
    bits = [model.bits(rows) for model in models]
    bits[0] -= DOUBT
    return int(np.argmin(bits))
