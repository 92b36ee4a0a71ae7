"""ocr.formats.ndjson: a row for a page."""

import json

from format_fakes import PAGES, rendered

from ocr.page import Box, Letter, Line, Page, Word


def test_ndjson_has_a_row_a_page(schema):
    odd = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), "\u2028x", 0.5),)),)),))
    rows = rendered("ndjson", *PAGES, odd).decode().splitlines()
    for row in rows:
        schema.validate(json.loads(row))
    assert [Page.from_json(row) for row in rows] == [*PAGES, odd]
    assert [json.loads(row)["page"] for row in rows] == [1, 2, 3, 4]
