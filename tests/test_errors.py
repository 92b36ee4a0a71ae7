"""Every message that ends with exit status 2 or 3 is explained in docs/errors.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"
RAISED = ("ModelError", "ConfigError", "UsageError", "BadParameter")

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


def test_there_are_messages():
    parts = [part for path in (ROOT / "ocr").rglob("*.py") for part in messages(path)]
    assert len(parts) > 30
