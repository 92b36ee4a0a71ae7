"""What a Python program sees of `ocr`: names, types, pages, the notebook in docs/."""

import contextlib
import inspect
import io
import json
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ocr
from ocr import weights

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "images" / "shopping_list.jpg"
NOTEBOOK = ROOT / "docs" / "python.ipynb"

needs_sample = pytest.mark.skipif(
    not SAMPLE.exists() or not weights.installed(), reason="no sample or weights"
)

# A program of a user's, whose types must hold under mypy --strict.
PROGRAM = """
from pathlib import Path

import numpy as np
from PIL import Image

import ocr

page: ocr.Page = ocr.read("photo.jpg", language="french", lexicon=["Paris"], page=1)
text: str = page.text
for word in page.words:
    box: ocr.Box = word.box
    sure: float = word.confidence
    letters: tuple[ocr.Letter, ...] = word.letters
for raw in (b"", bytearray(), memoryview(b"")):
    from_bytes: ocr.Page = ocr.read(raw)
for source in (Path("a.png"), np.zeros((9, 9), np.uint8), Image.new("L", (9, 9))):
    with_source: ocr.Page = ocr.read(source)
with open("a.pdf", "rb") as file:
    pages: list[ocr.Page] = list(ocr.read_pages(file, pages=[1, 3]))
picture: Image.Image = page.draw(level="word")
page.save(Path("a.pdf"))
reader = ocr.Reader(engine="lines")
try:
    lines: tuple[ocr.Line, ...] = reader.read("photo.jpg").lines
except (ocr.ImageError, ocr.ModelError) as error:
    code: int = error.exit_code
ocr.read("photo.jpg", lnguage="french")  # type: ignore[call-arg]
ocr.read(5)  # type: ignore[arg-type]
"""


@pytest.fixture(scope="module")
def page() -> ocr.Page:
    return ocr.read(SAMPLE)


def test_names():
    assert dir(ocr) == sorted(ocr.__all__)
    for name in ocr.__all__:
        assert getattr(ocr, name)
    with pytest.raises(AttributeError, match="no attribute 'reed'"):
        ocr.reed  # noqa: B018


def test_importing_it_loads_nothing_heavy():
    code = "import ocr, sys; print(sorted({'numpy', 'PIL', 'onnxruntime'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("function", [ocr.read, ocr.read_pages])
def test_every_option_is_explained(function):
    names = set(inspect.signature(function).parameters)
    reader = set(inspect.signature(ocr.Reader).parameters)
    assert reader <= names
    assert all(name in function.__doc__ for name in names)


