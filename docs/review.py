"""Takes the pictures of docs/review.md in a real browser: ``python docs/review.py``.

Needs Chromium, and `pip install "ocr[review]" playwright`.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
PHOTOS = ("meeting_notes.jpg", "postcard.jpg", "shopping_list.jpg")
COLORS = 128  # of the pictures: they stay small
LOADED = "[...document.images].slice(0, 5).every((one) => one.complete && one.naturalWidth)"
WAIT = 300_000  # milliseconds that reading may take


def taken(browser: Browser, url: str, name: str, width: int, height: int, scheme: str) -> None:
    """One picture, of the first page and one of its doubtful words."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
    )
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(url)
    page.wait_for_selector("#choices:not([hidden])")
    while not page.evaluate(LOADED):  # the photo and the first strips
        page.wait_for_timeout(100)
    page.wait_for_timeout(500)
    path = ROOT / "docs" / name
    page.screenshot(path=path)
    context.close()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS).save(path, optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for photo in PHOTOS:
            shutil.copy(ROOT / "images" / photo, name)
        command = [sys.executable, "-m", "ocr", "review", name, "--no-browser"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
                taken(browser, url, "review.png", 1280, 800, "light")
                taken(browser, url, "review-narrow.png", 390, 760, "dark")
                browser.close()
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


if __name__ == "__main__":
    main()
