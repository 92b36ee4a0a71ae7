"""ocr.review.document: a page as it is kept."""

from dataclasses import replace

import pytest
from review_fakes import HEIGHT, TEXTS, WIDTH, document

from ocr.page import Box
from ocr.review import edits
from ocr.review.document import Reviewed


def test_json_keeps_all():
    doc = edits.leave_out(edits.set_text(document(), 1, ""), Box(300, 0, HEIGHT, WIDTH))
    doc = replace(edits.turn(doc, 1), revision=7, touched=True)
    assert Reviewed.from_json(doc.to_json()) == doc
    again = Reviewed.from_json(replace(doc, text_digest="12ab").to_json())
    assert again == doc and again.text_digest == "12ab"
    with pytest.raises(ValueError, match="text"):
        Reviewed.from_json(replace(doc, text_digest=["12ab"]).to_json())


def test_json_is_a_page_for_others():
    from ocr.page import Page

    page = Page.from_json(document().to_json())
    assert page.text == "\n".join(TEXTS)
    assert Reviewed.from_json(page.to_json()).text == page.text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version":1}', "[" * 9999])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError):
        Reviewed.from_json(text)
