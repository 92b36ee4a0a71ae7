"""The page in a real browser: what a person does there, by keyboard and by pointer."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest
from review_fakes import PATIENCE, TEXTS, Fake, Server, draw, folder, pages_of

from ocr.cli.review import _listen
from ocr.errors import OutputError
from ocr.review import edits
from ocr.review.document import Reviewed
from ocr.review.learning import Learning
from ocr.review.shelf import Shelf

pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")
playwright = pytest.importorskip("playwright.sync_api")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MILLISECONDS = 1000 * PATIENCE


def until(page, expression: str) -> None:
    """Wait until something holds; by asking, for the page's policy forbids to wait inside it."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.02)


def browser_path() -> str | None:
    named = os.environ.get("OCR_TEST_BROWSER")
    return named or next((path for path in map(shutil.which, BROWSERS) if path), None)


pytestmark = pytest.mark.skipif(browser_path() is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=browser_path(),
            args=["--no-sandbox", "--disable-gpu"],
            timeout=MILLISECONDS,
        )
        yield browser
        browser.close()


@pytest.fixture
def tab(browser):
    """Opens an address in a tab of its own; what goes wrong there fails the test."""
    contexts, wrong = [], []

    def opened(url: str, lines: int = 1, **more):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **more)
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(url)
        if lines:
            until(page, "document.activeElement?.tagName === 'TEXTAREA'")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong


@contextmanager
def served(place: Path, recognizer=None, learning=None):
    """A folder served by a thread of this process."""
    from ocr.review.server import application

    shelf = Shelf(pages_of(place)[0], recognizer or Fake(), ahead=0)
    listening = _listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    app = application(shelf, (learning or Learning)(shelf), "token", [f"127.0.0.1:{port}"])
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/token/"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture
def place(tmp_path):
    return folder(tmp_path / "notes", 3)


@pytest.fixture
def url(place):
    with served(place) as address:
        yield address


def kept(page) -> None:
    """Wait until all is kept."""
    until(page, "document.getElementById('kept').textContent.startsWith('All')")


def texts(page) -> list[str]:
    return [area.input_value() for area in page.query_selector_all("#list textarea")]


def on_disk(place: Path, number: int = 1) -> list[str]:
    rows = (place / f"page{number}.gt.txt").read_text().splitlines()
    return [row for row in rows if not row.startswith("# draft")]


def focused(page) -> str:
    return page.evaluate("document.activeElement.value")


def selected(page) -> str:
    return page.evaluate(
        "(a => a.value.slice(a.selectionStart, a.selectionEnd))(document.activeElement)"
    )


# --- by keyboard ------------------------------------------------------------------------------


def test_a_page_is_corrected_by_keyboard_alone_and_survives_a_kill(tmp_path, tab):
    place = folder(tmp_path / "notes", 2)
    with Server(place) as server:
        page = tab(server.url)
        assert selected(page) == "f"  # the first doubtful place
        page.keyboard.type("F")
        page.keyboard.press("Enter")
        assert selected(page) == "s" and focused(page) == TEXTS[1]
        page.keyboard.press("ArrowDown")  # what else the word may be
        assert focused(page) == "dnoces one here"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # the doubt of the next line
        assert focused(page) == TEXTS[3]
        page.keyboard.press("Shift+Tab")
        assert focused(page) == TEXTS[2] and selected(page) == "t"
        page.keyboard.press("Control+z")  # the last confirmation
        until(page, "document.getElementById('progress').textContent.startsWith('1 of 5')")
        page.keyboard.press("End")
        page.keyboard.type(" and more")
        kept(page)
        server.kill()
    before = on_disk(place)
    assert before == ["First line of all", "dnoces one here", f"{TEXTS[2]} and more", *TEXTS[3:]]
    with Server(place) as server:
        page = tab(server.url)
        assert texts(page) == before
        assert page.inner_text("#progress") == "1 of 5 lines confirmed, 0 pages of 2"
        page.keyboard.press("Control+Enter")  # the page, and on to the next
        until(page, "document.getElementById('name').textContent === 'page2.png'")
        until(page, "document.activeElement.tagName === 'TEXTAREA'")
        said = "0 of 5 lines confirmed, 1 page of 2"  # what is done is asked for, after the page
        until(page, f"document.getElementById('progress').textContent === '{said}'")
        status, said = server.stop()
    assert status == 0 and "Traceback" not in said
    assert not (place / "page1.gt.txt").read_text().startswith("# draft")


