"""Make a character language model: `python -m training.recipes.language english --out FILE`, or
`french`.

An interpolated Kneser-Ney n-gram (Chen & Goodman 1999, "An empirical study of smoothing techniques
for language modeling", modified discounts) over the folded symbols of `ocr.lines.language`. Prose
has too few words, and too few numbers, lists and addresses, so that words drawn by their frequency
(wordfreq, Speer 2022) and synthetic lines are added to it; what is left unlike language is the
business of `ocr.lines.text_model.TextModel`. Rare long n-grams are dropped and the back-off weights
computed from what is kept, so that probabilities still sum to one.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.lines.language import (
    SPACE,
    START,
    SYMBOL_BITS,
    SYMBOLS,
    Lexicon,
    NgramModel,
    fold,
    load_language,
    pack,
)
from ocr.weights import Metadata
from training.data.datasets import data_dir
from training.data.scans import open_scans
from training.data.text import Corpus, fold_text, writable
from training.recipes.weight_files import FRENCH_SCANS, WORDFREQ, dated, update_checksums
from training.synthesis.line_text import sample_text

ORDER = 7  # order 6 costs 2 % more bits a character on held-out text, order 8 saves 0.7 %
KEEP = (1, 1, 1, 1, 2, 3, 3)  # least count of an n-gram of each length to be stored
HELD_OUT = 0.05  # share of the text, its end, kept out for measuring
LINES = 24000  # synthetic lines added, a quarter of the symbols
WORDS = 300_000  # words added, drawn by their frequency
LEXICON = 60_000  # commonest words that are stored as words
COMMON = 100_000  # words of a language that are drawn
UNSEEN = 0.5  # count given to every symbol, so that none is impossible

Counts = list[tuple[NDArray[np.int64], NDArray[np.float64]]]  # keys and counts, by length


def clean(text: str) -> str:
    """Undo the tokenisation of Wikipedia extracts: `do n't`, `Stevens 's`, spaces before commas."""
    text = re.sub(r" ('(?:s|m|re|ve|ll|d)|n't)\b", r"\1", fold_text(text))
    return re.sub(r" ([.,;:!?)])", r"\1", text)


def to_symbols(text: str) -> NDArray[np.int64]:
    """Symbol ids of lines that end in line feeds, with the beginning of the first."""
    table = {character: fold(character)[0] for character in set(text)}
    table.update({" ": SPACE, "\n": START})
    return np.array([START, *(table[character] for character in text)], dtype=np.int64)


def pack_ngrams(symbols: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Every n-gram of a length, in reading order, packed as `NgramModel` wants."""
    count = len(symbols) - length + 1
    keys: NDArray[np.int64] = np.zeros(max(count, 0), dtype=np.int64)
    for offset in range(length):
        keys = (keys << np.int64(SYMBOL_BITS)) | symbols[offset : offset + count]
    return keys


def count_ngrams(symbols: NDArray[np.int64], order: int) -> Counts:
    """How often each n-gram occurs, for every length up to `order`."""
    counts = []
    for length in range(1, order + 1):
        keys, often = np.unique(pack_ngrams(symbols, length), return_counts=True)
        counts.append((keys, often.astype(np.float64)))
    return counts


def estimate(counts: Counts) -> list[NDArray[np.float64]]:
    """Interpolated modified Kneser-Ney probabilities of the counted n-grams, by length.

    Below the full length an n-gram counts as often as there are different symbols before it. Every
    symbol of the alphabet must be among the single ones.
    """
    probabilities: list[NDArray[np.float64]] = []
    for length, (keys, often) in enumerate(counts, start=1):
        if length < len(counts):
            shorter = counts[length][0] & ((1 << SYMBOL_BITS * length) - 1)
            often = np.bincount(np.searchsorted(keys, shorter), minlength=len(keys)).astype(float)
            often = np.maximum(often, UNSEEN if length == 1 else 1.0)
        if length == 1:
            probabilities.append(often / often.sum())
            continue
        _, head = np.unique(keys >> SYMBOL_BITS, return_inverse=True)
        total = np.bincount(head, often)[head]
        discount = _discounts(often)[np.minimum(often, 3).astype(np.int64)]
        freed = np.bincount(head, discount)[head] / total
        tails = keys & ((1 << SYMBOL_BITS * (length - 1)) - 1)
        below = probabilities[-1][np.searchsorted(counts[length - 2][0], tails)]
        probabilities.append((often - discount) / total + freed * below)
    return probabilities


