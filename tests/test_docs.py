"""The pages for people: links lead somewhere, and tests that are named exist."""

import re
from pathlib import Path

import pytest

import ocr
from ocr.evaluation.error_rates import edit_distance

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "models/*.md", "images/*.md")
    for path in ROOT.glob(pattern)
)

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not run from a checkout")


def anchors(path: Path) -> set[str]:
    """What headings of a page are called in links."""
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        if not path.exists() or (path.suffix == ".md" and anchor and anchor not in anchors(path)):
            broken.append(target)
    assert broken == []


def test_each_limit_has_the_test_that_is_named():
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./([\w/.]+)\)", text)
    rows = [row for row in text.splitlines() if row.startswith("| ") and "what | limit" not in row]
    assert len(rows) <= len(named)
    for name, path in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), (name, path)


def test_the_readme_is_short_and_holds_its_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 160
    assert "pip install --no-compile . && ocr read images/postcard.jpg" in text
    assert "<!-- test command -->\n```sh\npip install -c constraints.txt" in text


def test_the_readme_shows_what_its_first_command_prints():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"ocr read (images/\w+\.jpg)\n```\n\n```text\n(.*?)```", text, re.S)
    read = ocr.read(ROOT / shown[1]).text
    assert edit_distance(shown[2].strip(), read) <= 3  # other processors round otherwise
