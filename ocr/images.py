"""Open a photo or scan from a file, a stream or stdin, upright and at the size that is wanted.

A `Photo` holds only where its picture comes from; the picture is decoded when it is asked for, at
about the size it is asked for, so that a twelve-megapixel photo costs little time and memory.
"""

from __future__ import annotations

import io
import stat
import struct
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ocr.errors import ImageError
from ocr.storage import CLIENT_ERRORS, file_system, is_url

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

# Raster formats whose decoders read one file and start no other program (EPS would).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "TIFF", "WEBP")
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".pbm", ".pgm", ".ppm"),
    *(".tif", ".tiff", ".webp", ".heic", ".heif", ".pdf"),
)  # by which a folder's pictures are told from its other files

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
PDF_MAGIC = b"%PDF-"
PDF_MAY_BEGIN = b"\xef\xbb\xbf \t\r\n\0"  # byte order mark and blanks ahead of it
HEAD = 64  # bytes that tell a file's kind
DPI = 300  # at which a PDF page becomes a picture: what scanners are set to for text
SCAN_DPI = (100, 2400)  # what scanners are set to
POINT = 72  # PDF units an inch
PDF_MARGIN = 2  # times the wanted size that a page is drawn at: its pictures are not averaged over
REDUCED = 1  # bit of a TIFF's NewSubfileType: a preview of another page
SUBFILE_TYPE, PHOTOMETRIC = 254, 262  # TIFF tags
SAMPLE_FORMAT = 339
WHITE_IS_ZERO, UNSIGNED = 0, 1  # photometric interpretation; sample format
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

MAX_PIXELS = 300_000_000  # declared size: three times the largest phone camera
MAX_DECODED_PIXELS = 150_000_000  # really decoded: 0.6 GB as colour; an A4 scan at 1200 dpi fits
MAX_STREAM_BYTES = 1 << 29  # encoded picture from a pipe, which may never end

DRAFTED = ("JPEG", "MPO")  # can be decoded smaller; MPO is what phones call a JPEG with a preview
KEPT = 1400  # px: the copy that is kept when decoded has a longer side of once to twice this
WHOLE = 3600  # px: what has to be decoded whole is kept so up to this longer side
NEARLY = 1.1  # times that copy's size: as much less is given, where more would be decoded again
ORIENTATION = 0x0112  # EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF orientation -> what makes it upright
PNG_TAIL = 1 << 16  # bytes at a PNG's end searched for EXIF, which is at most that long
DEEP_WHITE = 65535.0  # white of 16-bit samples

_pillow_settings = threading.Lock()


