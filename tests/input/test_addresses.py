"""ocr.input.addresses: addresses and paths."""

import pytest

from ocr.input.addresses import is_url


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("s3://bucket/folder", True),
        ("memory://x", True),
        ("FILE:///tmp/x", True),
        ("/tmp/x", False),
        ("x.jpg", False),
        ("C:/photos", False),
        ("C://photos", False),
        ("a b://x", False),
    ],
)
def test_addresses(name, url):
    assert is_url(name) is url
