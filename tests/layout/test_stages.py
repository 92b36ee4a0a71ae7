"""ocr.layout.stages: the pictures of `ocr boxes --stages`."""

from PIL import Image, ImageDraw, ImageFont

from ocr.reader import Reader


def test_the_lines_of_a_form_are_shown_in_the_order_in_which_they_were_read(monkeypatch):
    page, font = Image.new("L", (1100, 620), 240), ImageFont.load_default(36)
    rows = ["Name of a child:", "Date of birth:", "Place of birth:", "Nationality:"]
    for k, text in enumerate(rows):
        for x, said in ((60, text), (450, "grandmother of three")):
            ImageDraw.Draw(page).text((x, 60 + 100 * k), said, 30, font)
    shown = []
    monkeypatch.setattr("ocr.layout.stages._with_lines", lambda grey, lines: shown.extend(lines))
    assert len(Reader().read(page, on_stage=lambda *_: None).lines) == len(shown) == 4
