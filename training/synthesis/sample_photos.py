"""The sample photos of `images/`: notes written by this project, in pictures it rendered itself.

``python -m training.synthesis.sample_photos --out images`` makes every picture and its ``.gt.txt``
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from training.commands import run
from training.synthesis.camera import Camera, Shadow, jpeg, photograph
from training.synthesis.geometry import Curl, aim
from training.synthesis.paper import Paper
from training.synthesis.pens import PENS, Hand, Pen
from training.synthesis.sheet import Sheet

WHITE = (0.84, 0.84, 0.83)
CREAM = (0.84, 0.80, 0.70)


@dataclass(frozen=True)
class Sample:
    """One photo: what is written, on what, with what, and how it is photographed.

    Attributes
    ----------
    seed : int
    size : (int, int)
        Of the sheet, in pixels.
    paper : Paper
    write : callable
        Writes on the sheet.
    view : dict
        Keyword arguments of `training.synthesis.geometry.aim`; `photo` is the size of the photo.
    camera : Camera
    """

    seed: int
    size: tuple[int, int]
    paper: Paper
    write: Callable[[Sheet], None]
    view: dict[str, Any]
    camera: Camera


def column(
    sheet: Sheet,
    lines: list[str],
    row: float,
    col: float,
    cap: float,
    pitch: float,
    hand: Hand,
    pen: Pen,
    ragged: float = 0.15,
) -> None:
    """Write `lines` one below the other; `ragged` is how unevenly they start and follow."""
    for text in lines:
        left = col + ragged * cap * sheet.rng.normal()
        sheet.write(text, row + 0.4 * ragged * cap * sheet.rng.normal(), left, cap, hand, pen)
        row += pitch


def shopping_list(sheet: Sheet) -> None:
    hand = Hand("dekko-400", tracking=0.16, word_gap=0.8, drift=0.8, baseline=0.035)
    pen = PENS["blue ballpoint"]
    sheet.write("SHOPPING LIST", 235, 150, 70, hand, pen)
    sheet.stroke([(276, 146), (270, 510), (274, 985)], 4.5, pen)
    items = ["MILK 2 L", "EGGS", "BROWN BREAD", "6 APPLES", "COFFEE", "RICE 1 KG", "SOAP"]
    column(sheet, items, 420, 160, 62, 138, hand, pen)


def todo_list(sheet: Sheet) -> None:
    hand = Hand("patrick-hand-sc-400", tracking=0.17, word_gap=0.9, drift=0.5)
    pen = PENS["pencil"]
    sheet.write("TO DO ON SATURDAY", 190, 330, 62, hand, pen)
    tasks = [
        "1. CALL THE BANK",
        "2. FIX THE BIKE LIGHT",
        "3. WATER THE PLANTS",
        "4. PAY RENT BEFORE NOON",
        "5. BUY A GIFT FOR JONAS",
        "6. TAKE OUT THE GLASS",
        "7. SLEEP 8 HOURS",
    ]
    column(sheet, tasks, 330, 150, 56, 118, hand, pen)


def phone_note(sheet: Sheet) -> None:
    hand = Hand("gamja-flower-400", tracking=0.12, word_gap=0.8, drift=0.7, rotation=2.5)
    lines = ["ANNA CALLED", "14 MAY, 10:30", "CALL BACK:", "555 0142", "BEFORE 6 PM"]
    column(sheet, lines, 250, 130, 88, 172, hand, PENS["felt"])


def form(sheet: Sheet) -> None:
    label = Hand("short-stack-400", tracking=0.08, word_gap=0.7, size=0.03, rotation=1.0)
    reply = Hand("schoolbell-400", tracking=0.14, word_gap=0.8, drift=0.5, slant=4)
    black, blue = PENS["black gel"], PENS["blue gel"]
    sheet.write("TOOL LIBRARY CARD", 190, 290, 60, label, black)
    rows = [
        ("NAME:", "MIRA OKAFOR"),
        ("STREET:", "48 CANAL ROAD"),
        ("TOWN:", "WESTBRIDGE"),
        ("TOOL:", "HAND DRILL"),
        ("OUT:", "03/09/2024"),
        ("BACK:", "17/09/2024"),
    ]
    row = 350
    for name, value in rows:
        end = sheet.write(name, row, 150, 50, label, black)
        left = max(end, 480) + sheet.rng.normal(0, 8)
        sheet.write(value, row - 4, left, 56, reply, blue, continues=True)
        row += 128


def price_list(sheet: Sheet) -> None:
    hand = Hand("walter-turncoat-400", tracking=0.1, word_gap=0.9, drift=0.4)
    pen = PENS["marker"]
    sheet.write("CAKE SALE", 220, 250, 108, hand, pen)
    prices = [
        ("TEA", "1.20"),
        ("COFFEE", "1.80"),
        ("LEMONADE", "2.00"),
        ("APPLE PIE", "3.50"),
        ("MUFFIN", "2.40"),
        ("WAFFLE", "3.75"),
    ]
    row = 410
    for name, price in prices:
        sheet.write(name, row, 150, 84, hand, pen)
        left = 905 + sheet.rng.normal(0, 10)
        sheet.write(price, row + sheet.rng.normal(0, 4), left, 84, hand, pen, continues=True)
        row += 150


def parcel_label(sheet: Sheet) -> None:
    hand = Hand("covered-by-your-grace-400", tracking=0.16, word_gap=0.85, drift=0.5)
    pen = PENS["marker"]
    lines = ["TO: PAUL WINTER", "27 HARBOUR LANE", "FLAT 3B", "NEWPORT 90416", "FRAGILE!"]
    column(sheet, lines, 230, 150, 92, 168, hand, pen)


def garden_note(sheet: Sheet) -> None:
    hand = Hand("the-girl-next-door-400", tracking=0.10, word_gap=0.75, drift=0.6)
    pen = PENS["black gel"]
    lines = [
        "Hello Ruth,",
        "the key is under the blue pot.",
        "Please water the tomatoes",
        "every evening and feed the cat",
        "twice a day. We are back",
        "on Sunday 21 July.",
        "Thank you! Karl",
    ]
    column(sheet, lines, 230, 140, 52, 132, hand, pen)


def meeting_notes(sheet: Sheet) -> None:
    hand = Hand("mynerve-400", tracking=0.1, word_gap=0.7, drift=0.3, wander=0.04)
    pen = PENS["blue gel"]
    lines = [
        "Meeting, Tuesday 9 April",
        "- new shelf for room 12",
        "- printer is broken again",
        "- ask Lena about the budget",
        "- summer party: 28 June?",
        "- next date 7 May, 14:00",
    ]
    pitch = sheet.paper.pitch
    column(sheet, lines, 1.6 * pitch + 2 * pitch - 6, 255, 50, 2 * pitch, hand, pen, 0.08)


def bench_plan(sheet: Sheet) -> None:
    hand = Hand("shadows-into-light-two-400", tracking=0.12, word_gap=0.8, drift=0.4)
    pen = PENS["black ballpoint"]
    lines = [
        "GARDEN BENCH",
        "4 LEGS 45 CM",
        "SEAT 120 X 35 CM",
        "2 RAILS 110 CM",
        "16 SCREWS 5 X 60",
        "OIL, SANDPAPER 180",
    ]
    pitch = sheet.paper.pitch
    column(sheet, lines, 2.9 * pitch, 2.2 * pitch, 62, 3 * pitch, hand, pen, 0.1)


def postcard(sheet: Sheet) -> None:
    hand = Hand("beth-ellen-400", joined=True, word_gap=0.45, drift=0.5, rotation=1.5)
    pen = PENS["blue gel"]
    lines = [
        "Dear Grandma,",
        "we arrived safely and the sea is calm.",
        "This morning we walked along the cliffs",
        "and saw three seals asleep on the rocks.",
        "Tomorrow we take the small train to the",
        "lighthouse. I will bring you some honey.",
        "With love, Clara",
    ]
    column(sheet, lines, 220, 120, 60, 136, hand, pen, 0.2)


by_hand = partial(Camera, vignette=0.15, defocus=0.7, noise=0.01, quality=80)
"""A camera held over the sheet; what a photo does not set itself."""


SAMPLES = {
    "shopping_list": Sample(
        11,
        (1440, 1080),
        Paper(WHITE, folds=1),
        shopping_list,
        {"photo": (1600, 1200), "tilt": 2.0, "pitch": 8, "yaw": -3, "margin": -0.02},
        by_hand(
            exposure=0.76,
            white=(1.06, 1.0, 0.84),
            gradient=(0.35, -0.22),
            vignette=0.18,
            defocus_far=1.3,
            noise=0.012,
        ),
    ),
    "todo_list": Sample(
        12,
        (1200, 1500),
        Paper((0.80, 0.80, 0.79)),
        todo_list,
        {"photo": (1200, 1600), "tilt": -1.5, "pitch": 5, "yaw": 4, "margin": -0.04},
        by_hand(
            exposure=0.57,
            white=(0.94, 1.0, 1.05),
            gradient=(-0.3, 0.25),
            vignette=0.2,
            shadows=(Shadow("phone", (0.98, 0.62), 0.75, 12, 0.28, 0.12),),
            defocus=0.8,
            noise=0.013,
            quality=78,
        ),
    ),
    "phone_note": Sample(
        13,
        (1120, 1120),
        Paper((0.88, 0.74, 0.22), texture=0.8),
        phone_note,
        {
            "photo": (1440, 1440),
            "tilt": 4.0,
            "pitch": 14,
            "yaw": 6,
            "margin": 0.09,
            "curl": Curl(14, 0.5, 0.4),
        },
        by_hand(
            desk="dark",
            exposure=0.97,
            gradient=(0.25, 0.2),
            defocus_far=1.2,
            noise=0.009,
            quality=82,
        ),
    ),
    "form": Sample(
        14,
        (1120, 1440),
        Paper((0.86, 0.83, 0.75), texture=1.4),
        form,
        {"photo": (1200, 1600), "tilt": 1.0, "pitch": 10, "yaw": 0, "margin": 0.015},
        by_hand(
            desk="plain",
            exposure=0.81,
            white=(1.02, 1.0, 0.93),
            gradient=(0.2, 0.28),
            vignette=0.12,
            noise=0.008,
            quality=82,
        ),
    ),
    "price_list": Sample(
        15,
        (1320, 1320),
        Paper((0.82, 0.82, 0.80), texture=0.8),
        price_list,
        {"photo": (1600, 1600), "tilt": -2.5, "pitch": 6, "yaw": -8, "margin": -0.03},
        by_hand(
            exposure=0.81,
            white=(1.03, 1.0, 0.9),
            pool=(0.35, 0.6, 0.45),
            vignette=0.1,
            defocus=0.9,
        ),
    ),
    "parcel_label": Sample(
        16,
        (1040, 1360),
        Paper((0.44, 0.30, 0.17), texture=3.0),
        parcel_label,
        {"photo": (1200, 1600), "tilt": 3.0, "pitch": 6, "yaw": 5, "margin": -0.03},
        by_hand(
            exposure=1.25,
            white=(1.0, 1.0, 0.98),
            gradient=(0.15, -0.35),
            defocus=0.8,
        ),
    ),
    "garden_note": Sample(
        17,
        (1150, 1500),
        Paper(CREAM, texture=1.2, folds=1),
        garden_note,
        {
            "photo": (1350, 1800),
            "tilt": -2.0,
            "pitch": 12,
            "yaw": -4,
            "margin": 0.04,
            "curl": Curl(10, 0.6, 1.0),
        },
        by_hand(
            desk="wood",
            exposure=0.84,
            white=(1.05, 1.0, 0.88),
            gradient=(-0.2, -0.3),
            shadows=(Shadow("hand", (1.0, 0.92), 0.45, -35, 0.35, 0.06),),
            defocus_far=1.1,
            noise=0.009,
        ),
    ),
    "meeting_notes": Sample(
        18,
        (1290, 1400),
        Paper((0.85, 0.85, 0.83), "ruled margin", 84),
        meeting_notes,
        {"photo": (1350, 1800), "tilt": 2.5, "pitch": 20, "yaw": 8, "margin": 0.03},
        by_hand(
            desk="wood",
            exposure=0.78,
            white=(1.02, 1.0, 0.94),
            gradient=(0.3, 0.15),
            defocus_far=1.6,
        ),
    ),
    "bench_plan": Sample(
        19,
        (1260, 1260),
        Paper((0.84, 0.85, 0.84), "grid", 62, (0.30, 0.16, 0.08)),
        bench_plan,
        {"photo": (1500, 1500), "tilt": -3.5, "pitch": 10, "yaw": -6, "margin": -0.05},
        by_hand(
            exposure=0.68,
            white=(0.97, 1.0, 1.02),
            gradient=(-0.25, 0.3),
            vignette=0.18,
            shadows=(Shadow("phone", (0.02, 0.1), 0.7, 30, 0.3, 0.1),),
            defocus=0.8,
        ),
    ),
    "postcard": Sample(
        20,
        (1180, 1640),
        Paper((0.87, 0.85, 0.79), texture=1.3),
        postcard,
        {"photo": (1350, 1800), "tilt": -4.0, "pitch": 9, "yaw": 5, "margin": 0.03},
        by_hand(
            desk="dark",
            exposure=0.81,
            white=(1.04, 1.0, 0.9),
            pool=(0.3, 0.35, 0.4),
            vignette=0.12,
            defocus_far=1.1,
            noise=0.009,
        ),
    ),
}


def render(name: str) -> tuple[bytes, str]:
    """The JPEG bytes of a sample and its text, line by line as written.

    Raises
    ------
    KeyError
        If there is no sample of that name.
    ocr.errors.DataError
        If the fonts are missing.
    ValueError
        If the writing does not fit on the sheet or in the photo.
    """
    sample = SAMPLES[name]
    rng = np.random.default_rng(sample.seed)
    sheet = Sheet(sample.size, sample.paper, rng)
    sample.write(sheet)
    view = dict(sample.view)
    geometry = aim(sample.size, view.pop("photo"), **view)
    image = photograph(sheet.reflectance(), geometry, sample.camera, rng)
    page = sheet.truth(geometry)
    y1, x1, y2, x2 = sheet.extent()
    edge = 4  # px: ink any nearer to an edge may have been cut off by it
    inside = min(y1, x1, sheet.size[0] - y2, sheet.size[1] - x2) > edge
    for letter in page.letters:
        box = letter.box
        inside &= min(box.y1, box.x1, page.height - box.y2, page.width - box.x2) > edge
    if not inside:
        raise ValueError(f"{name}: the writing does not fit on the sheet or in the photo")
    return jpeg(image, sample.camera.quality), page.text + "\n"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("images"), show_default=True)
@click.argument("names", nargs=-1, type=click.Choice(list(SAMPLES)))
def main(out: Path, names: tuple[str, ...]) -> None:
    """Render the sample photos (all, or NAMES) with their ground truth."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names or SAMPLES:
        picture, text = render(name)
        (out / f"{name}.jpg").write_bytes(picture)
        (out / f"{name}.gt.txt").write_text(text, encoding="utf-8")
        print(f"{name}.jpg {len(picture) // 1024} KB, {len(text.split())} words")


if __name__ == "__main__":
    run(main)
