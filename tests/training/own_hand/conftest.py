"""What the tests of learning a hand share."""

import pytest
from PIL import Image, ImageDraw, ImageFont


@pytest.fixture
def line_folder(tmp_path):
    """Six pictures of lines of three pages, with their texts."""
    folder = tmp_path / "lines"
    folder.mkdir()
    for number in range(6):
        line_picture(f"line number {number}").save(folder / f"page{number // 2}-{number:02}.png")
        (folder / f"page{number // 2}-{number:02}.gt.txt").write_text(f"line number {number}\n")
    return folder


def line_picture(text):
    """A picture of a line."""
    font = ImageFont.load_default(30)
    image = Image.new("L", (int(font.getlength(text)) + 20, 50), 255)
    ImageDraw.Draw(image).text((10, 5), text, fill=0, font=font)
    return image
