"""What was copied, for ``--clipboard``."""

from __future__ import annotations

import io

from ocr.errors import ImageError


def copied_picture() -> bytes | list[str]:
    """The picture in the clipboard as the content of a file, or the files that were copied.

    Raises
    ------
    ImageError
        There is none, or this system does not tell.
    """
    from PIL import Image, ImageGrab

    try:
        copied = ImageGrab.grabclipboard()
    except (NotImplementedError, OSError, ChildProcessError) as error:
        raise ImageError(
            f"clipboard: cannot be read ({error}). On Linux install wl-clipboard or xclip, or save "
            "the picture and name the file."
        ) from None
    if isinstance(copied, list) and copied:
        return [str(path) for path in copied]
    if not isinstance(copied, Image.Image):
        raise ImageError("clipboard: holds no picture. Copy one, or name a file.")
    stream = io.BytesIO()
    copied.save(stream, "PNG", compress_level=1)
    return stream.getvalue()
