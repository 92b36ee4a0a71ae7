"""Whatever is handed to the command line: a sensible reading or one line, never a traceback.

The whole way with the installed weights, in this process; `test_images` has the details of opening.
"""

import io
import json
import shutil
import signal
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr import reader as reader_module
from ocr import weights
from ocr.cli import main
from ocr.evaluation.error_rates import letter_errors
from ocr.input.photo import open_image
from ocr.reader import Reader

SAMPLE = Path(__file__).parents[2] / "images" / "phone_note.jpg"

pytestmark = pytest.mark.skipif(
    not weights.installed() or not SAMPLE.exists(), reason="no weights or samples yet"
)


@pytest.fixture
def run(run, monkeypatch, reader_of):
    """The same with the installed weights; stderr is checked to be whole lines."""
    monkeypatch.setattr(reader_module, "Reader", reader_of)

    def checked(*arguments, stdin=b""):
        status, out, err = run(*arguments, stdin=stdin)
        assert "Traceback" not in err
        assert "internal error" not in err
        assert all(line.startswith("ocr: ") for line in err.splitlines())
        return status, out, err

    return checked


@pytest.fixture(scope="module")
def whole() -> Image.Image:
    """The sample at half its size, grey."""
    return Image.open(SAMPLE).convert("L").reduce(2)


@pytest.fixture(scope="module")
def photo(whole) -> Image.Image:
    """Its first lines: quick to read and enough to be read well."""
    return whole.crop((110, 120, 640, 380))


@pytest.fixture(scope="module")
def truth() -> str:
    """What the first lines say."""
    return "\n".join(SAMPLE.with_suffix(".gt.txt").read_text(encoding="utf-8").split("\n")[:3])


def paper(height: int = 900, width: int = 1200) -> np.ndarray:
    """Evenly lit paper with the grain and noise of a camera: (H, W) in [0, 255]."""
    rng = np.random.default_rng(5)
    shade = np.linspace(205, 235, width) + np.linspace(-8, 8, height)[:, np.newaxis]
    return shade + rng.normal(0, 2, (height, width))


def saved(pixels: np.ndarray, path: Path, **options: object) -> Path:
    Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8)).save(path, **options)
    return path


# What cannot be read: exit 1 and one line that names the file


def missing(path: Path) -> None:
    pass


def empty(path: Path) -> None:
    path.touch()


def folder(path: Path) -> None:
    path.mkdir()


