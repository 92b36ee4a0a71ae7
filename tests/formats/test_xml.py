"""ocr.formats.xml: what ALTO and PAGE XML share, and that they follow their schemas.

The schemas of ALTO 4.3 and PAGE XML 2019-07-15 come from the source package of kraken, which
carries them, and are not looked at where pip cannot fetch that.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from format_fakes import BLANK, RICH, TWO_BLOCKS, rendered
from lxml import etree

from ocr.formats import read_page
from ocr.formats.xml import picture_name
from ocr.input.documents import PageSource
from ocr.page import Box, Letter, Line, Page, Word

SCHEMAS = "kraken==5.2.9"
GIVEN = sorted((Path(__file__).parent / "given").iterdir())  # pages of other programs


@pytest.fixture(scope="session")
def schemas(request, tmp_path_factory) -> Path:
    """A folder with alto-4-3.xsd and pagecontent.xsd; fetched once and kept in pytest's cache."""
    name = f"schemas-{SCHEMAS}"
    try:
        place = request.config.cache.mkdir(name)
    except (AttributeError, OSError):  # -p no:cacheprovider, or no place for a cache
        place = tmp_path_factory.mktemp(name)
    if (place / "alto-4-3.xsd").exists():
        return place
    fetched = tmp_path_factory.mktemp("fetched")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--ignore-requires-python", "--no-binary", ":all:"]
    command += ["--dest", str(fetched), SCHEMAS]
    try:
        done = subprocess.run(command, capture_output=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"pip takes too long to fetch the schemas in {SCHEMAS}")
    if done.returncode:
        pytest.skip(f"pip cannot fetch the schemas in {SCHEMAS}")
    (archive,) = fetched.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        found = [member for member in packed.getmembers() if member.name.endswith(".xsd")]
        for member in sorted(found, key=lambda member: "alto" in member.name):  # that comes last
            (place / Path(member.name).name).write_bytes(packed.extractfile(member).read())
    return place


def test_alto_and_page_follow_their_schemas(schemas):
    odd = Page(9, 9, (Line((Word((Letter(Box(0, 0, 1, 1), "\x01", 0.5),)),)),))
    for kind, name in (("alto", "alto-4-3.xsd"), ("page", "pagecontent.xsd")):
        schema = etree.XMLSchema(etree.parse(schemas / name))
        for page in (RICH, BLANK, TWO_BLOCKS, odd, *map(read_page, GIVEN)):
            schema.assertValid(etree.fromstring(rendered(kind, page)))
        broken = rendered(kind, RICH).replace(b"<Glyph", b"<Gliph").replace(b"</Glyph", b"</Gliph")
        assert not schema.validate(etree.fromstring(broken))


def test_the_picture_is_called_by_its_name_alone():
    assert picture_name(PageSource("scans/1914/a.tif", 1, 1)) == "a.tif"
    assert picture_name(PageSource("scans/1914/a.tif", 1, 3)) == "a.tif#page=1"
    assert picture_name(PageSource("scans/a.PDF", 2, 3)) == "a.PDF#page=2"
    assert picture_name(PageSource("-")) == "stdin"
