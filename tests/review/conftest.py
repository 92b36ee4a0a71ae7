"""What the tests of correcting share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from review_fakes import HOST, TOKEN, Client, Fake, folder, pages_of

from ocr.review.learning import Learning
from ocr.review.shelf import Shelf


@pytest.fixture
def place(tmp_path):
    """A folder of two pages that are read."""
    return folder(tmp_path / "notes")


@pytest.fixture
def client(place) -> Iterator[Client]:
    """Asks the server of these pages."""
    application = pytest.importorskip("ocr.review.server").application
    shelf = Shelf(pages_of(place)[0], Fake(), ahead=0)
    yield Client(application(shelf, Learning(shelf), TOKEN, [HOST]))
    shelf.close()
