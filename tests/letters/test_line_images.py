"""A line cut from a tilted page is level, holds only its own ink, and finds its way back."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.letters.baselines import baselines
from ocr.letters.find_letters import segment
from ocr.letters.group_lines import group_lines
from ocr.letters.line_images import cut_line

INK = 0.6  # grey


@pytest.fixture(scope="module")
def tilted():
    page = Image.new("L", (1100, 420), 255)
    font = ImageFont.load_default(60)
    ImageDraw.Draw(page).multiline_text((120, 120), "FIRST LINE\nSECOND", 0, font, spacing=60)
    turned = page.rotate(4, Image.Resampling.BICUBIC, fillcolor=255)
    found = segment(np.asarray(turned, dtype=np.float32) / 255)
    rows = group_lines(found.boxes)
    return (
        found,
        [
            cut_line(found, row, base)
            for row, base in zip(rows, baselines(found, rows), strict=True)
        ],
        rows,
    )


def test_each_line_is_level(tilted):
    found, lines, rows = tilted
    assert len(lines) == 2
    for line, row in zip(lines, rows, strict=True):
        ink = line.image < INK
        feet = [
            np.flatnonzero(ink[:, x1 - line.left : x2 - line.left].any(axis=1)).max()
            for _, x1, _, x2 in found.boxes[row]
        ]
        assert np.ptp(feet) <= 4
        assert len(ink) < 1.5 * found.letter_height


def test_it_holds_its_own_ink_alone(tilted):
    found, lines, rows = tilted
    for line, row in zip(lines, rows, strict=True):
        own = np.isin(found.owner[found.labels - 1], row) & (found.labels > 0)
        dark = own & (found.grey < INK)
        assert (line.image < INK).sum() == pytest.approx(dark.sum(), rel=0.02)


def test_it_knows_the_parts_of_its_ink(tilted):
    found, lines, rows = tilted
    for line, row in zip(lines, rows, strict=True):
        parts = np.unique(line.parts[line.parts > 0])
        assert set(found.owner[parts - 1]) == set(row)
        assert (line.image[line.parts > 0] < INK).mean() > 0.9


def test_boxes_come_back_to_the_page(tilted):
    found, lines, rows = tilted
    for line, row in zip(lines, rows, strict=True):
        for y1, x1, y2, x2 in found.boxes[row]:
            back = line.box(x1 - line.left, x2 - line.left)
            assert np.abs(np.array(back) - [y1, x1, y2, x2]).max() <= 5
    assert lines[0].box(0, 1)[2] - lines[0].box(0, 1)[0] == len(lines[0].image)
