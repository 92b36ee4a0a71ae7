"""ocr.formats.output: what is there already, and what is read."""

import pytest
from input_fakes import touched

from ocr.errors import OutputError
from ocr.formats.output import refuse_existing
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
