"""The numbers that tune a step: each configuration says what its fields mean."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIGS = {
    f"{path.relative_to(ROOT)}: {node.name}": (node, path.read_text(encoding="utf-8").splitlines())
    for package in ("ocr", "training")
    for path in sorted((ROOT / package).rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.ClassDef) and node.name.endswith("Config") and node.decorator_list
}


def explained(node, rows):
    """Names of the fields that the docstring lists or a comment behind them explains."""
    doc = ast.get_docstring(node) or ""
    listed = re.findall(r"^(\w[\w, ]*) : ", doc.partition("Attributes\n")[2], re.MULTILINE)
    behind = [
        one.target.id
        for one in node.body
        if isinstance(one, ast.AnnAssign) and "#" in rows[one.lineno - 1]
    ]
    return {name for row in listed for name in row.split(", ")} | set(behind)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_field_of_a_configuration_is_explained(name):
    node, rows = CONFIGS[name]
    decorators = [ast.unparse(one) for one in node.decorator_list]
    assert "dataclass(frozen=True)" in decorators
    fields = {one.target.id for one in node.body if isinstance(one, ast.AnnAssign)}
    assert fields
    assert not fields - explained(node, rows)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_says_how_it_was_chosen(name):
    said = r"chosen|set by hand|fitted|how (they|it|that) w|not known|not kept|trained|counted"
    assert re.search(said, ast.get_docstring(CONFIGS[name][0]) or "", re.IGNORECASE)