@dataclass(frozen=True)
class Photo:
    """An image file that can be opened.

    Attributes
    ----------
    name : str
        How messages call it.
    height, width : int
        Pixels of the upright original, EXIF orientation applied.
    source : Path or bytes
        The file, or its content where it came through a pipe.
    page : int
        Which page of it, from 1.
    """

    name: str
    height: int
    width: int
    source: Path | bytes = field(repr=False)
    page: int = 1

    def grey(self, long_side: int) -> NDArray[np.float32]:
        """The whole upright picture in grey, reduced by averaging over areas.

        Parameters
        ----------
        long_side : int
            Pixels of the longer side of the result at most; a picture is never enlarged, and may
            be smaller by a tenth where that spares decoding it again.

        Returns
        -------
        (H, W) float32 array
            In [0, 1], 0 black, 1 white; transparent parts are white. Row y of it is row
            ``y * height / H`` of the original.

        Raises
        ------
        ImageError
            The picture is truncated or damaged.
        """
        image = self._picture(long_side, "L")
        if image.mode == "F":
            return np.clip(np.asarray(image, dtype=np.float32), 0.0, 1.0)
        return np.asarray(image, dtype=np.float32) / np.float32(255)

    def rgb(self, long_side: int) -> NDArray[np.uint8]:
        """The same picture in colour: `(H, W, 3)` uint8; see `grey`."""
        image = self._picture(long_side, "RGB")
        if image.mode == "F":
            grey = np.clip(np.asarray(image) * 255, 0, 255).round().astype(np.uint8)
            return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
        return np.array(image)

    @property
    def is_pdf(self) -> bool:
        """Whether it is a page of a PDF, which has no pixels of its own."""
        return _is_pdf(self.source, self.name)

    def jpeg(self) -> tuple[bytes, int] | None:
        """The file as it is, and its EXIF orientation (1 to 8), if it is a grey or colour JPEG.

        Not to be asked of a PDF's page.
        """
        with _opened(self.source, self.name, self.page) as image:
            if image.format != "JPEG" or image.mode not in ("L", "RGB"):
                return None
            orientation = _orientation(image)
        content = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        return content, orientation

    @property
    def dpi(self) -> float | None:
        """Dots an inch that the file tells, where it is a scan's: 72 and 96 mean nothing."""
        with _opened(self.source, self.name, self.page) as image:
            told = image.info.get("dpi", (0, 0))[0]
        return float(told) if SCAN_DPI[0] <= told <= SCAN_DPI[1] else None

    def _picture(self, long_side: int, mode: str) -> Image.Image:
        """Upright, reduced picture of `mode`, or of mode F in [0, 1] where samples are deep."""
        if long_side < 1:
            raise ValueError(f"long_side must be at least 1, got {long_side}")
        if min(long_side, max(self.height, self.width)) > NEARLY * self._kept_side:
            return self._decode(long_side, mode)
        kept = self._kept_grey if mode == "L" else self._kept
        return _reduced(kept, self._size(min(long_side, self._kept_side)), None)

    @cached_property
    def _kept_side(self) -> int:
        """Longer side of the copy that smaller ones are made from: what a JPEG decodes to."""
        longer = max(self.height, self.width)
        if not _is_pdf(self.source, self.name):
            with _opened(self.source, self.name, self.page) as image:
                if image.format not in DRAFTED:  # it is decoded whole in any case
                    return longer if longer <= WHOLE else 2 * KEPT
        return -(-longer // (1 << max(0, (longer // KEPT).bit_length() - 1)))

    @cached_property
    def _kept(self) -> Image.Image:
        """That copy in colour, or of mode F; decoding takes long even where the result is small."""
        return self._decode(self._kept_side, "RGB")

    @cached_property
    def _kept_grey(self) -> Image.Image:
        return self._kept if self._kept.mode == "F" else self._kept.convert("L")

    def _size(self, long_side: int) -> tuple[int, int]:
        """Width and height of the upright picture, reduced to a longer side at most."""
        scale = min(1.0, long_side / max(self.height, self.width))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def _decode(self, long_side: int, mode: str) -> Image.Image:
        """As `_picture`, from the file; a JPEG at a half, quarter or eighth where that does."""
        width, height = self._size(long_side)
        if _is_pdf(self.source, self.name):
            sides = self._size(PDF_MARGIN * long_side)
            return _flat(_rendered(self.source, self.name, self.page, sides), mode, (width, height))
        with _opened(self.source, self.name, self.page) as image:
            orientation = _orientation(image)
            size = (height, width) if orientation >= 5 else (width, height)
            # a pixel less: half of an odd side is rounded up
            draft = image.draft(mode, (max(1, size[0] - 1), max(1, size[1] - 1)))
            if image.width * image.height > MAX_DECODED_PIXELS:
                raise ImageError(
                    _too_large(self.name, image.width, image.height, MAX_DECODED_PIXELS)
                )
            image.load()
            if image.format == "TIFF":  # Pillow has turned it upright
                orientation, size = 1, (width, height)
            small = _flat(image, mode, size, draft[1] if draft else None)
        if orientation in UPRIGHT:
            small = small.transpose(UPRIGHT[orientation])
        return small


def open_image(
    source: str | PathLike[str] | IO[bytes],
    name: str | None = None,
    page: int = 1,
    dpi: int = DPI,
) -> Photo:
    """Find out whether something is a picture, and how large.

    Only the header is read; damage further on shows when the picture is decoded.

    Parameters
    ----------
    source : str, path-like or binary stream
        A file, ``"-"`` for stdin, or a stream, which is read to its end. Of an animation the first
        frame counts.
    name : str, optional
        How messages call it; by default its path, or "stdin".
    page : int
        Page of a TIFF or PDF file, from 1.
    dpi : int
        Dots an inch that a PDF page is taken to have: its `height` and `width` follow from it.

    Returns
    -------
    Photo

    Raises
    ------
    ImageError
        It is missing, empty, a folder, not a picture, damaged or unreasonably large, has no such
        page, or needs a package that is not installed.
    """
    if isinstance(source, (str, PathLike)):
        name = name or ("stdin" if str(source) == "-" else str(source))
        content = read_source(source, name)
    else:
        name = name or str(getattr(source, "name", "stream"))
        content = _read_stream(source, name)

    if _is_pdf(content, name):
        with _pdf(content, name) as document:
            if not 1 <= page <= len(document):
                raise ImageError(_no_such_page(name, page, len(document)))
            width, height = (round(side / POINT * dpi) for side in document[page - 1].get_size())
        width, height = max(width, 1), max(height, 1)
        if width * height > MAX_DECODED_PIXELS:
            raise ImageError(
                f"{name}: {width} x {height} pixels at {dpi} dots an inch are too many. "
                "Set a lower --dpi."
            )
        return Photo(name, height, width, content, page)

    with _opened(content, name, page) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(_too_large(name, width, height, MAX_PIXELS))
        if _orientation(image) >= 5:
            if image.format == "TIFF":  # Pillow turns it, some versions not before decoding
                image.load()
                width, height = image.size
            else:
                width, height = height, width
    return Photo(name, height, width, content, page)


def read_source(path: str | PathLike[str], name: str) -> Path | bytes:
    """The path of a regular file; the content of stdin ("-"), an address, a pipe or a device.

    Raises
    ------
    ImageError
        It is missing, empty, a folder, or cannot be read.
    """
    if is_url(str(path)):
        return _fetch(str(path), name)
    if str(path) != "-":
        return _check_file(Path(path), name)
    if sys.stdin is None:
        raise ImageError("stdin: closed. Give the path of an image file.")
    return _read_stream(sys.stdin.buffer, name)


def _fetch(url: str, name: str) -> bytes:
    system, path = file_system(url)
    try:
        with system.open(path, "rb") as stream:
            return _read_stream(stream, name)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the address.") from None
    except ImageError:
        raise
    except CLIENT_ERRORS as error:
        raise ImageError(f"{name}: cannot be opened ({_reason(error)}).") from None


def count_pages(content: Path | bytes, name: str) -> int:
    """How many pages a TIFF or PDF file has; 1 of any other picture.

    Raises
    ------
    ImageError
        It is not a picture, or damaged.
    """
    if _is_pdf(content, name):
        with _pdf(content, name) as document:
            pages = len(document)
        if pages == 0:
            raise ImageError(f"{name}: a PDF without a page.")
        return pages
    with _opened(content, name) as image:
        return sum(1 for _ in _frames(image))


def pictures_in(folder: Path, recursive: bool = False, leave_out: Path | None = None) -> list[Path]:
    """The pictures inside a folder, told by their suffix, sorted by name.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether folders inside it count. Hidden ones and links to folders never do.
    leave_out : Path, optional
        A folder inside it that does not count.

    Raises
    ------
    ImageError
        The folder cannot be listed or holds no picture.
    """
    avoided = leave_out.resolve() if leave_out else None

    def inside(folder: Path) -> Iterator[Path]:
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if recursive and not path.is_symlink() and path.resolve() != avoided:
                    yield from inside(path)
            elif path.suffix.lower() in SUFFIXES:
                yield path

    try:
        found = list(inside(folder))
    except OSError as error:
        place = error.filename or folder
        raise ImageError(f"{place}: cannot be listed ({_reason(error)}).") from None
    if not found:
        raise ImageError(
            f"{folder}: no pictures in this folder ({', '.join(SUFFIXES)}). Name another folder or "
            f"the image files themselves{'' if recursive else ', or try --recursive'}."
        )
    return found


def _check_file(path: Path, name: str) -> Path | bytes:
    """The path of a regular file; the content of a pipe or a device."""
    try:
        mode = path.stat()
        if stat.S_ISDIR(mode.st_mode):
            raise ImageError(f"{name}: a folder, not an image file. Name a file inside it.")
        if not stat.S_ISREG(mode.st_mode):
            with path.open("rb") as stream:
                return _read_stream(stream, name)
        if mode.st_size == 0:
            raise ImageError(f"{name}: the file is empty. Copy or download it again.")
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise ImageError(f"{name}: cannot be opened ({_reason(error)}).") from None
    return path


def _read_stream(stream: IO[bytes], name: str) -> bytes:
    try:
        content = stream.read(MAX_STREAM_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ImageError(f"{name}: cannot be read ({_reason(error)}).") from None
    if not content:
        raise ImageError(f"{name}: nothing came in. Pipe an image file into it.")
    if len(content) > MAX_STREAM_BYTES:
        raise ImageError(
            f"{name}: more than {MAX_STREAM_BYTES >> 20} MiB came in. Pipe a single image file."
        )
    return content


def _head(source: Path | bytes, name: str) -> bytes:
    """The first bytes, by which a file's kind is told."""
    if isinstance(source, bytes):
        return source[:HEAD]
    try:
        with source.open("rb") as stream:
            return stream.read(HEAD)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be opened ({_reason(error)}).") from None


def _is_pdf(source: Path | bytes, name: str) -> bool:
    return _head(source, name).lstrip(PDF_MAY_BEGIN).startswith(PDF_MAGIC)


def _is_encrypted(source: Path | bytes) -> bool:
    """Whether a PDF's trailer names how it is encrypted."""
    return b"/Encrypt" in (source if isinstance(source, bytes) else source.read_bytes())


@contextmanager
def _pdf(source: Path | bytes, name: str) -> Iterator[PdfDocument]:
    """A PDF file, with every failure inside the block turned into ImageError."""
    try:
        import pypdfium2
    except ImportError:
        raise ImageError(
            f'{name}: a PDF file, which needs one more package: pip install "ocr[pdf]"'
        ) from None
    with _pillow_settings:  # the library below may be used by one thread at a time
        try:
            document = pypdfium2.PdfDocument(source)
        except pypdfium2.PdfiumError as error:
            # The code may be that of an earlier file: PDFium sets none where there is no page.
            code = getattr(error, "err_code", None)
            if code == pypdfium2.raw.FPDF_ERR_PASSWORD and _is_encrypted(source):
                reason = "needs a password. Save it without one and retry"
            else:
                reason = "the PDF is truncated or damaged, or empty. Copy or download it again"
            raise ImageError(f"{name}: {reason}.") from None
        try:
            yield document
        except pypdfium2.PdfiumError:
            raise ImageError(
                f"{name}: the PDF is truncated or damaged. Copy or download it again."
            ) from None
        finally:
            document.close()


def _rendered(source: Path | bytes, name: str, page: int, size: tuple[int, int]) -> Image.Image:
    """A page of a PDF at about `size` (width, height): a side may be a pixel longer."""
    with _pdf(source, name) as document:
        opened = document[page - 1]
        width, height = opened.get_size()
        scale = max(size[0] / width, size[1] / height)
        picture = opened.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    return picture.crop((0, 0, max(size[0], 1), max(size[1], 1)))


def _frames(image: Image.Image) -> Iterator[int]:
    """Frames of a file that are pages: of a TIFF all but previews of others, else the first."""
    if image.format != "TIFF":
        yield 0
        return
    found = False
    for frame in count():
        try:
            image.seek(frame)
        except EOFError:
            break
        if not int(image.tag_v2.get(SUBFILE_TYPE, 0)) & REDUCED:  # type: ignore[attr-defined]
            found = True
            yield frame
    if not found:
        yield 0


def _open_heif(name: str) -> tuple[str, ...]:
    """Let Pillow read HEIC and HEIF; the formats it then knows."""
    try:
        import pillow_heif
    except ImportError:
        raise ImageError(
            f'{name}: a HEIC picture, which needs one more package: pip install "ocr[heic]"'
        ) from None
    pillow_heif.register_heif_opener()
    return ("HEIF",)


@contextmanager
def _opened(source: Path | bytes, name: str, page: int = 1) -> Iterator[Image.Image]:
    """A Pillow image, with every failure inside the block turned into ImageError."""
    head = _head(source, name)
    heif = head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS
    formats = _open_heif(name) if heif else FORMATS
    try:
        # A stream, not a path: Pillow 12.0 maps raw TIFF files into memory and turns those wrongly.
        with (
            _quiet_pillow(),
            io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream,
            Image.open(stream, formats=formats) as image,
        ):
            pages = 0
            for pages, frame in enumerate(_frames(image), 1):
                if pages == page:
                    if frame != image.tell():
                        image.seek(frame)
                    break
            else:
                raise ImageError(_no_such_page(name, page, pages))
            yield image
    except ImageError:
        raise
    except UnidentifiedImageError:
        if head.startswith(TIFF_MAGIC):
            raise ImageError(
                f"{name}: damaged, or a kind of TIFF that cannot be read. Save it with 8 or 16 "
                "bits a sample, in grey or RGB."
            ) from None
        raise ImageError(
            f"{name}: not an image that can be read. Use JPEG, PNG, TIFF, WebP, GIF, BMP, PNM, "
            "HEIC or PDF."
        ) from None
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file. Check the path.") from None
    except MemoryError:
        raise ImageError(f"{name}: too large for the memory. Make it smaller and retry.") from None
    except OSError as error:
        if error.errno is not None:
            raise ImageError(f"{name}: cannot be opened ({_reason(error)}).") from None
        raise ImageError(_damaged(name)) from None
    # What Pillow's decoders raise on broken content, besides OSError.
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, struct.error):
        raise ImageError(_damaged(name)) from None


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Pillow without its own size limit (ours differs) and warnings (about odd metadata)."""
    with _pillow_settings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or the metadata is broken."""
    if image.format == "PNG" and not _png_has_exif(image):
        return 1  # asking Pillow would decode the whole picture
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _png_has_exif(image: Image.Image) -> bool:
    """Whether a PNG may carry EXIF, ahead of its pixels (already parsed) or behind them."""
    if "exif" in image.info or "Raw profile type exif" in image.info:
        return True
    stream = getattr(image, "fp", None)
    if stream is None:
        return False
    position = stream.tell()
    stream.seek(0, io.SEEK_END)
    stream.seek(max(0, stream.tell() - PNG_TAIL))
    found = b"eXIf" in stream.read()
    stream.seek(position)
    return found


def _flat(
    image: Image.Image,
    mode: str,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    """Reduce to `size` and convert to `mode` on white, or to F in [0, 1] for deep samples."""
    if image.mode[0] in "IF":  # I, I;16 and its byte orders, F
        deep = _samples(image)
        image = Image.fromarray(np.nan_to_num(deep, nan=0.0, neginf=0.0) / _white_of(deep, image))
        return _reduced(image, size, box)
    if image.mode == "LAB":
        image = _from_lab(image)
    if image.has_transparency_data:
        clear = image if image.mode == "RGBA" else image.convert("RGBA")
        small = _reduced(clear, size, box)
        paper = Image.new("RGBA", small.size, "white")
        return Image.alpha_composite(paper, small).convert(mode)
    return _reduced(image if image.mode == mode else image.convert(mode), size, box)


def _samples(image: Image.Image) -> NDArray[np.float32]:
    """Deep samples, the more the whiter, whatever a TIFF file says that they mean."""
    samples = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    if samples.dtype == np.int32 and tags and tags.get(SAMPLE_FORMAT, (1,))[0] == UNSIGNED:
        samples = samples.view(np.uint32)  # Pillow has signed ones only
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO and image.mode.startswith("I;16"):
        samples = ~samples  # which Pillow does to shallow ones only
    return samples.astype(np.float32)


def _from_lab(image: Image.Image) -> Image.Image:
    """CIELab, as some scanners store it, in sRGB."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert found is not None  # None is for work in place
    return found


def _white_of(deep: NDArray[np.float32], image: Image.Image) -> float:
    """The sample value that means white, for samples of more than eight bits."""
    if image.mode.startswith("I;16"):
        return DEEP_WHITE
    largest = float(np.max(deep, initial=0.0, where=np.isfinite(deep)))
    if image.mode == "F":
        ranges: tuple[float, ...] = (1.0, 255.0, DEEP_WHITE)
    else:
        ranges = (DEEP_WHITE,)
    return next((white for white in ranges if largest <= white), largest)


def _reduced(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None
) -> Image.Image:
    """Average over areas. Hamming's window weighs parts of pixels, which a plain box does not."""
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.HAMMING, box=box, reducing_gap=2.0)


def _too_large(name: str, width: int, height: int, limit: int) -> str:
    return (
        f"{name}: {width} x {height} pixels are more than can be read safely "
        f"({limit // 1_000_000} megapixels). Make it smaller and retry."
    )


def _no_such_page(name: str, page: int, pages: int) -> str:
    return f"{name}: there is no page {page}; it has {pages}."


def _damaged(name: str) -> str:
    return f"{name}: the image is truncated or damaged. Copy or download it again."


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
