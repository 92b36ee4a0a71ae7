"""docs/errors.md explains every message that ends with exit status 2 or 3, and none beside."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"
RAISED = ("ModelError", "ConfigError", "UsageError", "BadParameter")
SHORT = 8  # characters of a part of a message that may stand by chance

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="not run from a checkout")


def messages(path: Path) -> list[list[str]]:
    """The fixed parts of each message in a file, in order; of what is only put together, none."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in RAISED:
            message = node.args[0]
            pieces = message.values if isinstance(message, ast.JoinedStr) else [message]
            found.append([str(part.value) for part in pieces if isinstance(part, ast.Constant)])
    return found


def test_messages_are_explained():
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    missing = []
    for path in sorted((ROOT / "ocr").rglob("*.py")):
        for parts in messages(path):
            shape = re.compile(".*".join(re.escape(part.strip()) for part in parts))
            if not any(shape.search(row) for row in rows):
                missing.append(f"{path.relative_to(ROOT)}: {' ... '.join(parts)}")
    assert not missing, "\n".join(["not in docs/errors.md:", *missing])


def texts(path: Path) -> list[str]:
    """The texts in a file, with a line feed for what is put into them."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
        parts = [getattr(part, "value", None) for part in pieces]
        found.append("".join(part if isinstance(part, str) else "\n" for part in parts))
    return found


def test_what_is_explained_is_said_by_the_program():
    said = "\n\n".join(text for path in (ROOT / "ocr").rglob("*.py") for text in texts(path))
    old = []
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        if row.startswith("| `"):
            for message in re.findall(r"`+([^`]+)`+", row.split(" | ")[0]):
                fixed = (part.strip(" ':.,()[]") for part in re.split(r"\b[A-Z]+\b|\bN\b", message))
                old += [message for part in fixed if len(part) > SHORT and part not in said]
    assert old == []


def test_there_are_messages():
    parts = [part for path in (ROOT / "ocr").rglob("*.py") for part in messages(path)]
    assert len(parts) > 30
