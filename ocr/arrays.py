"""Read arrays from `.npz` and `.safetensors` files that somebody else may have made.

All that such a file says of an array is checked against what is there before memory is taken for
it: a header of a hundred bytes may tell of terabytes. Nothing is unpickled.
"""

from __future__ import annotations

import json
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ocr.errors import reason_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BYTES = 1 << 30  # that the arrays taken from a file may have together
MAX_HEADER = 1 << 24  # of a safetensors file: descriptions included
KINDS = "biufU"  # of arrays: numbers and text
# What zipfile and NumPy raise on broken content: also SyntaxError of a header that is no literal,
# NotImplementedError of another compression, RuntimeError of an encrypted entry.
BROKEN = (
    *(OSError, ValueError, KeyError, IndexError, EOFError, TypeError, OverflowError, SyntaxError),
    *(NotImplementedError, RuntimeError, MemoryError, struct.error, zipfile.BadZipFile),
    *(zlib.error, lzma.LZMAError, tokenize.TokenError),
)
LENGTH_BYTES = 8  # of the number at the start of a safetensors file
ITEM_BYTES = {  # of the types that one may have
    **{"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1},
    **{"U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1},
}


def read_npz(
    path: Path, wanted: Callable[[str], bool] = lambda _: True, limit: int = MAX_BYTES
) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file whose names are wanted.

    Raises
    ------
    ValueError
        The file is damaged, or an array is of another kind than numbers or text, not as large as
        it says, or too large.
    FileNotFoundError
    """
    found: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                name = entry.filename.removesuffix(".npy")
                if name == entry.filename or not wanted(name):
                    continue
                limit -= entry.file_size
                if limit < 0:
                    raise ValueError("its arrays are too large")
                with archive.open(entry) as stream:
                    found[name] = _read_npy(stream, name, entry.file_size)
    except FileNotFoundError:
        raise
    except BROKEN as error:
        raise ValueError(reason_of(error)) from None
    return found


def _read_npy(stream: IO[bytes], name: str, size: int) -> NDArray[np.generic]:
    import numpy as np
    from numpy.lib import format as npy

    version = npy.read_magic(stream)  # type: ignore[no-untyped-call]
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{name} is of an unknown version")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, by_columns, dtype = read(stream)  # type: ignore[no-untyped-call]
    if dtype.kind not in KINDS:
        raise ValueError(f"{name} holds neither numbers nor text")
    if math.prod(shape) * dtype.itemsize + stream.tell() != size:
        raise ValueError(f"{name} is not as large as it says")
    # A copy: the bytes that were read may not be written to.
    values = np.frombuffer(stream.read(), dtype).copy()
    return values.reshape(shape, order="F" if by_columns else "C")


def safetensors_header(path: Path) -> dict[str, Any]:
    """The header of a `.safetensors` file: eight bytes of little-endian length, then JSON.

    Raises
    ------
    ValueError
        It is damaged, or tells of other tensors than the file holds.
    FileNotFoundError
    """
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            (length,) = struct.unpack("<Q", stream.read(LENGTH_BYTES))
            if length > min(size - LENGTH_BYTES, MAX_HEADER):
                raise ValueError("its header is longer than the file")
            header = json.loads(stream.read(length))
        end = 0
        tensors = [one for name, one in header.items() if name != "__metadata__"]
        for one in sorted(tensors, key=lambda one: one["data_offsets"]):
            start, stop = one["data_offsets"]
            if start != end or stop - start != math.prod(one["shape"]) * ITEM_BYTES[one["dtype"]]:
                raise ValueError("its tensors are not as large as it says")
            end = stop
        if LENGTH_BYTES + length + end != size:
            raise ValueError("its tensors are longer or shorter than the file")
        if not isinstance(header.get("__metadata__", {}), dict):
            raise ValueError("its header is damaged")
    except FileNotFoundError:
        raise
    except (*BROKEN, AttributeError, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from None
    return header