def truncated(path: Path) -> None:
    path.write_bytes(SAMPLE.read_bytes()[: SAMPLE.stat().st_size // 2])


def headless(path: Path) -> None:
    path.write_bytes(SAMPLE.read_bytes()[:100])


def text(path: Path) -> None:
    path.write_text("To whom it may concern\n" * 20)


def bomb(path: Path) -> None:
    stream = io.BytesIO()
    Image.new("1", (8, 8)).save(stream, "PNG")
    data = bytearray(stream.getvalue())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)


@pytest.mark.parametrize("make", [missing, empty, folder, truncated, headless, text, bomb])
@pytest.mark.parametrize("command", ["read", "boxes", "eval"])
def test_unreadable(run, tmp_path, make, command):
    path = tmp_path / "bad.jpg"
    make(path)
    (tmp_path / "bad.gt.txt").write_text("x")
    options = ["--out", tmp_path / "overlay.png"] if command == "boxes" else []
    status, out, err = run(command, path, *options)
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert str(path) in err
    assert err.rstrip().endswith(".")
    assert not (tmp_path / "overlay.png").exists()


def test_unreadable_stdin(run):
    for data in (b"", b"no picture", SAMPLE.read_bytes()[:5000]):
        status, out, err = run("read", "-", stdin=data)
        assert (status, out) == (1, "")
        assert len(err.splitlines()) == 1
        assert "stdin" in err


# What can: the same text from any kind of file


def close_to(out: str, truth: str) -> bool:
    return letter_errors(truth.lower(), out.lower()).accuracy >= 0.8


def test_the_sample_itself(run, whole, tmp_path):
    whole.save(tmp_path / "a.png")
    status, out, err = run("read", tmp_path / "a.png")
    assert (status, err) == (0, "")
    assert close_to(out, SAMPLE.with_suffix(".gt.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations(run, photo, truth, tmp_path, orientation):
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored, size = photo, photo.size
    assert size[0] != size[1]
    if orientation in back:
        stored = stored.transpose(back[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95)
    status, out, _ = run("read", "--format", "json", tmp_path / "a.jpg")
    page = json.loads(out)
    assert status == 0
    assert (page["width"], page["height"]) == size
    assert close_to(page["text"], truth)


def as_sixteen_bit(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


def as_transparent(image: Image.Image) -> Image.Image:
    """Black whose alpha is the ink: nothing but alpha tells the writing."""
    clear = Image.new("LA", image.size, 0)
    clear.putalpha(Image.eval(image, lambda level: 255 - level))
    return clear


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a.gif", lambda image: image),
        ("sixteen.png", as_sixteen_bit),
        ("sixteen.tif", as_sixteen_bit),
        ("palette.png", lambda image: image.convert("P")),
        ("adaptive.png", lambda image: image.convert("RGB").quantize(16)),
        ("alpha.png", as_transparent),
        ("rgba.png", lambda image: as_transparent(image).convert("RGBA")),
        ("cmyk.jpg", lambda image: image.convert("RGB").convert("CMYK")),
        ("cmyk.tif", lambda image: image.convert("RGB").convert("CMYK")),
        ("color.webp", lambda image: image.convert("RGB")),
        ("a.bmp", lambda image: image),
    ],
)
def test_kinds_of_images(run, photo, truth, tmp_path, name, change):
    change(photo).save(tmp_path / name)
    status, out, err = run("read", tmp_path / name)
    assert (status, err) == (0, "")
    assert close_to(out, truth)


def test_animation_shows_its_first_frame(run, photo, truth, tmp_path):
    blank = Image.new("L", photo.size, 255)
    photo.save(tmp_path / "a.gif", save_all=True, append_images=[blank])
    assert close_to(run("read", tmp_path / "a.gif")[1], truth)


# What holds no writing: empty text, a warning, exit 0


def nothing(run, path: Path) -> None:
    status, out, err = run("read", path)
    assert (status, out) == (0, "")
    assert err.startswith(f"ocr: warning: {path}: ")
    assert len(err.splitlines()) == 1
    status, out, _ = run("boxes", path, "--json", "--out", path.with_name("overlay.png"))
    assert status == 0
    assert json.loads(out)["lines"] == []
    assert open_image(path.with_name("overlay.png")).height > 0


@pytest.mark.parametrize("level", [255, 200, 0])
def test_one_color(run, tmp_path, level):
    nothing(run, saved(np.full((800, 600), level), tmp_path / "a.png"))


def test_blank_paper(run, tmp_path):
    nothing(run, saved(paper(), tmp_path / "a.jpg", quality=85))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (10, 20000), (20000, 10)])
@pytest.mark.parametrize("level", [255, 0])
def test_odd_sizes(run, tmp_path, size, level):
    nothing(run, saved(np.full(size, level), tmp_path / "a.png"))


def test_thin_strip_with_ink(run, tmp_path):
    strip = np.full((10, 20000), 255)
    strip[2:8, 100:106] = 0
    strip[2:8, 9000:9006] = 0
    status, _, _ = run("read", saved(strip, tmp_path / "a.png"))
    assert status == 0


@pytest.mark.parametrize("kind", ["uniform", "normal", "bits"])
def test_noise(run, tmp_path, kind):
    rng = np.random.default_rng(6)
    pixels = {
        "uniform": rng.integers(0, 256, (700, 900)),
        "normal": rng.normal(128, 30, (700, 900)),
        "bits": rng.integers(0, 2, (700, 900)) * 255,
    }[kind]
    nothing(run, saved(pixels, tmp_path / "a.png"))


def test_noise_as_jpeg(run, tmp_path):
    rng = np.random.default_rng(7)
    nothing(run, saved(rng.integers(0, 256, (700, 900)), tmp_path / "a.jpg", quality=60))


def test_print(run, tmp_path):
    image = Image.fromarray(np.clip(paper(500, 900), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.text((80, 100), "PRINTED WORDS", 40, ImageFont.load_default(70))
    draw.text((80, 250), "ARE NO ERROR", 40, ImageFont.load_default(70))
    image.save(tmp_path / "a.png")
    status, out, _ = run("read", tmp_path / "a.png")
    assert status == 0
    assert letter_errors("PRINTED WORDS ARE NO ERROR", out.upper()).accuracy >= 0.6


# Weight files: exit 3 and what to do


@pytest.fixture
def page(photo, tmp_path) -> Path:
    photo.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def changed(source: Path, target: Path, **metadata: object) -> Path:
    """A copy of an .npz weight file whose description differs."""
    with np.load(source) as arrays:
        content = dict(arrays)
    about = json.loads(str(content[weights.NPZ_KEY])) | metadata
    content[weights.NPZ_KEY] = np.array(json.dumps(about))
    np.savez(target, **content)
    return target


def unusable(run, page: Path, *options: object) -> str:
    status, out, err = run("read", page, *options)
    assert (status, out) == (3, "")
    assert len(err.splitlines()) == 1
    return err


def test_missing_model(run, page):
    assert "nowhere.onnx" in unusable(run, page, "--model", "nowhere.onnx")


@pytest.mark.parametrize("suffix", weights.SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no weights at all\n" * 9, b"\x00" * 64])
def test_foreign_model(run, page, tmp_path, suffix, content):
    path = tmp_path / f"foreign{suffix}"
    path.write_bytes(content)
    assert str(path) in unusable(run, page, "--model", path)


@pytest.mark.parametrize("source", weights.installed(), ids=lambda path: path.name)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_model(run, page, tmp_path, source, share):
    path = tmp_path / source.name
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert str(path) in unusable(run, page, "--model", path)


def test_newer_model(run, page, tmp_path):
    source = next(path for path in weights.installed() if path.suffix == ".npz")
    newer = changed(source, tmp_path / "newer.npz", format_version=99)
    assert "newer version" in unusable(run, page, "--model", newer)
    later = changed(source, tmp_path / "later.npz", min_ocr="999.0")
    assert "Upgrade" in unusable(run, page, "--model", later)


def test_model_of_another_kind(run, page):
    source = next(
        path for path in weights.installed() if weights.read_metadata(path).kind == "language"
    )
    assert "not a glyph classifier" in unusable(run, page, "--model", source)


@pytest.fixture
def run_anew(run, monkeypatch):
    """Run with a reader that has not loaded anything yet."""
    monkeypatch.setattr(reader_module, "Reader", Reader)
    return run


def test_missing_weights_of_an_installation(run_anew, page, tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "models_dir", lambda: tmp_path / "none")
    unusable(run_anew, page)


def test_changed_weights_of_an_installation(run_anew, page, tmp_path, monkeypatch):
    place = tmp_path / "models"
    shutil.copytree(weights.models_dir(), place, ignore=shutil.ignore_patterns("__pycache__"))
    path = place / "lines.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    monkeypatch.setattr(weights, "models_dir", lambda: place)
    assert "SHA-256" in unusable(run_anew, page)


def test_charset_that_no_model_knows(run, page):
    assert "characters" in unusable(run, page, "--charset", "語")


# Where results go


def test_unwritable_out(run, page, tmp_path):
    for target in (tmp_path / "none" / "b.png", page / "b.png"):
        status, _, err = run("boxes", page, "--out", target)
        assert status == 1
        assert "b.png" in err
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.parametrize(
    ("command", "option", "suffix"),
    [
        ("read", "--output", ".json"),
        ("read", "--line-images", ""),
        ("boxes", "--output", ""),
        ("boxes", "--stages", ""),
        ("convert", "--output", ""),
        ("eval", "--output", ""),
    ],
)
def test_addresses_where_files_are_written(tmp_path, monkeypatch, capsys, command, option, suffix):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (30, 20), 200).save("a.png")
    assert main([command, "a.png", option, f"memory://b/out{suffix}"]) == 2
    reason = "an address names a folder" if suffix else "only --output of `ocr read` may be an"
    assert reason in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", ["recipe.xyz", "a.doc", "a.jpg"])
def test_an_ending_that_no_format_has(tmp_path, name, capsys):
    Image.new("L", (30, 20), 200).save(tmp_path / "a.png")
    assert main(["read", str(tmp_path / "a.png"), "--output", str(tmp_path / name)]) == 2
    assert "no format ends in" in capsys.readouterr().err
    assert not (tmp_path / name).exists() or name == "a.jpg"


def test_a_name_with_terminal_escapes_is_shown_and_not_obeyed(tmp_path, capsys):
    path = tmp_path / "a\x1b[31m\x1b]0;title\x07\u202eb.png"
    Image.new("L", (30, 20), 200).save(path)
    (tmp_path / "b.png").write_bytes(b"")
    main(["read", "-v", str(tmp_path)])
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert "a\\x1b[31m\\x1b]0;title\\x07\\u202eb.png" in text
        assert not set("\x1b\x07\u202e") & set(text)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms here")
def test_a_time_limit_without_a_folder(tmp_path, capsys, monkeypatch):
    Image.new("L", (30, 20), 200).save(tmp_path / "a.png")
    monkeypatch.setattr("ocr.reader.Reader.read", lambda *_, **__: time.sleep(600))
    start = time.monotonic()
    assert main(["read", str(tmp_path / "a.png"), "--timeout", "0.3"]) == 1
    assert "a.png: took longer than 0.3 seconds. Raise --timeout." in capsys.readouterr().err
    assert time.monotonic() - start < 300