def _discounts(often: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is taken from n-grams seen never, once, twice and more often."""
    n1, n2, n3, n4 = (max(float((often == k).sum()), 1.0) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    discounts = [0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    return np.clip(discounts, 0.0, [0.0, 0.95, 1.9, 2.9])


def prune(
    counts: Counts, probabilities: Sequence[NDArray[np.float64]], keep: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Drop n-grams seen less than `keep` times; keys, log-probabilities, log back-off weights."""
    kept: list[NDArray[np.int64]] = []
    probs: list[NDArray[np.float64]] = []
    backoffs: list[NDArray[np.float64]] = []
    longer: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    for length in range(len(counts), 0, -1):
        keys, often = counts[length - 1]
        wanted = often >= keep[length - 1] if length > 1 else np.ones(len(keys), dtype=bool)
        mask = (1 << SYMBOL_BITS * length) - 1
        for needed in (longer >> SYMBOL_BITS, longer & mask):  # contexts and endings of what stays
            wanted[np.searchsorted(keys, np.unique(needed))] = True
        kept.insert(0, keys[wanted])
        probs.insert(0, probabilities[length - 1][wanted])
        longer = kept[0]
    for length, keys in enumerate(kept[:-1], start=1):
        head = np.searchsorted(keys, kept[length] >> SYMBOL_BITS)
        tail = np.searchsorted(keys, kept[length] & ((1 << SYMBOL_BITS * length) - 1))
        left = 1 - np.bincount(head, probs[length], minlength=len(keys))
        below = 1 - np.bincount(head, probs[length - 1][tail], minlength=len(keys))
        backoffs.append(np.log(np.clip(left, 1e-4, 1)) - np.log(np.clip(below, 1e-4, 1)))
    backoffs.append(np.zeros(len(kept[-1])))
    return np.concatenate(kept), np.log(np.concatenate(probs)), np.concatenate(backoffs)


def bits_per_symbol(model: NgramModel, symbols: NDArray[np.int64]) -> float:
    """Cross-entropy of a text under the n-gram, in bits a symbol."""
    contexts = pack_ngrams(symbols, model.order - 1)[:-1]
    following = symbols[model.order - 1 :, None]
    parts = range(0, len(contexts), 4096)
    total = sum(
        float(model.log_probs(contexts[i : i + 4096], following[i : i + 4096]).sum()) for i in parts
    )
    return -total / len(contexts) / np.log(2)


def sample_lines(rng: np.random.Generator, corpus: Corpus, count: int) -> list[str]:
    """Synthetic lines, without rows of single characters: `TextModel` knows those."""
    lines: list[str] = []
    while len(lines) < count:
        text = sample_text(rng, corpus)
        if len(text) > 2.5 * len(text.split()):
            lines.append(text)
    return lines


def frequent_words(rng: np.random.Generator, code: str, count: int) -> list[str]:
    """`count` words drawn by their frequency in a language (`en`, `fr`, ...), some to a line.

    Raises
    ------
    ModuleNotFoundError
        If words are wanted and the package wordfreq is not installed.
    """
    if not count:
        return []
    import wordfreq

    table = wordfreq.get_frequency_dict(code)
    words = [w for w in wordfreq.top_n_list(code, COMMON) if writable(fold_text(w))]
    shares = np.array([table[w] for w in words])
    drawn = rng.choice(len(words), count, p=shares / shares.sum())
    ends = np.cumsum(rng.integers(5, 12, count // 5))
    return [" ".join(words[k] for k in part) for part in np.split(drawn, ends) if len(part)]


def common_words(code: str) -> Lexicon:
    """The commonest words of a language, with their frequencies."""
    import wordfreq

    table = wordfreq.get_frequency_dict(code)
    words = wordfreq.top_n_list(code, LEXICON)
    return Lexicon(words, [table[word] for word in words])


@dataclass(frozen=True)
class Text:
    """What a model is made of: rows to count, and rows kept out to measure by."""

    seen: tuple[str, ...]
    held_out: tuple[str, ...]
    data: tuple[dict[str, str], ...]
    code: str


def english(data: Path) -> Text:
    """Novels and a little Wikipedia; the last of it is kept out."""
    source = data / "text" / "english.txt"
    rows = [row for row in map(clean, source.read_text(encoding="utf-8").splitlines()) if row]
    ends = np.cumsum([len(row) + 1 for row in rows])
    cut = int(np.searchsorted(ends, (1 - HELD_OUT) * ends[-1]))
    about = (
        {
            "name": "seven novels",
            "licence": "public domain",
            "source": "https://www.gutenberg.org",
        },
        {
            "name": "wikitext-2",
            "licence": "CC BY-SA 3.0",
            "source": "https://arxiv.org/abs/1609.07843",
        },
    )
    return Text(tuple(rows[:cut]), tuple(rows[cut:]), about, "en")


def french(data: Path) -> Text:
    """The texts of handwritten lines, twice since there are few; those of `valid` are kept out."""
    names = ("copiste", "poilus", "peraire")

    def texts(split: str) -> tuple[str, ...]:
        zips = [data / "lines" / f"{name}.zip" for name in names]
        return tuple(text for path in zips for _, text in open_scans(path, split).rows)

    return Text(2 * texts("train"), texts("valid"), FRENCH_SCANS, "fr")


LANGUAGES = {"english": english, "french": french}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--out", type=Path, required=True, help="the .npz file to write")
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: $OCR_DATA)")
    parser.add_argument("--words", type=int, default=WORDS, help="words drawn by their frequency")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    text = LANGUAGES[args.language](data_dir(args.data))
    rng = np.random.default_rng(args.seed)
    seen, held_out = Corpus(text.seen), Corpus(text.held_out)
    lines = sample_lines(rng, seen, min(LINES, len(text.seen)))
    words = frequent_words(rng, text.code, args.words)
    symbols = to_symbols(" \n".join([*seen.sentences, *lines, *words]))
    # Every symbol once at the beginning, so that each has a place among the single ones.
    counts = count_ngrams(np.append(np.arange(1, len(SYMBOLS) + 1), symbols), ORDER)
    arrays = pack(*prune(counts, estimate(counts), KEEP))
    if args.words:
        arrays |= common_words(text.code).pack()
    figures: dict[str, float] = {}
    metadata = dated(
        Metadata(
            name=args.out.stem,
            kind="language",
            architecture={"kind": "ngram", "order": ORDER, "keep": list(KEEP)},
            charset=tuple(SYMBOLS),
            normalisation="folded: lower case, no accents, one digit, one rare sign",
            data=(*text.data, WORDFREQ) if words else text.data,
            seed=args.seed,
            figures=figures,
            command=f"python -m training.recipes.language {args.language} --out {args.out.name}",
        )
    )
    beside = args.out.with_name(args.out.name + ".part.npz")
    write(beside, arrays, metadata)
    model = load_language(beside)
    other = sample_lines(rng, held_out, LINES // 20)
    for name, rows in (("held-out text", held_out.sentences), ("held-out synthetic lines", other)):
        bits = bits_per_symbol(model, to_symbols(" \n".join(rows)))
        figures[f"bits a character, {name}"] = round(bits, 3)
        figures[f"perplexity, {name}"] = round(2**bits, 2)
    write(beside, arrays, metadata)
    beside.replace(args.out)
    update_checksums(args.out.parent, args.out.name)
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    print(f"{args.out}: {arrays['log_probs'].size} n-grams, {args.out.stat().st_size} bytes")


def write(path: Path, arrays: dict[str, NDArray[np.uint8]], metadata: Metadata) -> None:
    """Write the weight file."""
    np.savez_compressed(path, metadata=np.array(metadata.to_json()), **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