def test_undoing_a_split_leaves_the_cursor_in_the_line(place, url, tab):
    page = tab(url)
    for _ in range(2):
        page.keyboard.press("Home")
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Control+Shift+Enter")
        until(page, "document.activeElement.value === 'line of all'")
        page.keyboard.press("Control+z")
        until(page, f"document.activeElement.value === '{TEXTS[0]}'")


def test_lines_are_split_merged_moved_and_deleted(place, url, tab):
    page = tab(url)
    page.keyboard.press("Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Shift+Enter")
    until(page, "document.querySelectorAll('#list textarea').length === 6")
    assert texts(page)[:2] == ["first", "line of all"]
    page.keyboard.press("Alt+Shift+ArrowUp")
    until(page, "document.querySelector('#list textarea').value === 'line of all'")
    page.keyboard.press("Control+j")
    until(page, "document.querySelectorAll('#list textarea').length === 5")
    assert texts(page)[0] == TEXTS[0]
    page.keyboard.press("Control+Shift+Delete")
    until(page, "document.querySelectorAll('#list textarea').length === 4")
    kept(page)
    assert texts(page) == list(TEXTS[1:]) == on_disk(place)
    page.keyboard.press("Control+z")
    until(page, "document.querySelectorAll('#list textarea').length === 5")
    kept(page)
    assert on_disk(place) == list(TEXTS)


def test_tab_leaves_the_fields_after_escape(url, tab):
    page = tab(url)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").endswith("tick")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").endswith("more")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=menu]")
    page.keyboard.press("Escape")
    assert not page.query_selector("[role=menu]")


def test_lines_on_the_photo_are_as_thick_at_any_scale(url, tab):
    page = tab(url)
    thick = """(() => {
        const [sheet, line] = ["#sheet", ".outline.active"].map((x) => document.querySelector(x));
        const scale = sheet.getBoundingClientRect().width / sheet.offsetWidth;
        return [scale, parseFloat(getComputedStyle(line).strokeWidth) * scale];
    })()"""
    before, width = page.evaluate(thick)
    page.click("#tool-zoomIn")
    after, same = page.evaluate(thick)
    assert after > 1.3 * before
    assert [width, same] == pytest.approx([2.5, 2.5], rel=1e-3)


def test_special_characters_and_search(place, url, tab):
    page = tab(url)
    page.keyboard.press("End")
    page.keyboard.press("Alt+c")
    page.click("text=ß")
    kept(page)
    assert on_disk(place)[0] == f"{TEXTS[0]}ß"
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("ALLß")  # at once, so that nothing less is searched for
    page.wait_for_selector("dialog li button")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "!document.getElementById('dialog').open")
    until(page, "document.activeElement.tagName === 'TEXTAREA'")
    assert focused(page) == f"{TEXTS[0]}ß"


def test_long_names_leave_room_for_what_was_found(tmp_path, tab):
    place = folder(tmp_path / "notes", 1)
    for one in list(place.glob("page1.*")):
        one.rename(one.with_name(one.name.replace("page1", "long" * 40)))
    with served(place) as url:
        page = tab(url)
        page.keyboard.press("Control+k")
        page.keyboard.insert_text("second")
        page.wait_for_selector("dialog li button")
        name, whole = (
            page.locator(x).bounding_box()["width"] for x in ("dialog li small", "dialog li")
        )
        assert name < whole / 2
        assert page.evaluate("document.querySelector('dialog li').scrollWidth") <= whole


# --- by pointer -------------------------------------------------------------------------------


def test_choices_are_offered_and_taken_by_a_click(place, url, tab):
    page = tab(url)
    page.wait_for_selector("#choices:not([hidden])")
    page.click("#choices button:has-text('FIRST')")
    kept(page)
    assert on_disk(place)[0] == "FIRST line of all"
    doubt = page.query_selector("#list li:nth-child(2) .doubt").evaluate(
        "d => ({text: d.textContent, line: getComputedStyle(d).textDecorationLine})"
    )
    assert doubt == {"text": "s", "line": "underline"}  # not by color alone


