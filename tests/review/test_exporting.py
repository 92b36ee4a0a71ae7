"""ocr.review.exporting: what is downloaded, and what cannot be."""

from __future__ import annotations

import http.client
import io
import urllib.parse
import urllib.request
import zipfile

import pytest
from review_fakes import PATIENCE, TEXTS, Server, folder

from ocr.formats import FORMATS

pytest.importorskip("starlette")


@pytest.mark.parametrize("name", FORMATS)
def test_export_is_the_corrected_text(client, name):
    client.change(0, "text", line=2, text="Correction & <b>", confirmed=True)
    client.change(1, "leave_out", box=[290, 0, 340, 700])
    answer = client.ask(f"/export/{name}?page=1&join=0")
    assert answer.status == 200 and answer.headers["content-type"] == "application/octet-stream"
    assert "attachment" in answer.headers["content-disposition"]
    if name == "text":
        assert answer.body.decode() == "\n".join(
            [TEXTS[0], "Correction & <b>", TEXTS[2], TEXTS[4], ""]
        )
    if name in ("json", "hocr", "alto", "page", "html", "tsv", "csv"):
        text = answer.body.decode()
        assert ("Correction" in text and "<b>" not in text.replace("Correction & <b>", "")) or (
            name in ("json", "tsv", "csv")
        )
        assert TEXTS[3].split()[0] not in text


def test_export_of_all_pages(client):
    client.ask("/api/pages/1"), client.ask("/api/pages/2")
    text = client.ask("/export/text").body.decode()
    assert text.count(TEXTS[0]) == 2
    archive = zipfile.ZipFile(io.BytesIO(client.ask("/export/alto").body))
    assert archive.namelist() == ["page1.alto.xml", "page2.alto.xml"]
    assert archive.testzip() is None


def test_pages_of_one_name_are_exported_by_their_folders(tmp_path):
    places = [folder(tmp_path / name, 1) for name in ("x", "y")]
    with Server(*places) as server:
        for number in (1, 2):
            urllib.request.urlopen(f"{server.url}api/pages/{number}", timeout=PATIENCE).close()
        with urllib.request.urlopen(server.url + "export/alto", timeout=PATIENCE) as answer:
            assert answer.headers["content-disposition"].endswith("pages.alto.xml.zip")
            archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert archive.namelist() == ["x/page1.alto.xml", "y/page1.alto.xml"]


def test_an_export_that_cannot_be_made_is_an_error(client, place):
    client.ask("/api/pages/1")
    (place / "page1.png").unlink()
    answer = client.ask("/export/pdf?page=1")
    assert answer.status == 422 and "no such file" in answer.json["error"]


def test_an_export_that_breaks_off_is_told_in_one_line(tmp_path):
    place = folder(tmp_path / "notes", 2)
    with Server(place) as server:
        for number in (1, 2):
            urllib.request.urlopen(f"{server.url}api/pages/{number}", timeout=PATIENCE).close()
        (place / "page2.png").unlink()
        with (
            pytest.raises((http.client.IncompleteRead, ConnectionError)),
            urllib.request.urlopen(server.url + "export/pdf", timeout=PATIENCE) as answer,
        ):
            answer.read()
        said = server.stop()[1].splitlines()
    assert len(said) == 3 and "page2.png: no such file" in said[1]
