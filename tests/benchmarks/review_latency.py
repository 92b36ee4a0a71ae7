"""How quickly `ocr review` answers.

    PYTHONPATH=tests/review python tests/benchmarks/review_latency.py

In Chromium, on drawn pages of 100 lines that are read: from a key to the screen that shows it, as
the browser itself tells (Event Timing, in steps of 8 ms), while all is kept; and from "next page"
to the text fields with the first doubtful place selected, painted. Where
other programs run as well these tell little; so the processor time of the browser's main thread
stands beside them. For smooth scrolling a step of the wheel must stay near a picture's time, 16 ms.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from review_fakes import Server, folder

ASKED_KEY, ASKED_PAGE = 50, 300  # milliseconds
WATCH = """() => {
  window.seen = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "keydown") window.seen.push(one.duration);
  }).observe({type: "event", durationThreshold: 16, buffered: false});
}"""
OPEN = """(button) => new Promise((done) => {
  const start = performance.now();
  const name = document.getElementById("name").textContent;
  const look = () => {
    const there = document.getElementById("name").textContent !== name
      && document.activeElement.tagName === "TEXTAREA";
    if (there) requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
    else requestAnimationFrame(look);
  };
  document.getElementById(button).click();
  look();
})"""
SCROLLED = 40  # steps of the wheel


class Busy:
    """Milliseconds of processor time that the browser's main thread has spent."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def __call__(self) -> float:
        found = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(one["value"] for one in found if one["name"] == "TaskDuration")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--keys", type=int, default=200)
    options = parser.parse_args()
    texts = [f"line number {k} holds some thirty letters" for k in range(options.lines)]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        place = folder(Path(name) / "notes", 2, texts)
        with Server(place) as server:
            path = shutil.which("chromium")
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(120_000)
            page.goto(server.url)
            page.wait_for_selector("#list textarea:focus")
            page.evaluate(WATCH)
            page.wait_for_timeout(2000)
            busy = Busy(page)
            before = busy()
            for _ in range(options.keys):
                page.keyboard.press("x")
                page.wait_for_timeout(20)
            page.wait_for_timeout(500)
            spent = (busy() - before) / options.keys
            slow = page.evaluate("window.seen")
            # What took less than 16 ms, a picture's time, is not listed.
            times = sorted([*slow, *[16] * max(0, options.keys - len(slow))])
            print(
                f"key to screen: median {statistics.median(times):.0f} ms, 95 % within "
                f"{times[int(0.95 * len(times)) - 1]:.0f} ms, all within {times[-1]:.0f} ms "
                f"(asked {ASKED_KEY}); busy {spent:.0f} ms a key"
            )
            before = busy()
            opened = [page.evaluate(OPEN, name) for name in ("next", "previous") * 5]
            spent = (busy() - before) / len(opened)
            print(
                f"opening a page that is read: median {statistics.median(opened):.0f} ms, at most "
                f"{max(opened):.0f} ms (asked {ASKED_PAGE}); busy {spent:.0f} ms a page"
            )
            page.mouse.move(1000, 400)
            before = busy()
            for _ in range(SCROLLED):
                page.mouse.wheel(0, 200)
                page.wait_for_timeout(50)
            print(f"scrolling: busy {(busy() - before) / SCROLLED:.0f} ms a step of the wheel")
            browser.close()


if __name__ == "__main__":
    main()