def drag(page, a, b) -> None:
    """From one place of the photo to another, in its pixels: (row, col)."""
    box = page.query_selector("#sheet").bounding_box()
    scale = box["width"] / 700
    page.mouse.move(box["x"] + a[1] * scale, box["y"] + a[0] * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + b[1] * scale, box["y"] + b[0] * scale, steps=4)
    page.mouse.up()


def test_a_region_is_left_out_and_taken_in(place, url, tab):
    page = tab(url)
    page.click("#tool-out")
    drag(page, (290, 30), (430, 600))
    page.wait_for_selector(".region")
    kept(page)
    assert on_disk(place) == list(TEXTS[:3])
    assert page.inner_text("#progress").startswith("0 of 3")
    page.focus(".region")
    page.keyboard.press("Enter")
    until(page, "!document.querySelector('.region')")
    kept(page)
    assert on_disk(place) == list(TEXTS)


def test_a_new_line_is_drawn_and_read(tmp_path, tab, reader_of):
    from ocr.review import edits
    from ocr.review.reading import Recognizer

    place = folder(tmp_path / "notes", 1)
    path = place / "page1.gt.json"
    doc = edits.delete(Reviewed.from_json(path.read_text()), 2)
    path.write_text(doc.to_json())
    with served(place, Recognizer(reader_of())) as address:
        page = tab(address)
        page.click("#tool-line")
        drag(page, (125, 45), (175, 400))
        until(page, "document.querySelectorAll('#list textarea').length === 5")
        until(page, "document.activeElement.closest('li')?.dataset.line === '6'")
        kept(page)
        assert focused(page).lower() == TEXTS[1]
        assert [text.lower() for text in on_disk(place)] == list(TEXTS)


def test_a_page_is_turned(place, url, tab):
    page = tab(url)
    before = page.query_selector("#sheet").bounding_box()
    assert before["height"] > before["width"]
    page.click("#tool-left")
    until(page, "document.getElementById('image').src.endsWith('/1')")
    kept(page)
    after = page.query_selector("#sheet").bounding_box()
    assert after["width"] > after["height"]
    assert Reviewed.from_json((place / "page1.gt.json").read_text()).turns == 1


def test_export_holds_the_corrected_text(url, tab):
    page = tab(url)
    page.keyboard.press("End")
    page.keyboard.type(" <b>x</b>")
    page.click("#export")
    with page.expect_download() as told:
        page.click("dialog a[data-format=text]")
    assert told.value.suggested_filename == "page1.txt"
    text = Path(told.value.path()).read_text()
    assert text.splitlines() == [f"{TEXTS[0]} <b>x</b>", *TEXTS[1:]]
    with page.expect_download() as told:
        page.click("dialog a[data-format=json]")
    data = json.loads(Path(told.value.path()).read_text())
    assert data["lines"][0]["text"].endswith("<b>x</b>") and data["lines"][0]["box"]


# --- several, hostile, broken -------------------------------------------------------------------


def typed_in_two_tabs(url, tab):
    """Two tabs of a page in which the first line was changed, in the second one in vain."""
    one, other = tab(url), tab(url)
    one.keyboard.press("End")
    one.keyboard.type(" by one")
    kept(one)
    other.keyboard.press("End")
    other.keyboard.insert_text(" by the other")
    other.wait_for_selector("#banner:not([hidden])")
    return one, other


def test_two_tabs_do_not_overwrite_each_other(place, url, tab):
    _, other = typed_in_two_tabs(url, tab)
    assert "changed elsewhere" in other.inner_text("#banner")
    assert texts(other)[0] == f"{TEXTS[0]} by one" == on_disk(place)[0]
    other.click("#banner button")  # their own text after all
    until(other, "document.querySelector('#list textarea').value.endsWith('other')")
    kept(other)
    time.sleep(0.4)
    kept(other)
    assert on_disk(place)[0] == f"{TEXTS[0]} by the other"


