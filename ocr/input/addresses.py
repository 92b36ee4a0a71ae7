"""Files behind addresses such as ``s3://bucket/scans``, which fsspec opens; places for results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ocr.config import install_hint
from ocr.errors import OcrError

URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)  # two letters or more: C:/ is a drive

# Stores' clients raise classes of their own (botocore, azure), without a common base.
CLIENT_ERRORS = (Exception,)


def is_url(name: str) -> bool:
    """Whether a name is an address for fsspec and not a path."""
    return URL.match(name) is not None


def file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system behind an address, and the path in it.

    Raises
    ------
    OcrError
        fsspec, or the package it needs for this kind of address, is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError:
        raise OcrError(
            f"{url}: addresses need fsspec. Install it with {install_hint('cluster')}"
        ) from None
    try:
        return url_to_fs(url)
    except CLIENT_ERRORS as error:  # ImportError and ValueError are fsspec's own
        raise OcrError(f"{url}: cannot be opened ({error}).") from None


def local_path(url: str) -> Path | None:
    """The path of a ``file://`` address; None of another."""
    system, path = file_system(url)
    return Path(path) if "file" in protocols_of(system) else None


def protocols_of(system: Any) -> tuple[str, ...]:
    protocol = system.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
