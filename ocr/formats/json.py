"""JSON: everything a `Page` holds, with the name of its file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ocr.page import Page


def write(pages: Iterable[tuple[str, Page]], single: bool) -> Iterator[str]:
    """One page as an object, several as an array of them.

    An object is `Page.to_dict` with ``file`` added, so `Page.from_dict` reads it back.
    """
    before = "[\n  "
    for name, page in pages:
        text = json.dumps({"file": name, **page.to_dict()}, ensure_ascii=False, indent=2)
        if single:
            yield f"{text}\n"
        else:
            yield before + text.replace("\n", "\n  ")
            before = ",\n  "
    if not single:
        yield "[]\n" if before.startswith("[") else "\n]\n"