def test_a_server_that_is_gone_is_told(tmp_path, tab):
    place = folder(tmp_path / "notes", 1)
    with served(place) as address:
        page = tab(address)
    page.keyboard.type("x")
    page.wait_for_selector("#banner:not([hidden])")
    # It tries again and again; between these it says so.
    until(page, "document.getElementById('kept').textContent.includes('Not kept')")


def test_hostile_names_and_texts_run_nothing(tmp_path, tab):
    place = tmp_path / "notes"
    place.mkdir()
    attack = "<img src=x onerror=alert(1)>"
    draw(place / "<script>alert(1)<script>.png")
    draw(place / "x..%2f..%2fetc.png")
    for path in list(place.iterdir()):
        from review_fakes import document

        doc = document((attack, "</textarea><script>alert(2)</script>"))
        path.with_name(f"{path.stem}.gt.json").write_text(doc.to_json())
    with served(place) as address:
        page = tab(address)
        assert texts(page)[0] == attack
        assert page.inner_text("#name") in {path.name for path in place.iterdir()}
        page.click("#pages")
        assert page.query_selector("dialog").inner_text().count(".png") == 2
        page.keyboard.press("Escape")
        page.click("#search")
        page.keyboard.type("<img")
        page.wait_for_selector("dialog li button")
        assert not page.query_selector("img[src=x]")
        inline = page.evaluate(
            "() => { try { const s = document.createElement('script');"
            " s.textContent = 'window.ran = 1'; document.body.append(s); } catch (e) {}"
            " return window.ran || 0; }"
        )
        assert inline == 0  # the policy holds


def test_a_blank_and_a_broken_page_say_so(tmp_path, tab):
    place = folder(tmp_path / "notes", 1, ())
    draw(place / "bad.png")
    with served(place) as address:
        page = tab(address, lines=0)
        until(page, "!document.getElementById('empty').hidden")
        assert "damaged" in page.inner_text("#empty")
        page.click("#next")
        until(page, "document.getElementById('empty').textContent.includes('Nothing')")


# --- for people ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_fault(url, tab, scheme, width):
    axe = pytest.importorskip("axe_playwright_python")
    source = (resources.files(axe) / "axe.min.js").read_text(encoding="utf-8")
    page = tab(url, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})

    # Of the rules only the one on contrast depends on the colors: it alone is asked for twice.
    only = ", runOnly: ['color-contrast']" if scheme == "dark" else ""

    def faults() -> list[str]:
        found = page.evaluate(f"axe.run(document, {{resultTypes: ['violations']{only}}})")
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    page.evaluate(source)
    assert not faults()
    for name in ("pages", "export", "learn", "help"):
        page.click(f"#{name}")
        page.wait_for_selector("dialog[open] h2")
        assert not faults(), name
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keys_are_those_of_the_manual_and_legible_on_a_phone(url, tab):
    manual = (Path(__file__).parents[2] / "docs" / "review.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| .+ \|$", manual.split("## ")[1], re.MULTILINE)
    page = tab(url)
    page.set_viewport_size({"width": 390, "height": 800})
    page.click("#help")
    page.wait_for_selector("dialog[open] h2")
    assert page.locator("dialog th").all_text_contents() == rows[1:]
    assert page.locator("dialog th wbr").count() == sum(row.count("+") for row in rows[1:])
    told = page.evaluate("document.querySelector('dialog td').offsetWidth")
    assert told > page.evaluate("document.querySelector('dialog table').offsetWidth") / 2


def test_hints_go_away_and_stay_away(url, tab):
    page = tab(url)
    for _ in range(3):
        page.click("#hint button")
    assert page.is_hidden("#hint")
    page.reload()
    page.wait_for_selector("#list textarea")
    assert page.is_hidden("#hint")


def test_all_lines_of_a_long_page_are_shown(tmp_path, tab):
    texts = [f"line {k}" for k in range(90)]
    with served(folder(tmp_path / "notes", 1, texts)) as address:
        page = tab(address)
        until(page, "document.querySelectorAll('#list textarea').length === 90")
        shown = "[...document.querySelectorAll('#list textarea')].map((one) => one.value)"
        assert page.evaluate(shown) == texts


def test_nothing_comes_from_elsewhere(url, browser):
    asked = []
    context = browser.new_context()
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(MILLISECONDS)
    page.goto(url)
    page.wait_for_selector("#list textarea")
    context.close()
    assert asked and all(one.startswith(url) for one in asked)


