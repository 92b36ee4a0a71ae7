"""ocr.formats.markdown: what is shown is what was read."""

import re
from dataclasses import replace
from itertools import accumulate

import pytest
from format_fakes import BLANK, TWO_LINES, lines_at, written
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ocr.page import Page


def test_markdown():
    page = lines_at((20, "# 1 *of* <2>"), (40, "a_b"), (90, "- milk"), (110, "• eggs"), (130, "3"))
    assert written("markdown", [("a", page)], True) == (
        "\\# 1 \\*of\\* \\<2\\>\\\na\\_b\n\n- milk\n- eggs\\\n3\n"
    )
    joined = written("markdown", [("a", lines_at((20, "well-"), (40, "known")))], True, join=True)
    assert joined == "wellknown\n"
    both = written("markdown", [("a_b", TWO_LINES), ("c", BLANK)], False)
    assert both.startswith("## a\\_b\n\nab c")
    assert both.endswith("\n## c\n\n")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["Prices", "2. Milk", "3. Bread"], "Prices\n\n2. Milk\n3. Bread"),
        (["1) Milk", "of a cow", "2) Bread"], "1) Milk\\\nof a cow\n2) Bread"),
        (["1. Milk", "- fresh", "2. Bread"], "1. Milk\n- fresh\n2. Bread"),
        (["12. May", "15. June", "20. July"], "12\\. May\\\n15\\. June\\\n20\\. July"),
        (["12. May", "", "15. June"], "12\\. May\n\n15\\. June"),
        (["1. a", "", "2. b", "", "4. d"], "1. a\n\n2. b\n\n4\\. d"),
        (["1. a", "2. b", "1. c", "2. d"], "1. a\n2. b\\\n1\\. c\\\n2\\. d"),
        (["01. a", "02. b"], "01\\. a\\\n02\\. b"),
        (["in", "1918. Then"], "in\\\n1918\\. Then"),
        (["1918. Then", "came"], "1918\\. Then\\\ncame"),
        (["1. Milk"], "1. Milk"),
        (["Total", "- 5 apples", "+ 3"], "Total\\\n\\- 5 apples\\\n\\+ 3"),
        (["12", "+ 3", "+ 4"], "12\\\n\\+ 3\\\n\\+ 4"),
        (["Wanted:", "+ milk", "+ eggs"], "Wanted:\n+ milk\n+ eggs"),
        (["* milk", "* eggs"], "* milk\n* eggs"),
        (["Sale", "* today"], "Sale\\\n\\* today"),
        (["- - -", "-- -", "- # a"], "- \\- -\\\n\\-- -\n- \\# a"),
    ],
)
def test_markdown_of_lists_and_of_what_only_looks_so(rows, text):
    lines = [
        replace(line, block=rows[:k].count("") + 1)
        for k, row in enumerate(rows)
        for line in lines_at((100 + 20 * k, row)).lines
        if row
    ]
    page = Page(1000, 1000, tuple(lines))
    assert written("markdown", [("a", page)], True) == f"{text}\n"


def rendered_rows(text: str) -> list[str]:
    """What Markdown shows once it is rendered, row by row; a dot before the items of a list."""
    rows: list[str] = []
    items: list[int | None] = []
    mark = ""
    for token in MarkdownIt().parse(text):
        if token.type.endswith("list_open"):
            ordered = token.type.startswith("ordered")
            items.append(int(token.attrs.get("start", 1)) - 1 if ordered else None)
        elif token.type.endswith("list_close"):
            items.pop()
        elif token.type == "list_item_open":
            assert not mark
            if items[-1] is None:
                mark = "• "
            else:
                items[-1] += 1
                mark = f"{items[-1]}{token.markup} "
        elif token.type == "inline":
            for part in token.children:
                assert part.type in ("text", "text_special", "hardbreak"), part
            shown = "".join(part.content or "\n" for part in token.children)
            rows += (mark + shown).split("\n")
            mark = ""
        else:
            assert token.type in ("paragraph_open", "paragraph_close", "list_item_close"), token
    return rows


@given(
    st.lists(
        st.tuples(
            st.sampled_from([20, 20, 20, 90]),
            st.sampled_from(
                [
                    "",
                    *"-+*•#>=",
                    "--",
                    "---",
                    *(f"{k}." for k in (0, 1, 1, 2, 2, 3, 4, 10)),
                    "2)",
                    "1)",
                ]
            ),
            st.sampled_from(
                ["a", "b c", "-", "- d", "+ 3", "3", "# e", "1.", "2. f", "*g* _h_", "<i>"]
            ),
        ),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=300)
def test_markdown_shows_what_was_written(drawn):
    feet = list(accumulate(step for step, _, _ in drawn))
    rows = [f"{mark} {text}".strip() for _, mark, text in drawn]
    text = written("markdown", [("a", lines_at(*zip(feet, rows, strict=True)))], True)
    for seen, row in zip(rendered_rows(text), rows, strict=True):
        assert seen in (row, re.sub("^[-+*] ", "• ", row)), text
