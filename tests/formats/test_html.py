"""ocr.formats.html: one file with all text, that loads nothing."""

import lxml.html
from format_fakes import lines_at, written
from PIL import Image


def test_html(tmp_path):
    """One file, that loads nothing, with all text in its order; nothing read is taken for HTML."""
    photo = tmp_path / "<a>.png"
    Image.new("L", (1000, 1000), 200).save(photo)
    page = lines_at((20, "<script> & so"), (40, "on"))
    content = written("html", [(str(photo), page)], True)
    root = lxml.html.fromstring(content)
    assert [" ".join(row.text_content().split()) for row in root.iter("text")] == [
        "<script> & so",
        "on",
    ]
    assert not list(root.iter("script", "link", "iframe"))
    (image,) = root.iter("image")
    assert image.get("href").startswith("data:image/jpeg;base64,")
    assert root.find(".//h2").text == str(photo)
    first = next(root.iter("tspan"))
    assert (float(first.get("x")), float(first.get("textlength"))) == (0, 9)
