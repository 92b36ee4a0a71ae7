"""Find, verify and describe weight files.

A weight file carries its own description (`Metadata`) as JSON: an `.npz` in the array `metadata`,
a `.safetensors` file in its header, an `.onnx` file in its `metadata_props`. The description is
read and checked before any tensor is touched, and nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from dataclasses import asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from ocr import __version__
from ocr.errors import ModelError

FORMAT = "ocr-weights"
FORMAT_VERSION = 1
METADATA_KEY = "ocr"  # key in safetensors headers and ONNX metadata_props
NPZ_KEY = "metadata"  # array name in .npz files
SUFFIXES = (".npz", ".safetensors", ".onnx")
CHECKSUMS = "SHA256SUMS"
LANGUAGE_CODES = {
    **dict.fromkeys(("en", "eng"), "english"),
    **dict.fromkeys(("fr", "fra", "fre"), "french"),
}  # ISO 639, as Tesseract and others call languages
SENT: dict[str, Path] = {}  # on a worker of a cluster: name of a weight file -> where it is here


@dataclass(frozen=True)
class Metadata:
    """What a weight file says about itself.

    `kind` is the interface it serves: "mlp", "cnn", "lines" or "language". `data` lists the
    sources it was trained on, each a dict with `name`, `licence` and `source` (a DOI or address).
    `figures` maps a measurement, named with its data and split, to its value. `temperature`
    divides the logits before the softmax, so that confidences are calibrated. `training` holds
    what `ocr train` was set to and found: settings, sources, splits, start and history.
    """

    name: str
    kind: str
    architecture: dict[str, Any]
    charset: tuple[str, ...]
    normalisation: str
    data: tuple[dict[str, str], ...]
    temperature: float = 1.0
    seed: int = 0
    epochs: float = 0
    date: str = ""
    commit: str = ""
    min_ocr: str = "0.1.0"
    figures: dict[str, float] = field(default_factory=dict)
    command: str = ""
    training: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(
            {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)},
            ensure_ascii=False,
            sort_keys=True,
        )


def models_dir() -> Path:
    """The folder of the weight files: package data when installed, `models/` in a checkout."""
    try:
        root = Path(str(resources.files("ocr.models")))
        if root.is_dir():
            return root
    except (ModuleNotFoundError, TypeError):
        pass
    return Path(__file__).resolve().parent.parent / "models"


def installed() -> list[Path]:
    """The weight files in `models_dir()` by name."""
    root = models_dir()
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.suffix in SUFFIXES)


def find_weights(name: str) -> Path:
    """Path of a weight file: given as a path, an installed one's name, or a folder of `ocr train`.

    What another machine calls so and has sent (`SENT`) comes first. Of the files in a folder one
    is taken: `.onnx`, else `.npz`, else `.safetensors`.

    Raises
    ------
    ModelError
        Nothing of that name exists; the message lists what does.
    """
    if name in SENT:
        return SENT[name]
    path = Path(name)
    if path.suffix in SUFFIXES and path.is_file():
        return path
    for candidate in installed():
        if name in (candidate.name, candidate.stem):
            return candidate
    if path.is_dir():
        return _weights_in(path)
    known = ", ".join(path.name for path in installed()) or "none"
    raise ModelError(f"{name}: no such model. Give the path of a weight file or one of: {known}.")


def find_language(name: str) -> str:
    """The language model to use for what a person calls a language: its file's name, or a path.

    Raises
    ------
    ModelError
        There is none; the message lists the languages.
    """
    name = LANGUAGE_CODES.get(name.lower(), name)
    if name in ("auto", "none") or name in SENT or Path(name).exists():
        return name
    files = [path for path in installed() if path.suffix == ".npz"]
    if any(name in (path.name, path.stem) for path in files):
        return name
    known = [path.stem for path in files if read_metadata(path).kind == "language"]
    raise ModelError(
        f"{name}: no such language. Known are {', '.join(known) or 'none'}; auto chooses among "
        "them, none goes by the ink alone, which suits other languages."
    )


def _weights_in(folder: Path) -> Path:
    for suffix in (".onnx", ".npz", ".safetensors"):
        found = sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(path.name for path in found)
            raise ModelError(f"{folder}: several models ({names}). Give the path of one.")
    raise ModelError(f"{folder}: holds no weight file. Train one with `ocr train --out {folder}`.")


def read_metadata(path: Path) -> Metadata:
    """Read and check the description inside a weight file, without loading its tensors.

    Raises
    ------
    ModelError
        The file is missing, truncated, foreign, or made by a newer version.
    """
    try:
        text = _RAW[path.suffix](path)
    except KeyError:
        raise ModelError(f"{path}: not a weight file ({', '.join(SUFFIXES)} expected).") from None
    except FileNotFoundError:
        raise ModelError(f"{path}: no such weight file.") from None
    except (OSError, ValueError, EOFError, IndexError, struct.error, zipfile.BadZipFile):
        raise ModelError(
            f"{path}: damaged or truncated weight file. Reinstall it or train it again."
        ) from None
    if text is None:
        raise ModelError(f"{path}: not a weight file of ocr. Train one with `ocr train`.")
    return parse_metadata(text, str(path))


def parse_metadata(text: str, where: str) -> Metadata:
    """Check a JSON description; `where` names the file in messages."""
    try:
        data = json.loads(text)
    except ValueError:
        raise ModelError(f"{where}: damaged description. Reinstall the file.") from None
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise ModelError(f"{where}: not a weight file of ocr. Train one with `ocr train`.")
    version = data.pop("format_version", None)
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ModelError(
            f"{where}: made by a newer version of ocr (format {version}). Upgrade ocr to use it."
        )
    if _version(str(data.get("min_ocr", "0"))) > _version(__version__):
        raise ModelError(
            f"{where}: needs ocr {data['min_ocr']} or newer, this is {__version__}. Upgrade ocr."
        )
    known = {f.name for f in fields(Metadata)}
    missing = {"name", "kind", "architecture", "charset"} - data.keys()
    if missing:
        raise ModelError(f"{where}: its description lacks {', '.join(sorted(missing))}.")
    values = {key: value for key, value in data.items() if key in known}
    values["charset"] = tuple(values["charset"])
    values["data"] = tuple(values.get("data", ()))
    values.setdefault("normalisation", "")
    return Metadata(**values)


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def checksum_state(path: Path) -> str:
    """How a file stands against the SHA256SUMS beside it: "ok", "changed" or "unlisted"."""
    sums = path.parent / CHECKSUMS
    if not sums.is_file():
        return "unlisted"
    for row in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = row.partition("  ")
        if name == path.name:
            return "ok" if digest == sha256(path) else "changed"
    return "unlisted"


def verify(path: Path) -> None:
    """Refuse a file that differs from its stored checksum; one without a checksum passes.

    Raises
    ------
    ModelError
        The file exists but its SHA-256 is not the stored one.
    """
    if path.is_file() and checksum_state(path) == "changed":
        raise ModelError(f"{path}: damaged: its SHA-256 is not the one stored. Reinstall it.")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _npz_text(path: Path) -> str | None:
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        if f"{NPZ_KEY}.npy" not in archive.namelist():
            return None
    with np.load(path, allow_pickle=False) as data:
        return str(data[NPZ_KEY])


def _safetensors_text(path: Path) -> str | None:
    """The header: eight bytes of little-endian length, then that much JSON."""
    with path.open("rb") as stream:
        size = path.stat().st_size
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > size - 8:
            raise ValueError("header longer than the file")
        header = json.loads(stream.read(length))
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    if ends and 8 + length + max(ends) > size:
        raise ValueError("tensors longer than the file")
    text = header.get("__metadata__", {}).get(METADATA_KEY)
    return None if text is None else str(text)


def _onnx_text(path: Path) -> str | None:
    """`metadata_props` (field 14 of ModelProto), read without loading the graph.

    Protocol buffers are a row of (key, value) pairs: a varint key of field number and wire type,
    then a varint, eight bytes, a length-prefixed string or four bytes.
    """
    data = path.read_bytes()
    text = None
    for number, value in _protobuf_fields(data):
        if number == 14 and isinstance(value, bytes):
            entry = dict(_protobuf_fields(value))
            if entry.get(1) == METADATA_KEY.encode():
                raw = entry[2]
                text = raw.decode() if isinstance(raw, bytes) else None
    return text


def _protobuf_fields(data: bytes) -> list[tuple[int, int | bytes]]:
    found: list[tuple[int, int | bytes]] = []
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while position < len(data):
        key = varint()
        wire = key & 7
        if wire == 0:
            found.append((key >> 3, varint()))
            continue
        if wire not in (1, 2, 5):
            raise ValueError("not a protocol buffer")
        length = varint() if wire == 2 else {1: 8, 5: 4}[wire]
        if position + length > len(data):
            raise ValueError("truncated protocol buffer")
        found.append((key >> 3, data[position : position + length]))
        position += length
    return found


_RAW = {".npz": _npz_text, ".safetensors": _safetensors_text, ".onnx": _onnx_text}


def open_session(path: Path):  # type: ignore[no-untyped-def]
    """An `onnxruntime.InferenceSession` on one thread, without arenas that hold memory.

    One thread because a page is small work: a second thread spins more than it helps, and many
    pages are better spread over processes.

    Raises
    ------
    ModelError
        The graph cannot be loaded.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelError(
            f"{path}: damaged or truncated weight file ({type(error).__name__}). Reinstall it or "
            "train it again."
        ) from None
