"""What the tests of the command line share."""

import pytest
from cli_fakes import FakeReader

from ocr import reader as reader_module
from ocr.batch import recipe, workers


@pytest.fixture
def fake(monkeypatch):
    """A `FakeReader` for all, and no processes, which would not know of it."""
    FakeReader.asked = []
    recipe._reader.cache_clear()
    monkeypatch.setattr(reader_module, "Reader", FakeReader)
    monkeypatch.setattr(workers, "execute", lambda tasks, step, _, **__: map(step, tasks))
    yield FakeReader
    recipe._reader.cache_clear()


@pytest.fixture
def forgotten():
    """The reader of other tests is."""
    recipe.forget()
