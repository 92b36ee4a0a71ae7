"""Find, verify and describe weight files.

A weight file carries its own description (`Metadata`) as JSON: an `.npz` in the array `metadata`,
a `.safetensors` file in its header, an `.onnx` file in its `metadata_props`. The description is
read and checked before any tensor is touched, and nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from ocr import __version__, graphs, memory
from ocr.arrays import read_npz, safetensors_header
from ocr.errors import ModelError, reason_of

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
READING = ("mlp", "cnn", "lines", "language")  # kinds that tell characters apart
MAX_CHARSET = 100_000  # characters
MAX_CHARACTER = 16  # code points of one
MAX_VERSION = 100  # characters
SENT: dict[str, Path] = {}  # on a worker of a cluster: name of a weight file -> where it is here
IN_FILE = {"normalization": "normalisation"}  # names that are spelled otherwise in the files


@dataclass(frozen=True)
class Metadata:
    """What a weight file says about itself.

    `kind` is the interface it serves: "mlp", "cnn", "lines", "page" or "language". `data` lists
    the sources it was trained on, each a dict with `name`, `licence` and `source` (a DOI or
    address). `figures` maps a measurement, named with its data and split, to its value.
    `temperature` divides the logits before the softmax, so that confidences are calibrated.
    `training` holds what `ocr train` was set to and found: settings, sources, splits, start and
    history.
    """

    name: str
    kind: str
    architecture: dict[str, Any]
    charset: tuple[str, ...]
    normalization: str
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
        values = asdict(self)
        for name, key in IN_FILE.items():
            values[key] = values.pop(name)
        return json.dumps(
            {"format": FORMAT, "format_version": FORMAT_VERSION, **values},
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

    Files that another machine has sent (`SENT`) come first, then installed ones, so that a file in
    the working folder with the name of an installed one must be given as ``./name``. Of the files
    in a folder one is taken: `.onnx`, else `.npz`, else `.safetensors`.

    Raises
    ------
    ModelError
        Nothing of that name exists, and the message lists what does; or it is another kind of file.
    """
    if name in SENT:
        return SENT[name]
    path = Path(name)
    for candidate in installed():
        if name in (candidate.name, candidate.stem):
            return candidate
    if path.is_file():
        if path.suffix in SUFFIXES:
            return path
        raise _another_kind(path)
    if name and path.is_dir():  # an empty name is not the working folder
        return _weights_in(path)
    known = ", ".join(path.name for path in installed()) or "none"
    raise ModelError(
        f"{name or repr(name)}: no such model. Give the path of a weight file or one of: {known}."
    )


def find_language(name: str) -> str:
    """The language model to use for what a person calls a language: its file's name, or a path.

    Raises
    ------
    ModelError
        There is none; the message lists the languages.
    """
    name = LANGUAGE_CODES.get(name.lower(), name)
    if name in ("auto", "none") or name in SENT or (name and Path(name).exists()):
        return name
    files = [path for path in installed() if path.suffix == ".npz"]
    if any(name in (path.name, path.stem) for path in files):
        return name
    known = [path.stem for path in files if read_metadata(path).kind == "language"]
    raise ModelError(
        f"{name or repr(name)}: no such language. Known are {', '.join(known) or 'none'}; auto "
        "chooses among them, none goes by the ink alone, which suits other languages."
    )


def _weights_in(folder: Path) -> Path:
    for suffix in (".onnx", ".npz", ".safetensors"):
        found = sorted(path for path in folder.glob(f"*{suffix}") if path.is_file())
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(path.name for path in found)
            raise ModelError(f"{folder}: several models ({names}). Give the path of one.")
    command = f"ocr train --out {shlex.quote(str(folder))}"
    raise ModelError(f"{folder}: holds no weight file. Train one with `{command}`.")


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
        raise _another_kind(path) from None
    except FileNotFoundError:
        raise ModelError(f"{path}: no such weight file.") from None
    except (OSError, ValueError) as error:
        raise damaged(path, error) from None
    if text is None:
        raise ModelError(f"{path}: not a weight file of ocr. Train one with `ocr train`.")
    return parse_metadata(text, str(path))


