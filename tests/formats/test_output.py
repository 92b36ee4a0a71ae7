"""ocr.formats.output: what is there already, and what is read."""

import pytest
from input_fakes import touched

from ocr.errors import OutputError
from ocr.formats.output import refuse_existing, replacing
from ocr.input.documents import Document


def test_existing_outputs_are_refused(tmp_path):
    touched(tmp_path, "a.txt", "b.txt", "a.png", "b.png", "c.png")
    planned = [
        (Document(str(tmp_path / f"{name}.png"), name), tmp_path / f"{name}.txt") for name in "abc"
    ]
    with pytest.raises(OutputError, match=r"a\.txt and 1 more: already there. Use --force"):
        refuse_existing(planned)
    refuse_existing(planned, force=True)
    refuse_existing(planned[2:])


def test_the_input_is_never_replaced(tmp_path):
    touched(tmp_path, "a.pdf")
    document = Document(str(tmp_path / "a.pdf"), "a")
    for force in (False, True):
        with pytest.raises(OutputError, match="would replace the file that is read"):
            refuse_existing([(document, tmp_path / "a.pdf")], force)


def test_a_file_that_came_into_being_meanwhile_stays(tmp_path):
    path = tmp_path / "a.txt"
    with pytest.raises(OutputError, match="already there"), replacing(path, force=False) as stream:
        stream.write(b"ours")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
    with replacing(path) as stream:
        stream.write(b"ours")
    assert path.read_bytes() == b"ours"
