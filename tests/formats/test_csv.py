"""ocr.formats.csv: a row for a word, and one for a line."""

import csv
import io

from format_fakes import BLANK, lines_at, written


def test_csv():
    page = lines_at((20, 'say "so", he'), (40, "7"))
    rows = list(csv.DictReader(io.StringIO(written("csv", [("a.jpg", page)], True), newline="")))
    assert [row["text"] for row in rows] == ["say", '"so",', "he", "7"]
    assert [(row["file"], row["page"], row["line"], row["word"]) for row in rows[2:]] == [
        ("a.jpg", "1", "1", "3"),
        ("a.jpg", "1", "2", "1"),
    ]
    assert [rows[3][side] for side in ("y1", "x1", "y2", "x2")] == ["30", "0", "40", "9"]
    lines = written("csv-lines", [("a.jpg", page), ("b.jpg", BLANK)], False)
    assert [row["text"] for row in csv.DictReader(io.StringIO(lines))] == ['say "so", he', "7"]
