"""ocr.formats.tsv, read back row by row."""

import csv
import io

from format_fakes import PAGES, rendered, words_of

from ocr.page import Box


def test_tsv_reads_back():
    text = rendered("tsv", *PAGES).decode()
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    head = "level page_num block_num par_num line_num word_num left top width height conf text"
    assert list(rows[0]) == head.split()
    for number, page in enumerate(PAGES, 1):
        found = [
            (
                row["text"],
                Box(
                    int(row["top"]),
                    int(row["left"]),
                    int(row["top"]) + int(row["height"]),
                    int(row["left"]) + int(row["width"]),
                ),
                float(row["conf"]) / 100,
            )
            for row in rows
            if (row["level"], row["page_num"]) == ("5", str(number))
        ]
        assert found == words_of(page)
    assert [row["level"] for row in rows if row["page_num"] == "1"] == list("12345554555")
    assert [row["level"] for row in rows if row["page_num"] == "2"] == ["1"]
    assert {row["conf"] for row in rows if row["level"] != "5"} == {"-1"}