def _another_kind(path: Path) -> ModelError:
    return ModelError(f"{path}: not a weight file ({', '.join(SUFFIXES)} expected).")


def damaged(path: Path, error: Exception | str) -> ModelError:
    """The error of a weight file that is not what one of its kind should be.

    One about memory, where that ran out: then nothing is known of the file.
    """
    if memory.ran_out(error):
        return ModelError(f"{path}: there is not enough memory to load it. Free some and retry.")
    return ModelError(
        f"{path}: damaged or unusable weight file ({reason_of(error)}). Reinstall it or train it "
        "again."
    )


def parse_metadata(text: str, where: str) -> Metadata:
    """Check a JSON description; `where` names the file in messages."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ModelError(f"{where}: damaged description. Reinstall the file.") from None
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise ModelError(f"{where}: not a weight file of ocr. Train one with `ocr train`.")
    version = data.pop("format_version", None)
    if type(version) is not int or version > FORMAT_VERSION:
        raise ModelError(
            f"{where}: made by a newer version of ocr (format {version}). Upgrade ocr to use it."
        )
    if RIGHT["min_ocr"](data.get("min_ocr")) and _version(data["min_ocr"]) > _version(__version__):
        raise ModelError(
            f"{where}: needs ocr {data['min_ocr']} or newer, this is {__version__}. Upgrade ocr."
        )
    data |= {name: data.pop(key) for name, key in IN_FILE.items() if key in data}
    known = {f.name for f in fields(Metadata)}
    missing = {"name", "kind", "architecture", "charset"} - data.keys()
    if missing:
        raise ModelError(f"{where}: its description lacks {', '.join(sorted(missing))}.")
    values = {key: value for key, value in data.items() if key in known}
    for key, value in values.items():
        if not RIGHT[key](value):
            raise ModelError(
                f"{where}: its description tells no usable {key}. Reinstall it or train it again."
            )
    if not values["charset"] and values["kind"] in READING:
        raise ModelError(f"{where}: its description tells no usable charset. Reinstall it.")
    values["charset"] = tuple(values["charset"])
    values["data"] = tuple(values.get("data", ()))
    values.setdefault("normalization", "")
    return Metadata(**values)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max  # type: ignore


def _is_charset(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_CHARSET
        and all(isinstance(one, str) and 0 < len(one) <= MAX_CHARACTER for one in value)
        and len(set(value)) == len(value)
    )


def _is_sources(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(map(_is_text, one.values())) for one in value
    )


# What each value of a description must be.
RIGHT: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("name", "kind", "normalization", "date", "commit", "command"), _is_text),
    "min_ocr": lambda value: _is_text(value) and len(value) <= MAX_VERSION,
    **dict.fromkeys(("architecture", "training"), lambda value: isinstance(value, dict)),
    "charset": _is_charset,
    "data": _is_sources,
    "temperature": lambda value: _is_number(value) and 0.01 <= value <= 100,
    "seed": lambda value: type(value) is int and _is_number(value),
    "epochs": _is_number,
    "figures": lambda value: isinstance(value, dict) and all(map(_is_number, value.values())),
}  # fmt: skip


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
    return tuple(int(part) for part in text.split(".") if part.isascii() and part.isdigit())


def _npz_text(path: Path) -> str | None:
    found = read_npz(path, lambda name: name == NPZ_KEY)
    return str(found[NPZ_KEY]) if NPZ_KEY in found else None


def _safetensors_text(path: Path) -> str | None:
    text = safetensors_header(path).get("__metadata__", {}).get(METADATA_KEY)
    return None if text is None else str(text)


def _onnx_text(path: Path) -> str | None:
    return graphs.description(graphs.read(path), METADATA_KEY)


_RAW = {".npz": _npz_text, ".safetensors": _safetensors_text, ".onnx": _onnx_text}