def test_learning_from_the_page(tmp_path, tab, reader_of):
    from test_learning import TRAINER

    from ocr.review import edits
    from ocr.review.reading import Recognizer
    from ocr.weights import find_weights

    place = folder(tmp_path / "notes", 3)
    for number in (1, 2):
        path = place / f"page{number}.gt.json"
        doc = edits.confirm_all(Reviewed.from_json(path.read_text()))
        path.write_text(doc.to_json())
    import sys

    def learning(shelf: Shelf) -> Learning:
        model = str(find_weights("lines.onnx"))
        seen = str(tmp_path / "seen")
        return Learning(
            shelf,
            lambda lines, out: [
                sys.executable, "-c", TRAINER, str(lines), str(out), model, "0", seen,
            ],
        )  # fmt: skip

    with served(place, Recognizer(reader_of("lines", language="english")), learning) as address:
        page = tab(f"{address}#3")
        page.click("#learn")
        until(page, "document.querySelector('dialog button.main')?.disabled === false")
        page.click("dialog button.main")
        page.wait_for_selector("#learned")
        assert "2 lines held back" in page.inner_text("#learned")
        page.click("dialog button.main")
        page.wait_for_selector("#reread")
        assert page.inner_text("#reread") == "1 page was read again."
        page.keyboard.press("Escape")
        until(
            page,
            "document.querySelector('#list textarea')?.value.toLowerCase() === 'first line of all'",
        )
        assert len(texts(page)) == 5


# --- nothing typed is lost --------------------------------------------------------------------


class Slow:
    """A shelf whose changes take a while, or are refused."""

    def __init__(self, monkeypatch):
        self.seconds, self.refused = 0.0, ""
        self.change = Shelf.change
        monkeypatch.setattr(Shelf, "change", lambda *a: self.changed(*a))

    def changed(self, shelf, number, revision, edit):
        time.sleep(self.seconds)
        if self.refused:
            raise OutputError(self.refused)
        return self.change(shelf, number, revision, edit)


