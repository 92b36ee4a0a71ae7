"""What the tests of formats share."""

import json
from importlib.resources import files

import jsonschema
import pytest


@pytest.fixture(scope="module")
def schema():
    """The schema of our page JSON."""
    text = files("ocr.formats").joinpath("page.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads(text))
    return jsonschema.Draft202012Validator(json.loads(text))
