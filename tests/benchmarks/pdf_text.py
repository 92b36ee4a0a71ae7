"""What PDF readers find in the searchable PDFs that this program writes.

Every photo is read once and written as a PDF four times: as it is, and as if it had been turned
by quarter turns. Of each PDF three readers give the text: Poppler's pdftotext in reading order and
with -layout, and PDFium. Counted are the phrases of three words of a read line that stand in it,
and how far the words' boxes lie from those that were read: the mean IoU, and the share of words
whose left and right ends are right to half a letter's height.

python tests/benchmarks/pdf_text.py [FOLDER...] [--keep FOLDER] [--list]

Without folders: the photos of $OCR_DATA (photos, photos2) and images/. --keep holds the readings,
so that a second run is quick. Needs pdftotext (Debian: poppler-utils) and ocr[pdf].
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
import pypdfium2.raw as raw
from PIL import Image

from ocr.formats import render
from ocr.formats.pdf import turns_of
from ocr.input.documents import PageSource
from ocr.input.sources import pictures_in
from ocr.layout.orientation import turn_back
from ocr.page import Box, Page
from ocr.reader import Reader

ROOT = Path(__file__).parents[2]
WORDS = 3  # of a phrase
FINE = 100_000  # units of a page's side in which PDFium tells places
SIDE = 400  # pixels of the pictures inside the PDFs: only their text is looked at


def phrases(words: Sequence[str]) -> list[tuple[str, ...]]:
    """All runs of `WORDS` words."""
    return list(zip(*(words[k:] for k in range(WORDS)), strict=False))


def found_of(page: Page, text: str) -> tuple[int, int]:
    """How many of the phrases of a page's lines stand in a text, and how many there are."""
    wanted = Counter(
        phrase
        for line in page.lines
        for phrase in phrases([word.text for word in line.words if word.text.strip()])
    )
    there = Counter(phrases(text.split()))
    return sum(min(n, there[phrase]) for phrase, n in wanted.items()), sum(wanted.values())


def poppler(path: Path, *options: str) -> str:
    command = ["pdftotext", *options, str(path), "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def pdfium(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return document[0].get_textpage().get_text_range()


def boxes_in(path: Path) -> list[tuple[str, tuple[float, ...]]]:
    """Words that PDFium finds, with (top, left, bottom, right) as shares of the page's sides."""
    found: list[tuple[str, list[tuple[float, float]]]] = [("", [])]
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        text = page.get_textpage()
        for k in range(text.count_chars()):
            sign = text.get_text_range(k, 1)
            if not sign.strip():
                found.append(("", []))
                continue
            left, bottom, right, top = text.get_charbox(k, loose=True)
            for x, y in ((left, top), (right, bottom)):
                col, row = ctypes.c_int(), ctypes.c_int()
                raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, col, row)
                found[-1][1].append((row.value / FINE, col.value / FINE))
            found[-1] = (found[-1][0] + sign, found[-1][1])
    return [(t, (*np.min(c, axis=0), *np.max(c, axis=0))) for t, c in found if t]


def boxes_right(page: Page, path: Path) -> list[tuple[float, bool]]:
    """Of each word that PDFium finds as it was read: the IoU, and whether both ends are right."""
    turns = -turns_of(page) % 4
    size = (page.height, page.width) if turns % 2 == 0 else (page.width, page.height)
    page = turn_back(page, turns, *size)  # as it is shown
    found: dict[str, list[tuple[float, ...]]] = {}
    for text, box in boxes_in(path):
        found.setdefault(text, []).append(box)
    scores = []
    for line in page.lines:
        upright = line.box.width >= line.box.height
        for word in line.words:
            best = (0.0, False)
            for y1, x1, y2, x2 in found.get(word.text, ()):
                sides = [round(v * s) for v, s in zip(
                    (y1, x1, y2, x2), (page.height, page.width) * 2, strict=True)]  # fmt: skip
                if sides[0] >= sides[2] or sides[1] >= sides[3]:
                    continue
                box, own = Box(*sides), word.box
                high = own.height if upright else own.width
                ends = (
                    (box.x1 - own.x1, box.x2 - own.x2)
                    if upright
                    else (box.y1 - own.y1, box.y2 - own.y2)
                )
                best = max(best, (box.iou(own), max(map(abs, ends)) <= high / 2))
            scores.append(best)
    return scores


def readings(folders: Sequence[Path], keep: Path | None) -> list[tuple[Path, Page]]:
    reader = Reader()
    pages = []
    for path in (photo for folder in folders for photo in pictures_in(folder)):
        kept = keep / f"{path.parent.name}__{path.name}.json" if keep else None
        if kept and kept.exists():
            page = Page.from_json(kept.read_text(encoding="utf-8"))
        else:
            page = reader.read(path)
            if kept:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(page.to_json(), encoding="utf-8")
        pages.append((path, page))
    return pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path, help="folder that holds the readings")
    parser.add_argument("--list", action="store_true", help="a row for each photo")
    options = parser.parse_args()
    data = Path(os.environ.get("OCR_DATA", "."))
    folders = options.folders or [data / "photos", data / "photos2", ROOT / "images"]
    pages = readings(folders, options.keep)
    print("| turned | phrases | pdftotext | -layout | PDFium | mean IoU | ends right |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for turns in range(4):
            totals = np.zeros(4, dtype=int)
            scores = []
            for path, page in pages:
                size = (page.height, page.width) if turns % 2 == 0 else (page.width, page.height)
                turned = turn_back(page, turns, *size)
                scale = SIDE / max(size)
                picture = Path(place) / "photo.png"
                small = (max(1, round(size[1] * scale)), max(1, round(size[0] * scale)))
                Image.new("L", small, 200).save(picture)
                ((_, pieces),) = render("pdf", "a", [(PageSource(str(picture)), turned)])
                file = Path(place) / "photo.pdf"
                file.write_bytes(b"".join(pieces))
                texts = (poppler(file), poppler(file, "-layout"), pdfium(file))
                counts = [found_of(turned, text) for text in texts]
                row = np.array([counts[0][1], *(n for n, _ in counts)])
                totals += row
                scores += boxes_right(turned, file)
                if options.list and row[0]:
                    shares = " ".join(f"{100 * n / row[0]:5.1f}" for n in row[1:])
                    print(f"{path.parent.name}/{path.name} {turns}: {row[0]} {shares}")
            shares = " | ".join(f"{100 * n / totals[0]:.1f} %" for n in totals[1:])
            iou = np.mean([score for score, _ in scores])
            ends = np.mean([right for _, right in scores])
            print(f"| {90 * turns}° | {totals[0]} | {shares} | {iou:.2f} | {100 * ends:.1f} % |")


if __name__ == "__main__":
    main()
