"""ocr.review.guard: who is answered, and how much is taken."""

from __future__ import annotations

import pytest
from review_fakes import HOST

guard = pytest.importorskip("ocr.review.guard")


def test_a_length_that_is_no_number_is_refused(client):
    for length in ("9" * 5000, "-1", "1e3", "\u0663"):
        assert client.ask("/api/pages/1", b"{}", content_length=length).status == 413


@pytest.mark.parametrize("token", ["", "wrong", "secre", "secrets", "sécret"])
def test_nothing_without_the_token(client, token):
    for path in ("/", "/api/pages", "/photo/1/320/0", "/static/app.js"):
        assert client.ask(path, token=token).status == 404


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1", "[::1]", ""])
def test_other_hosts_are_refused(client, host):
    answer = client.ask("/api/pages", host=host)
    assert answer.status == 403 and b"page1" not in answer.body
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1:8000", "null"])
def test_other_origins_are_refused(client, origin):
    assert client.ask("/api/pages", origin=origin).status == 403
    assert client.ask("/api/pages/1", {"op": "undo", "revision": 0}, origin=origin).status == 403
    assert client.ask("/api/pages", origin=f"http://{HOST}").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_pages_are_refused(client, site):
    assert client.ask("/photo/1/320/0", sec_fetch_site=site).status == 403
    assert client.ask("/photo/1/320/0", sec_fetch_site="same-origin").status == 200


def test_forms_and_large_bodies_are_refused(client):
    body = {"op": "confirm", "revision": 0}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert client.ask("/api/pages/1", body, content_type=kind).status == 415
    large = b'"' + b"x" * guard.MAX_BODY + b'"'
    assert client.ask("/api/pages/1", large).status == 413
    assert client.ask("/api/pages/1", large, content_length="2").status == 413
    assert client.ask("/api/pages", method="DELETE").status == 405
