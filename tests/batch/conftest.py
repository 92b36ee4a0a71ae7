"""What the tests of runs over many files share."""

import pytest
from batch_fakes import Upper, local

from ocr.batch.place import Place
from ocr.batch.run import run


@pytest.fixture
def read(tmp_path):
    """Run over notes into a folder beside them."""

    def read(items, jobs=1, limit=None, recipe=None, **options):
        place = Place(str(tmp_path / "out"))
        return run(items, recipe or Upper(), place, local(jobs, limit), **options)

    return read
