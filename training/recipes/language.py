"""Make a character language model: `python -m training.recipes.language english --out FILE`, or
`french`.

An interpolated Kneser-Ney n-gram (Chen & Goodman 1999, "An empirical study of smoothing techniques
for language modeling", modified discounts) over the folded symbols of `ocr.lines.folding`. Prose
has too few words, and too few numbers, lists and addresses, so that words drawn by their frequency
(wordfreq, Speer 2022) and synthetic lines are added to it; what is left unlike language is the
business of `ocr.lines.text_model.TextModel`. N-grams that tell little more than the next shorter
one are dropped (weighted difference, Seymore & Rosenfeld 1996, "Scalable backoff language models")
and the back-off weights computed from what is kept, so that probabilities still sum to one.
"""

from __future__ import annotations

import argparse
import lzma
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ocr.lines.folding import START, SYMBOL_BITS, SYMBOLS, symbols_of
from ocr.lines.language import load_language
from ocr.lines.lexicon import Lexicon
from ocr.lines.ngrams import NgramModel, pack
from ocr.lines.spelling import Spellings, count_shares
from ocr.weights import Metadata
from training.commands import run
from training.data.datasets import data_dir
from training.data.scans import open_scans
from training.data.text import Corpus, fold_text, writable
from training.recipes.weight_files import (
    ENGLISH_TEXTS,
    FRENCH_SCANS,
    FRENCH_TEXTS,
    WORDFREQ,
    dated,
    save_npz,
    update_checksums,
)
from training.synthesis.line_text import LISTED, beginning, sample_text

ORDER = 8  # at the same bytes orders 9 and 10 cost 1 to 3 % more bits a character on held-out text
LEAST = {"english": 12.0, "french": 6.0}  # nats an n-gram must save on the text to be stored
ONCE = 2  # least count of an n-gram to be stored
HELD_OUT = 100  # one row in so many of a text is kept out for measuring
SCANS_AGAIN = 4  # times that the few texts of French handwritten lines are counted
SHORTEST, LONGEST = 20, 90  # characters of the lines that the rows of a text are cut into
CHECKED = 3000  # held-out lines that the figures are computed on
SYNTHETIC = 0.5  # synthetic lines added for each line of text
WORDS = 300_000  # words added, drawn by their frequency
LEXICON = 60_000  # commonest words that are stored as words
COMMON = 100_000  # words of a language that are drawn
DECIMALS = {"en": re.compile(r"\d,\d{1,2}(?!\d)"), "fr": re.compile(r"\d\.\d{1,2}(?![\d.])")}
"""Amounts as the language does not write them: 1,20 in English, 1.20 in French."""
OTHER_DECIMALS = 0.15  # share of the synthetic lines with such amounts that is kept
# French has its hyphens from handwritten lines; with more of them it read Copiste's no better.
HYPHENATED = {"en": 0.15, "fr": 0.0}  # share of the lines whose last word goes on in the next
HYPHENATED_WORD = re.compile(r" ([^\W\d_]{4,})(?=[ ,.;:!?]|$)")
LABELS = {"en": 0.15, "fr": 0.0}  # share of the synthetic lines that are some words and a colon
QUOTED = 4  # one row in so many has its commas and points behind closing quotes, and not before

# Arrays that are not compressed: they would shrink by a third and take most of the time to load.
STORED = ("symbols", "log_probs", "backoffs")

FEWEST_SPELLED = 8  # occurrences of a word for its spelling to be kept
LEAST_SPELLED = 0.005  # share of a word's spelling to be kept
# A word inside a sentence: behind a small letter or comma and a space.
INSIDE = re.compile(r"(?<=[a-zà-öø-ÿ,;] )[^\W\d_]+(?=[ ,.;:!?)])")

Counts = list[tuple[NDArray[np.int64], NDArray[np.float64]]]  # keys and counts, by length


def clean(text: str) -> str:
    """Undo the tokenisation of Wikipedia extracts: `do n't`, `Stevens 's`, spaces before commas."""
    text = re.sub(r" ('(?:s|m|re|ve|ll|d)|n't)\b", r"\1", fold_text(text))
    return re.sub(r" ([.,;:!?)])", r"\1", text)


def to_symbols(text: str) -> NDArray[np.int64]:
    """Symbol ids of lines that end in line feeds, with the beginning of the first."""
    return np.append(START, symbols_of(text))


def quoted_otherwise(rows: Iterable[str]) -> Iterator[str]:
    """Rows of which one in `QUOTED` has commas and points outside quotes.

    Nearly all printed English has them inside; in notes, and in Britain, they stand outside.
    """
    for k, row in enumerate(rows):
        yield row if k % QUOTED else re.sub(r'([,.])"', r'"\1', row)


