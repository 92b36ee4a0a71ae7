"""Imports run one way, as the folders do, and never in a circle; those of types count as well."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each row may import those above it; what stands in one row does not know each other.
OCR_ORDER = (
    ("errors",),
    ("arrays", "graphs", "memory"),
    ("page", "weights"),
    ("config", "session"),
    ("input",),
    ("layout",),
    ("lines",),
    ("letters",),
    ("reader",),
    ("overlay", "formats"),
    ("evaluation",),
    ("batch",),
    ("review",),
    ("cli",),
)
TRAINING_ORDER = (
    ("commands",),
    ("data",),
    ("synthesis",),
    ("networks",),
    ("recipes",),
    ("own_hand",),
    ("course",),
)
MAY_TRAIN = ("ocr.cli.train",)


def modules(package: str) -> dict[str, Path]:
    """Files of a package by their dotted names."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


FILES = modules("ocr") | modules("training")


def imported(path: Path) -> set[str]:
    """The modules of this project that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: an import that is relative"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                found.add(inside if inside in FILES else str(node.module))
    return found & FILES.keys() - {"ocr"}  # of the package itself, all may know the version


GRAPH = {name: imported(path) for name, path in FILES.items()}


def rank(name: str) -> tuple[int, str]:
    """Row and room of a module; what stands in no room, such as `ocr.__main__`, is behind all."""
    package, *inside = name.split(".")
    order = OCR_ORDER if package == "ocr" else TRAINING_ORDER
    room = inside[0] if inside else ""
    return next((k for k, row in enumerate(order) if room in row), len(order)), room


def test_no_import_is_circular():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_imports_run_one_way():
    wrong = []
    for name, others in GRAPH.items():
        row, room = rank(name)
        for other in others:
            if other.split(".")[0] != name.split(".")[0]:
                continue
            other_row, other_room = rank(other)
            if room != other_room and row <= other_row:
                wrong.append(f"{name} imports {other}")
    assert not wrong


def test_only_learning_imports_training():
    wrong = [
        name
        for name, others in GRAPH.items()
        if name.startswith("ocr")
        and not name.startswith(MAY_TRAIN)
        and any(other.startswith("training") for other in others)
    ]
    assert not wrong


def test_every_room_has_its_place():
    rooms = {rank(name) for name in FILES if name.count(".") > 1}
    assert all(row < len(OCR_ORDER) for row, _ in rooms)
