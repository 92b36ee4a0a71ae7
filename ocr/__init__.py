"""Read handwriting from photos and scans, offline, on a plain CPU.

>>> import ocr
>>> page = ocr.read("photo.jpg")  # doctest: +SKIP
>>> print(page.text)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr.errors import (
        ConfigError,
        DataError,
        ImageError,
        ModelError,
        OcrError,
        OutputError,
    )
    from ocr.input.given import Given
    from ocr.page import Box, Letter, Line, Page, Word
    from ocr.reader import Reader

__version__ = "0.1.0"
__all__ = [
    "Box",
    "ConfigError",
    "DataError",
    "ImageError",
    "Letter",
    "Line",
    "ModelError",
    "OcrError",
    "OutputError",
    "Page",
    "Reader",
    "Word",
    "__version__",
    "read",
    "read_pages",
]


def read(
    source: Given,
    *,
    page: int | None = None,
    engine: str = "auto",
    model: str | PathLike[str] | None = None,
    charset: str | None = None,
    language: str | PathLike[str] = "auto",
    lexicon: Iterable[str] | None = None,
    pattern: str | None = None,
    reject: float | None = None,
    dpi: int | None = None,
) -> Page:
    """Read one picture or one page.

    Parameters
    ----------
    source : str, path, bytes, binary file, PIL.Image.Image or array
        A path ("-" is stdin), the content of an image file or PDF, a file to read it from, or the
        picture itself. Arrays are (H, W), (H, W, 3) RGB or (H, W, 4) RGBA: uint8, bool (True is
        white), or float in [0, 1].
    page : int, optional
        Which page of a PDF or TIFF file, from 1; needed if it has several.
    engine : {"auto", "letters", "lines"}
        Way of reading: single letters, whole lines, or what suits the page.
    model : str or path, optional
        Weight file: a path, or the name of an installed one.
    charset : str, optional
        The only characters that may be read, such as "0123456789".
    language : str or path
        "english", "french", "auto" for what suits the page, "none" for the ink alone, or the
        weight file of a language model.
    lexicon : iterable of str, optional
        Words to be expected; others are read as well.
    pattern : str, optional
        Regular expression, or a name such as "date", that the text of every line must fit.
    reject : float, optional
        Probability of being right under which a character becomes U+FFFD.
    dpi : int, optional
        Dots per inch at which a PDF page becomes a picture; by default as many as the picture on
        the page has, else 300.

    Returns
    -------
    Page
        Its `text`, `lines`, `words` and `letters` with boxes in pixels of the upright picture and
        confidences in [0, 1]. Without lines, and with a warning, if nothing looks like writing.

    Raises
    ------
    ImageError
        The picture cannot be opened, or has several pages and `page` is not given.
    ModelError
        A weight file is missing or unusable.
    ValueError, TypeError
        An argument has no such value, or the source is none of the above.

    Examples
    --------
    >>> page = ocr.read("photo.jpg", language="french")  # doctest: +SKIP
    >>> [(word.text, word.confidence, word.box) for word in page.words]  # doctest: +SKIP
    """
    from ocr.input.given import photo_of

    reader = _reader(engine, model, charset, language, lexicon, pattern, reject)
    return reader.read(photo_of(source, page, dpi))


def read_pages(
    source: Given,
    *,
    pages: Iterable[int] | None = None,
    engine: str = "auto",
    model: str | PathLike[str] | None = None,
    charset: str | None = None,
    language: str | PathLike[str] = "auto",
    lexicon: Iterable[str] | None = None,
    pattern: str | None = None,
    reject: float | None = None,
    dpi: int | None = None,
) -> Iterator[Page]:
    """Read all pages of a PDF or TIFF file, one after the other, each when it is asked for.

    Parameters
    ----------
    source : str, path, bytes, binary file, PIL.Image.Image or array
        As for `read`; what is a single picture gives one page.
    pages : iterable of int, optional
        Numbers of the pages to read, from 1; all by default.
    engine, model, charset, language, lexicon, pattern, reject, dpi
        As for `read`.

    Yields
    ------
    Page

    Raises
    ------
    ImageError, ModelError, ValueError, TypeError
        As `read` does.

    Examples
    --------
    >>> texts = [page.text for page in ocr.read_pages("letters.pdf")]  # doctest: +SKIP
    """
    from ocr.input.given import photos_of

    reader = _reader(engine, model, charset, language, lexicon, pattern, reject)
    return (reader.read(photo) for photo in photos_of(source, pages, dpi))


def _reader(
    engine: str,
    model: str | PathLike[str] | None,
    charset: str | None,
    language: str | PathLike[str],
    lexicon: Iterable[str] | None,
    pattern: str | None,
    reject: float | None,
) -> Reader:
    """A reader with these options; if they are those of the last call, and stand for the same
    weights as then, the one that it had."""
    weights = None if model is None else str(model)
    words = lexicon if lexicon is None or isinstance(lexicon, str) else tuple(lexicon)
    files = tuple(_file_of(name) for name in (model, language))
    named: Any = str(language) if isinstance(language, PathLike) else language
    options = (engine, weights, charset, named, words, pattern, reject)
    try:
        hash(options)
    except TypeError:  # such as of a list: told by the option's name
        return import_module("ocr.reader").Reader(*options)
    return _kept_reader(files, *options)


def _file_of(name: object) -> tuple[str, int, int] | None:
    """The weight file that a name or path stands for now, with its date and size; else None."""
    from ocr.errors import ModelError
    from ocr.weights import find_weights

    if not isinstance(name, (str, PathLike)) or name in ("auto", "none"):
        return None
    try:
        path = find_weights(str(name)).resolve()
        about = path.stat()
    except (ModelError, OSError, ValueError):  # told when it is used
        return None
    return str(path), about.st_mtime_ns, about.st_size


@lru_cache(maxsize=1)
def _kept_reader(_: object, *options: Any) -> Reader:
    """The reader of the last call, which has its models loaded."""
    from ocr.reader import Reader

    return Reader(*options)


def __getattr__(name: str) -> Any:
    """The other names, loaded when they are first used: the program's help needs none."""
    homes = {"Reader": "reader", **dict.fromkeys(("Box", "Letter", "Line", "Page", "Word"), "page")}
    if name in __all__:
        return getattr(import_module(f"ocr.{homes.get(name, 'errors')}"), name)
    raise AttributeError(f"module 'ocr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
