"""ocr.review.edits: what a person can do to a page."""

from dataclasses import replace

import pytest
from review_fakes import TEXTS, WIDTH, document, line

from ocr.page import Box, Line
from ocr.review import edits
from ocr.review.document import Reviewed, begun, turns_of
from ocr.review.edits import EditError


def rows(doc: Reviewed) -> list[str]:
    return [entry.line.text for entry in doc.kept]


# --- text ---------------------------------------------------------------------------------


def test_text_can_be_emptied_and_written_anew():
    doc = edits.set_text(document(), 1, "")
    assert doc.find(1).line.words == () and doc.text.splitlines()[0] == TEXTS[1]
    assert edits.set_text(doc, 1, "again").find(1).line.text == "again"


def test_confirmed_text_is_exported_as_sure():
    doc = edits.set_text(document(), 1, TEXTS[0], confirmed=True)
    first, second = doc.corrected().lines[:2]
    assert first.confidence == 1.0 and second.confidence < 1.0
    assert doc.confirmed == 1 and not doc.done and edits.confirm_all(doc).done


# --- lines --------------------------------------------------------------------------------


def test_split_and_merge_are_each_others_inverse():
    doc = document()
    parted = edits.split(doc, 2, TEXTS[1].index("one"))
    assert rows(parted)[1:3] == ["second", "one here"]
    first, second = parted.entries[1:3]
    assert first.line.baseline[-1] == second.line.baseline[0]
    assert first.line.box.x2 <= second.line.box.x1
    joined = edits.merge(parted, first.id)
    assert rows(joined) == rows(doc)
    assert joined.entries[1].line.words == doc.entries[1].line.words


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_line_of_a_turned_page_is_cut_between_its_halves(turn):
    doc = replace(document(), page=replace(document().page, height=WIDTH, width=WIDTH))

    def turned(y, x):  # on a square page, by quarter turns clockwise
        for _ in range(turn):
            y, x = x, WIDTH - y
        return y, x

    def box(one: Box) -> Box:
        (y1, x1), (y2, x2) = turned(one.y1, one.x1), turned(one.y2, one.x2)
        return Box(min(y1, y2), min(x1, x2), max(y1, y2), max(x1, x2))

    level = line("wide    gap", 0)
    letters = [[replace(one, box=box(one.box)) for one in word.letters] for word in level.words]
    words = tuple(replace(level.words[0], letters=tuple(word)) for word in letters)
    base = tuple(tuple(map(float, turned(*point))) for point in level.baseline)
    doc = begun(replace(doc.page, lines=(Line(words, base),)))
    y, x = edits.split(doc, 1, 5).entries[0].line.baseline[-1]
    gap = (level.words[0].box.x2 + level.words[1].box.x1) / 2
    assert (y, x) == pytest.approx(turned(level.baseline[0][0], gap))


def test_merge_takes_what_stands_left_first():
    doc = edits.split(document(), 1, 6)
    swapped = edits.move(doc, doc.entries[1].id, -1)
    assert rows(edits.merge(swapped, swapped.entries[0].id))[0] == TEXTS[0]


def test_split_at_an_end_is_refused():
    for position in (0, len(TEXTS[0])):
        with pytest.raises(EditError, match="between two letters"):
            edits.split(document(), 1, position)
    with pytest.raises(EditError, match="no line below"):
        edits.merge(document(), len(TEXTS))


def test_a_line_that_is_gone_is_told():
    doc = edits.delete(document(), 2)
    assert rows(doc) == [TEXTS[0], *TEXTS[2:]]
    with pytest.raises(EditError, match="no longer there"):
        edits.set_text(doc, 2, "x")


def test_a_line_is_split_where_the_cursor_is_behind_letters_of_several_characters():
    doc = edits.set_text(document(), 1, "x\u0303y\u030cz\u0308 abc def")
    text = doc.find(1).line.text
    assert len(text) == 14  # the browser counts these
    halves = edits.split(doc, 1, text.index("def")).entries[:2]
    assert [one.line.text for one in halves] == ["x\u0303y\u030cz\u0308 abc", "def"]
    with_rows, lost = edits.with_truth(
        document(), ["x\u0303y\u030c first", "line of all", *TEXTS[1:]], True
    )
    assert not lost and [one.line.text for one in with_rows.entries][:2] == [
        "x\u0303y\u030c first",
        "line of all",
    ]


def test_a_line_that_is_left_out_takes_no_other_with_it():
    doc = edits.leave_out(document(), Box(60, 0, 110, WIDTH))
    assert rows(doc) == list(TEXTS[1:])
    with pytest.raises(EditError, match="left out"):
        edits.merge(doc, 1)