@pytest.mark.skipif(find_spec("mypy") is None, reason="no mypy here")
def test_types_in_a_users_program(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    command.append("--follow-imports=silent")  # of the program only, as where ocr is installed
    done = subprocess.run(
        [*command, str(tmp_path / "program.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_sample
def test_all_sources_read_the_same(page):
    content = SAMPLE.read_bytes()
    with Image.open(SAMPLE) as picture:
        pixels = np.asarray(picture)
        sources = (str(SAMPLE), content, io.BytesIO(content), picture, pixels)
        for source in sources:
            assert ocr.read(source) == page
    assert list(ocr.read_pages(SAMPLE)) == [page]


@needs_sample
def test_a_document_of_several_pages(tmp_path, page):
    with Image.open(SAMPLE) as picture:
        blank = Image.new("RGB", picture.size, "white")
        picture.save(tmp_path / "a.tif", save_all=True, append_images=[blank])
    with pytest.raises(ocr.ImageError, match=r"ocr\.read_pages"):
        ocr.read(tmp_path / "a.tif")
    assert ocr.read(tmp_path / "a.tif", page=1).text == page.text
    assert [one.text for one in ocr.read_pages(tmp_path / "a.tif")] == [page.text, ""]


@needs_sample
def test_descriptions_are_one_line(page):
    for one in (page, page.lines[0], page.words[0], page.letters[0], ocr.Page(5, 5)):
        text = repr(one)
        assert text.startswith(type(one).__name__)
        assert "\n" not in text
        assert len(text) < 120


@needs_sample
@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.pdf", "a.hocr", "a.tsv", "a.alto.xml"])
def test_save(page, tmp_path, name):
    page.save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(b"%PDF") if name.endswith(".pdf") else b"LIST" in content
    assert ocr.Page.from_json(page.to_json()) == page
    if name == "a.json":
        assert ocr.Page.from_json(content.decode()) == page


@needs_sample
def test_what_cannot_be_saved(page, tmp_path):
    for name in ("a.doc", "a.xml", "a"):
        with pytest.raises(ValueError, match="which format"):
            page.save(tmp_path / name)
    page.save(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text(encoding="utf-8").strip() == page.text
    with pytest.raises(ocr.OutputError, match="photo"):
        ocr.Page.from_json(page.to_json()).save(tmp_path / "b.pdf")
    assert not (tmp_path / "b.pdf").exists()


@needs_sample
def test_pictures(page):
    drawn = page.draw(level="word", long_side=600)
    assert drawn.mode == "RGB"
    assert 600 <= max(drawn.size) < 800
    with Image.open(io.BytesIO(page._repr_png_())) as picture:
        assert max(picture.size) < 1600
    assert page._repr_html_().endswith(f"<pre>{page.text}</pre>")
    assert ocr.Page.from_json(page.to_json()).draw(long_side=300).width >= 100  # on white paper


def test_to_pandas(monkeypatch):
    pandas = type(sys)("pandas")
    pandas.DataFrame = lambda rows, columns: [dict(zip(columns, row, strict=True)) for row in rows]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    letters = tuple(ocr.Letter(ocr.Box(1, x, 9, x + 4), "a", 0.5) for x in (2, 8))
    table = ocr.Page(
        20, 20, (ocr.Line((ocr.Word(letters[:1]), ocr.Word(letters[1:]))),)
    ).to_pandas()
    places = {"block": 1, "line": 1, "y1": 1, "y2": 9}
    assert table == [
        {**places, "word": 1, "text": "a", "confidence": 0.5, "x1": 2, "x2": 6},
        {**places, "word": 2, "text": "a", "confidence": 0.5, "x1": 8, "x2": 12},
    ]


@needs_sample
@pytest.mark.skipif(not NOTEBOOK.exists(), reason="not run from a checkout")
@pytest.mark.skipif(find_spec("pandas") is None, reason="no pandas here")
def test_the_notebook_runs(monkeypatch):
    """Each cell, the last expression shown as Jupyter shows it."""
    monkeypatch.chdir(NOTEBOOK.parent)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in cells:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    assert "SHOPPING LIST" in printed.getvalue()
    assert "list.pdf" in printed.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "5", "null", '"page"', '{"version":1}', '{"version":1,"height":1}'),
        *("[" * 100_000, json.dumps({**ocr.Page(9, 9).to_dict(), "lines": [5]})),
        json.dumps({**ocr.Page(9, 9).to_dict(), "transform": 5}),
    ],
)
def test_what_is_no_page_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".") as told:
        ocr.Page.from_json(text)
    assert str(told.value)


def test_a_language_is_a_name():
    for language in (None, 5, ["english"]):
        with pytest.raises(TypeError):
            ocr.read(np.zeros((9, 9), np.uint8), language=language)
        with pytest.raises(TypeError, match="a language is a name"):
            ocr.Reader(language=language)


@pytest.mark.parametrize("text", [["1", "2"], {"1"}, 12, b"12"])
@pytest.mark.parametrize("option", ["charset", "pattern"])
@pytest.mark.parametrize("function", [ocr.Reader, partial(ocr.read, np.zeros((9, 9), np.uint8))])
def test_a_charset_and_a_pattern_are_one_text(function, option, text):
    with pytest.raises(TypeError, match=f"a {option} is one text"):
        function(**{option: text})


def test_nothing_to_read_and_nothing_to_read_it_as():
    for content in (b"", bytearray(), memoryview(b"")):
        with pytest.raises(ocr.ImageError, match="bytes: empty"):
            ocr.read(content)
    with pytest.raises(ocr.ImageError, match="read to its end"):
        ocr.read(io.BytesIO())
    with pytest.raises(ValueError, match="at least one character"):
        ocr.Reader(charset="")


@needs_sample
def test_weights_that_were_replaced_are_read_anew(tmp_path, monkeypatch, page):
    """Also those of one name in another folder, and of a language."""
    model = tmp_path / "mine.onnx"
    model.write_bytes((weights.models_dir() / "lines.onnx").read_bytes())
    assert ocr.read(SAMPLE, engine="lines", model=model).lines
    reader = ocr._reader("lines", model, None, "auto", None, None, None)
    assert ocr._reader("lines", model, None, "auto", None, None, None) is reader
    model.write_bytes(b"broken")
    with pytest.raises(ocr.ModelError):
        ocr.read(SAMPLE, engine="lines", model=model)
    language = tmp_path / "own.npz"
    language.write_bytes((weights.models_dir() / "french.npz").read_bytes())
    assert ocr.read(SAMPLE, language=language).lines
    language.write_bytes(b"broken")
    with pytest.raises(ocr.ModelError):
        ocr.read(SAMPLE, engine="lines", language=language)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.onnx").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path / "a")
    reader = ocr._reader("lines", "x.onnx", None, "auto", None, None, None)
    monkeypatch.chdir(tmp_path / "b")
    assert ocr._reader("lines", "x.onnx", None, "auto", None, None, None) is not reader
