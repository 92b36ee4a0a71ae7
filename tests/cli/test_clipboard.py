"""ocr.cli.clipboard: pictures that were copied."""

import json

from cli_fakes import LIST, ON_SAMPLES
from PIL import Image

pytestmark = ON_SAMPLES


def test_clipboard(run, monkeypatch, tmp_path):
    import PIL.ImageGrab

    text = run(LIST)[1]
    with Image.open(LIST) as image:
        monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: image)
        assert run("read", "--clipboard") == (0, text, "")
        assert json.loads(run("--clipboard", "-f", "json")[1])["file"] == "clipboard"
        assert run("read", "--clipboard", "-o", tmp_path / "out/")[0] == 0
    assert (tmp_path / "out" / "clipboard.txt").read_text(encoding="utf-8") == text
    monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", lambda: [str(LIST)])
    assert run("read", "--clipboard") == (0, text, "")


def test_clipboard_without_a_picture(run, monkeypatch):
    import PIL.ImageGrab

    def fails():
        raise NotImplementedError("wl-paste or xclip is required")

    for copied, told in ((lambda: None, "holds no picture"), (fails, "xclip")):
        monkeypatch.setattr(PIL.ImageGrab, "grabclipboard", copied)
        status, out, err = run("read", "--clipboard")
        assert (status, out) == (1, "")
        assert told in err