def test_move_changes_the_order_and_joins_the_block():
    doc = document()
    entries = [
        replace(entry, line=replace(entry.line, block=1 + (k > 2)))
        for k, entry in enumerate(doc.entries)
    ]
    doc = replace(doc, entries=tuple(entries))
    moved = edits.move(doc, 4, -2)
    assert rows(moved) == [TEXTS[0], TEXTS[3], TEXTS[1], TEXTS[2], TEXTS[4]]
    assert [entry.line.block for entry in moved.entries] == [1, 1, 1, 1, 2]
    assert rows(edits.move(doc, 1, -5)) == rows(doc)


def test_a_new_line_comes_where_it_stands():
    doc = edits.delete(document(), 3)
    new = edits.add(doc, line("put back", 2), ())
    assert rows(new)[2] == "put back"
    assert new.entries[2].id == doc.next_id and new.next_id == doc.next_id + 1
    assert rows(edits.add(begun(doc.page), line("alone", 0), ())) == ["alone"]


def test_regions_leave_lines_out_and_take_them_in():
    doc = edits.leave_out(document(), Box(0, 0, 200, WIDTH))
    assert rows(doc) == list(TEXTS[2:]) and len(doc.entries) == len(TEXTS)
    assert doc.corrected().text == "\n".join(TEXTS[2:])
    assert rows(edits.take_in(doc, 0)) == list(TEXTS)
    with pytest.raises(EditError):
        edits.take_in(doc, 1)


# --- turning and reading again --------------------------------------------------------------


def test_turns_are_told_by_the_lines():
    down = Line((), ((10.0, 50.0), (90.0, 50.0)))
    up = Line((), ((90.0, 50.0), (10.0, 50.0)))
    back = Line((), ((50.0, 90.0), (50.0, 10.0)))
    assert [turns_of((one,)) for one in (line("ab", 0), down, back, up)] == [0, 1, 2, 3]
    assert edits.turn(document(), 5).turns == 1


def test_reading_again_leaves_confirmed_lines():
    doc = edits.set_text(document(), 2, "mine", confirmed=True)
    again = edits.reread(doc, lambda some: [replace(e, line=line("new", 0)) for e in some])
    assert rows(again) == ["new", "mine", "new", "new", "new"]
    assert again.find(2) == doc.find(2)


def test_lines_found_again_leave_confirmed_ones():
    doc = edits.set_text(document(), 2, "mine", confirmed=True)
    found = document(("a", "bb bb bb bb", "c"))
    again = edits.found_again(doc, found)
    assert rows(again) == ["a", "mine", "c"]
    assert len({entry.id for entry in again.entries}) == 3


def test_a_text_beside_the_photo_is_set_against_the_lines():
    doc, lost = edits.with_truth(document(), ["Second one, here", "fifth & last", "no such"], True)
    assert rows(doc) == [TEXTS[0], "Second one, here", *TEXTS[2:4], "fifth & last"]
    assert [entry.line.confirmed for entry in doc.entries] == [False, True, False, False, True]
    assert lost == ["no such"]


def test_lines_that_are_one_or_two_in_the_text_beside_the_photo_are_joined_and_split():
    doc = document(("left part", "right part", "third and fourth", "last"))
    doc, lost = edits.with_truth(doc, ["left part right part", "third and", "fourth", "last"], True)
    assert rows(doc) == ["left part right part", "third and", "fourth", "last"]
    assert all(entry.line.confirmed for entry in doc.entries)
    assert not lost


def test_a_draft_beside_the_photo_takes_no_confirmation_back_but_of_what_it_lacks():
    doc = edits.set_text(edits.confirm_all(document()), 4, TEXTS[3], confirmed=False)
    doc, lost = edits.with_truth(doc, [*TEXTS[:2], "third is longer still", TEXTS[3]], False)
    assert [entry.line.confirmed for entry in doc.entries] == [True, True, True, False, False]
    assert doc.find(3).line.text == "third is longer still" and not lost


def test_lines_without_a_word_take_no_part_in_that():
    doc = edits.confirm_all(edits.set_text(document(), 2, ""))
    after, lost = edits.with_truth(doc, [TEXTS[0], *TEXTS[2:4], "quite another"], True)
    assert rows(after) == [TEXTS[0], "", *TEXTS[2:4], "quite another"]
    assert after.done and not lost


def test_a_line_without_a_word_between_two_that_are_one_in_the_text_stays():
    doc = edits.set_text(document(("we arrived", "nothing", "safely and well", "last")), 2, "")
    after, lost = edits.with_truth(doc, ["we arrived safely and well", "last"], True)
    assert rows(after) == ["we arrived safely and well", "", "last"] and not lost


def test_a_row_longer_than_a_line_may_be_is_told():
    _, lost = edits.with_truth(document(), [*TEXTS[:4], "fifth and last " * 200], True)
    assert [row[:14] for row in lost] == ["fifth and last"]