def cut(rng: np.random.Generator, rows: Iterable[str], hyphenated: float = 0.0) -> Iterator[str]:
    """Rows cut into lines as long as those of handwriting: at spaces, or a share within words."""
    for row in rows:
        start = 0
        while len(row) - start > SHORTEST:
            end = row.rfind(" ", start, start + int(rng.integers(SHORTEST, LONGEST)) + 1)
            if end <= start or len(row) - end < 2:
                break
            word = None
            if hyphenated and rng.random() < hyphenated:
                word = HYPHENATED_WORD.match(row, end)
            if word is None:
                yield row[start:end]
                start = end + 1
            else:
                inside = int(rng.integers(word.start(1) + 2, word.end(1) - 1))
                yield f"{row[start:inside]}-"
                start = inside
        yield row[start:]


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
        keys = pack_ngrams(symbols, length)
        keys.sort()
        first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
        counts.append((keys[first], np.diff(np.append(first, len(keys))).astype(np.float64)))
    return counts


def estimate(counts: Counts) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Interpolated modified Kneser-Ney probabilities of the counted n-grams, by length.

    Below the full length an n-gram counts as often as there are different symbols before it, unless
    it begins a line. Every symbol of the alphabet must be among the single ones.

    Returns
    -------
    probabilities : list of (M,) float64 arrays
    savings : list of (M,) float64 arrays
        Nats that an n-gram saves on the counted text beside the next shorter one; infinite for
        single symbols.
    """
    probabilities: list[NDArray[np.float64]] = []
    savings: list[NDArray[np.float64]] = [np.full(len(counts[0][0]), np.inf)]
    for length, (keys, raw) in enumerate(counts, start=1):
        often = raw
        if length < len(counts):
            shorter = counts[length][0] & ((1 << SYMBOL_BITS * length) - 1)
            often = np.bincount(np.searchsorted(keys, shorter), minlength=len(keys)).astype(float)
            # What begins a line always stands behind the same.
            first = keys >> SYMBOL_BITS * (length - 1) == START
            often = np.where(first, raw, np.maximum(often, 1.0))
        if length == 1:
            probabilities.append(often / often.sum())
            continue
        heads = keys >> SYMBOL_BITS
        head = np.cumsum(np.append(0, heads[1:] != heads[:-1]))
        total = np.bincount(head, often)[head]
        discount = _discounts(often)[np.minimum(often, 3).astype(np.int64)]
        freed = np.bincount(head, discount)[head] / total
        tails = keys & ((1 << SYMBOL_BITS * (length - 1)) - 1)
        below = probabilities[-1][np.searchsorted(counts[length - 2][0], tails)]
        probabilities.append((often - discount) / total + freed * below)
        savings.append(raw * np.log(probabilities[-1] / np.maximum(freed * below, 1e-30)))
    return probabilities, savings


def _discounts(often: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is taken from n-grams seen never, once, twice and more often."""
    n1, n2, n3, n4 = (max(float((often == k).sum()), 1.0) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    discounts = [0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
    return np.clip(discounts, 0.0, [0.0, 0.95, 1.9, 2.9])


def prune(
    counts: Counts,
    probabilities: Sequence[NDArray[np.float64]],
    savings: Sequence[NDArray[np.float64]],
    least: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Drop n-grams that save less than `least` nats; keys, log-probabilities, log back-offs."""
    kept: list[NDArray[np.int64]] = []
    probs: list[NDArray[np.float64]] = []
    backoffs: list[NDArray[np.float64]] = []
    longer: NDArray[np.int64] = np.empty(0, dtype=np.int64)
    for length in range(len(counts), 0, -1):
        keys, often = counts[length - 1]
        wanted = savings[length - 1] >= least
        if length > 1 and least > 0:
            wanted &= often >= ONCE
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


def sample_lines(rng: np.random.Generator, corpus: Corpus, count: int, code: str) -> list[str]:
    """Synthetic lines, without rows of single characters: `TextModel` knows those."""
    lines: list[str] = []
    while len(lines) < count:
        text = sample_text(rng, corpus)
        if rng.random() < LISTED:
            text = beginning(rng) + text
        if DECIMALS[code].search(text) and rng.random() > OTHER_DECIMALS:
            continue
        if LABELS[code] and rng.random() < LABELS[code]:
            text = " ".join(text.split()[: rng.integers(1, 4)]).rstrip(".,;:!?-") + ":"
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


def spellings(rows: Iterable[str]) -> Spellings:
    """How words are written inside sentences, where a capital is not that of the beginning."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(INSIDE.findall(row))
    counts = Counter({w: n for w, n in counts.items() if len(w) == 1 or not w.isupper()})
    shares = count_shares(counts, FEWEST_SPELLED, LEAST_SPELLED)
    return Spellings(tuple(shares), np.array(list(shares.values())))


def common_words(code: str) -> Lexicon:
    """The commonest words of a language, with their frequencies."""
    import wordfreq

    table = wordfreq.get_frequency_dict(code)
    words = wordfreq.top_n_list(code, LEXICON)
    return Lexicon(words, [table[word] for word in words])


@dataclass(frozen=True)
class Text:
    """What a model is made of: rows to count, and rows kept out to measure by, by their source."""

    seen: tuple[str, ...]
    held_out: dict[str, tuple[str, ...]]
    data: tuple[dict[str, str], ...]
    code: str


def read_rows(path: Path) -> tuple[str, ...]:
    """The rows of a text file, packed by xz or not, folded; those that can be written."""
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        return tuple(row for row in map(clean, stream) if writable(row))


def _parted(rows: dict[str, tuple[str, ...]]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """All rows but every `HELD_OUT`-th, and those."""
    seen = (row for part in rows.values() for k, row in enumerate(part) if k % HELD_OUT)
    return tuple(seen), {name: part[::HELD_OUT] for name, part in rows.items()}


def english(data: Path) -> Text:
    """Books of 1840 to 1960, and today's English."""
    files = {"novels": "english.txt", "books": "english-books.txt.xz"}
    files["today's English"] = "english-modern.txt.xz"
    rows = {name: read_rows(data / "text" / file) for name, file in files.items()
            if (data / "text" / file).is_file()}  # fmt: skip
    seen, held_out = _parted(rows)
    return Text(tuple(quoted_otherwise(seen)), held_out, ENGLISH_TEXTS, "en")


def french(data: Path) -> Text:
    """Novels and spoken sentences, and the texts of handwritten lines; of these not `valid`."""

    def texts(split: str) -> tuple[str, ...]:
        zips = [data / "lines" / f"{name}.zip" for name in ("copiste", "poilus", "peraire")]
        return tuple(text for path in zips for _, text in open_scans(path, split).rows)

    seen, held_out = _parted({"novels and speech": read_rows(data / "text" / "french.txt.xz")})
    held_out["handwritten lines"] = texts("valid")
    return Text(seen + SCANS_AGAIN * texts("train"), held_out, FRENCH_TEXTS + FRENCH_SCANS, "fr")


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
    rows = list(cut(rng, text.seen, HYPHENATED[text.code]))
    rows += sample_lines(rng, Corpus(text.seen), int(SYNTHETIC * len(rows)), text.code)
    rows += frequent_words(rng, text.code, args.words)
    symbols = to_symbols(" \n".join(rows))
    # Every symbol once at the beginning, so that each has a place among the single ones.
    counts = count_ngrams(np.append(np.arange(1, len(SYMBOLS) + 1), symbols), ORDER)
    least = LEAST[args.language]
    keys, logs, backoffs = prune(counts, *estimate(counts), least)
    arrays = pack(NgramModel(keys, logs.astype(np.float32), backoffs.astype(np.float32), ORDER))
    arrays |= spellings(text.seen).pack()
    if args.words:
        arrays |= common_words(text.code).pack()
    figures: dict[str, float] = {}
    metadata = dated(
        Metadata(
            name=args.out.stem,
            kind="language",
            architecture={"kind": "ngram", "order": ORDER, "least": least},
            charset=tuple(SYMBOLS),
            normalization="folded: lower case, no accents, one digit, one rare sign",
            data=(*text.data, WORDFREQ) if args.words else text.data,
            seed=args.seed,
            figures=figures,
            command=f"python -m training.recipes.language {args.language} --out {args.out.name}",
        )
    )
    beside = args.out.with_name(args.out.name + ".part.npz")
    save_npz(beside, arrays, metadata, STORED)
    model = load_language(beside)
    checks = {f"held-out {name}": tuple(cut(rng, rows)) for name, rows in text.held_out.items()}
    corpus = Corpus(tuple(row for rows in text.held_out.values() for row in rows))
    checks["held-out synthetic lines"] = tuple(sample_lines(rng, corpus, CHECKED, text.code))
    for name, check in checks.items():
        bits = bits_per_symbol(model, to_symbols(" \n".join(check[:CHECKED])))
        figures[f"bits a character, {name}"] = round(bits, 3)
    save_npz(beside, arrays, metadata, STORED)
    beside.replace(args.out)
    update_checksums(args.out.parent, args.out.name)
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    print(f"{args.out}: {arrays['log_probs'].size} n-grams, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    run(main)
