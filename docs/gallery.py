"""Make the pictures of the README, docs/gallery.md and docs/letters.md: python docs/gallery.py.

They are what `ocr boxes` draws of images/, made smaller. The pages are written by hand.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

DOCS = Path(__file__).parent
IMAGES = DOCS.parent / "images"
TARGET = DOCS / "gallery"
SIDE = 1000  # pixels of the longer side of a picture
QUALITY = 82  # of the JPEGs
PHOTOS = ("garden_note", "meeting_notes", "price_list", "postcard")
LEVELS = ("letter", "word", "line")
LEVELS_OF = "todo_list"
STAGES_OF = "meeting_notes"
SURENESS_OF = "bench_plan"  # the picture of the README
LETTERS_OF = "form"
LETTERS_STAGES = ("baselines", "even-light", "otsu", "closed", "letters")
COLUMNS = 3  # of the sheet of steps
CAPTION = 22  # pixels


def boxes(photo: str, *options: object) -> None:
    """Run `ocr boxes` on one of the samples."""
    command = [sys.executable, "-m", "ocr", "boxes", IMAGES / f"{photo}.jpg", *options]
    subprocess.run([str(part) for part in command], check=True)


def save(picture: Image.Image, name: str, side: int = SIDE) -> None:
    picture = picture.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    picture.save(TARGET / f"{name}.jpg", quality=QUALITY, optimize=True)


def steps(folder: Path, *names: str) -> Image.Image:
    """The pictures of the steps on one sheet, each under its name; of all, or of some by name."""
    tiles = []
    for path in sorted(folder.iterdir()):
        if names and path.stem.partition("-")[2] not in names:
            continue
        with Image.open(path) as picture:
            tile = picture.convert("RGB")
        tile.thumbnail((SIDE // COLUMNS, SIDE))
        tiles.append((path.stem, tile))
    width = SIDE // COLUMNS
    height = max(tile.height for _, tile in tiles) + CAPTION
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(tiles) // COLUMNS) * height), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(CAPTION * 0.7)
    for k, (name, tile) in enumerate(tiles):
        x, y = k % COLUMNS * width, k // COLUMNS * height
        pen.text((x + 4, y + 2), name, fill="black", font=font)
        sheet.paste(tile, (x, y + CAPTION))
    return sheet


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        drawn = Path(place) / "drawn.png"
        for photo in PHOTOS:
            boxes(photo, "--level", "word", "--output", drawn)
            save(Image.open(drawn), photo)
            drawn.unlink()
        for level in LEVELS:
            boxes(LEVELS_OF, "--level", level, "--output", drawn)
            save(Image.open(drawn), f"level-{level}", SIDE * 2 // 3)
            drawn.unlink()
        boxes(SURENESS_OF, "--output", drawn)
        save(Image.open(drawn), SURENESS_OF)
        boxes(STAGES_OF, "--stages", Path(place) / "steps")
        save(steps(Path(place) / "steps"), "steps")
        stages = Path(place) / "letters"
        boxes(LETTERS_OF, "--engine", "letters", "--stages", stages, "--output", drawn)
        drawn.rename(stages / "12-read.png")
        save(steps(stages, *LETTERS_STAGES, "read"), "letters")


if __name__ == "__main__":
    main()