def soon(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_typed_while_a_change_is_on_its_way_survives_leaving(place, url, tab, monkeypatch):
    slow = Slow(monkeypatch)
    page = tab(url)
    slow.seconds = 0.5
    page.keyboard.press("End")
    page.keyboard.type(" one")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    time.sleep(0.35)  # the first is on its way
    page.keyboard.type(" two")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.type(" three")
    page.keyboard.press("Enter")
    page.reload()
    until(page, "document.activeElement?.tagName === 'TEXTAREA'")
    wanted = [f"{TEXTS[0]} one", f"{TEXTS[1]} two", f"{TEXTS[2]} three", *TEXTS[3:]]
    soon(lambda: (place / "page1.gt.txt").exists() and on_disk(place) == wanted)


def test_confirming_twice_leaves_out_no_page_that_takes_long_to_come(place, url, tab):
    page = tab(url)
    page.evaluate("""() => {
        const fetched = window.fetch;
        window.fetch = async (url, more) => {
            const opens = !more && url.startsWith("api/pages/");
            if (opens) await new Promise((end) => setTimeout(end, 1500));
            return fetched(url, more);
        };
    }""")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    until(page, "document.title.startsWith('page2')")
    page.wait_for_timeout(2500)  # in which one more page would have come
    until(page, "document.activeElement?.tagName === 'TEXTAREA'")
    assert page.title().startswith("page2")


def test_a_page_that_was_not_kept_is_not_left_by_confirming(place, url, tab, monkeypatch):
    slow = Slow(monkeypatch)
    page = tab(url)
    slow.refused = "page1.gt.txt: cannot be written (No space left on device)."
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#banner:not([hidden])")
    time.sleep(0.5)
    assert page.inner_text("#name") == "page1.png"
    assert "Not kept" in page.inner_text("#banner")
    assert page.inner_text("#progress").startswith("0 of 5 lines confirmed")
    assert not page.query_selector_all("#list .confirmed")


def test_a_text_that_was_refused_is_kept_with_the_next_change(place, url, tab, monkeypatch):
    slow = Slow(monkeypatch)
    page = tab(url)
    slow.refused = "page1.gt.txt: cannot be written (No space left on device)."
    page.keyboard.press("End")
    page.keyboard.type(" one")
    page.wait_for_selector("#banner:not([hidden])")
    page.keyboard.press("PageDown")  # not left without it, unless a person says so
    page.wait_for_selector("#banner button >> text=without it")
    assert page.inner_text("#name") == "page1.png" and "Not kept" in page.inner_text("#kept")
    slow.refused = ""
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.type(" two")
    kept(page)
    assert on_disk(place) == [f"{TEXTS[0]} one", f"{TEXTS[1]} two", *TEXTS[2:]]


def test_a_newer_text_is_not_replaced_by_one_that_could_not_be_sent(place, url, tab):
    page = tab(url)
    held = []
    page.route("**/api/pages/1", lambda route: held.append(route))
    page.keyboard.press("End")
    page.keyboard.type(" o")
    while not held:
        page.wait_for_timeout(20)
    page.keyboard.type("ne")
    held[0].abort()
    page.wait_for_selector("#banner:not([hidden])")
    page.unroute("**/api/pages/1")
    for one in held[1:]:
        one.continue_()
    kept(page)
    assert on_disk(place)[0] == f"{TEXTS[0]} one"


def test_my_text_is_put_into_its_own_page(place, url, tab):
    _, other = typed_in_two_tabs(url, tab)
    other.keyboard.press("PageDown")
    until(other, "document.getElementById('name').textContent === 'page2.png'")
    until(other, "document.activeElement?.tagName === 'TEXTAREA'")
    other.click("#banner button")
    until(other, "document.querySelector('#list textarea')?.value.endsWith('other')")
    time.sleep(0.4)
    kept(other)
    assert on_disk(place)[0] == f"{TEXTS[0]} by the other"
    assert not (place / "page2.gt.txt").exists()


def test_keys_on_a_page_that_cannot_be_read_do_nothing(tmp_path, tab):
    place = folder(tmp_path / "notes", 1)
    draw(place / "page2_bad.png")
    with served(place) as address:
        page = tab(address)
        page.keyboard.press("PageDown")
        until(page, "!document.getElementById('empty').hidden")
        assert page.query_selector("#overlay polygon.outline") is None
        for key in ("Control+z", "Control+y", "Alt+l", "Enter", "Alt+o", "Escape"):
            page.keyboard.press(key)
        page.click("#undo")
        page.click("#tool-zoomIn")
        page.keyboard.press("PageUp")
        until(page, "document.activeElement?.tagName === 'TEXTAREA'")
        assert texts(page) == list(TEXTS)


def test_what_is_typed_while_a_line_moves_is_shown_and_kept(place, url, tab, monkeypatch):
    slow = Slow(monkeypatch)
    page = tab(url)
    slow.seconds = 0.7
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.keyboard.press("End")
    page.keyboard.type(" typed")
    until(page, f"document.querySelector('#list textarea').value === '{TEXTS[1]}'")
    assert texts(page)[1] == f"{TEXTS[0]} typed"
    slow.seconds = 0.0
    page.keyboard.type(" on")
    kept(page)
    soon(lambda: on_disk(place)[1] == f"{TEXTS[0]} typed on" == texts(page)[1])


def test_all_texts_that_a_change_elsewhere_kept_out_are_offered(place, url, tab, monkeypatch):
    slow = Slow(monkeypatch)
    page = tab(url)
    other = Shelf(pages_of(place)[0], Fake(), ahead=0)
    other.change(1, 0, lambda doc: edits.set_text(doc, 5, "by another program"))
    slow.seconds = 0.7
    page.keyboard.press("End")
    page.keyboard.type(" one")
    page.wait_for_timeout(350)  # it is on its way
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.type(" two")
    page.wait_for_selector("#banner:not([hidden])")
    slow.seconds = 0.0
    said = page.inner_text("#banner")
    assert f"{TEXTS[0]} one" in said and f"{TEXTS[1]} two" in said
    page.click("#banner button")
    wanted = [f"{TEXTS[0]} one", f"{TEXTS[1]} two", *TEXTS[2:4], "by another program"]
    soon(lambda: (place / "page1.gt.txt").exists() and on_disk(place) == wanted)
