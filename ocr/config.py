"""What may be chosen, and options from a file: `ocr.toml`, with a table for each command.

quiet = true

[read]
engine = "lines"
format = ["text", "alto"]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr.errors import ConfigError

FILE_NAME = "ocr.toml"
DISTRIBUTION = "ocr"  # what is installed by pip, as setup.cfg calls it
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"  # builds without 4 GB of CUDA

# Here and not where they are used, which is slow to import: the help of the program names them.
ENGINES = ("auto", "letters", "lines")  # ways of reading
REJECTED = "\N{REPLACEMENT CHARACTER}"  # stands for what was not read surely enough
DPI = 300  # at which a PDF page becomes a picture: what scanners are set to for text
LEVELS = ("auto", "letter", "word", "line")  # of what gets a box in a drawing
KINDS = ("mlp", "cnn", "lines")  # of models that can be trained
AUGMENTATIONS = ("none", "gentle", "strong")  # how much samples are changed in training

# What an option is called by a person -> (what its function calls it, whether it takes several).
Options = Mapping[str, tuple[str, bool]]


def install_hint(extra: str) -> str:
    """The command that brings an extra, for messages.

    Examples
    --------
    >>> install_hint("pdf")
    'pip install "ocr[pdf]"'
    """
    index = f" --extra-index-url {TORCH_INDEX}" if extra == "train" else ""
    return f'pip install "{DISTRIBUTION}[{extra}]"{index}'


def read_config(path: Path, own: Options, commands: Mapping[str, Options]) -> dict[str, Any]:
    """The options in a file, by the names of the functions that take them.

    Parameters
    ----------
    path : Path
    own : mapping
        Options outside of tables: those of the program itself.
    commands : mapping
        Options of each command, whose name is that of a table.

    Returns
    -------
    dict
        What `click.Context.default_map` takes. Values are checked by click, as if typed.

    Raises
    ------
    ConfigError
        The file cannot be read, is not TOML, or has a key that is no option.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with path.open("rb") as stream:
            content = tomllib.load(stream)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: no valid TOML ({error}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not in UTF-8. Save it so.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None
    options: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            if key not in commands:
                raise ConfigError(f"{path}: there is no command [{key}]{_hint(key, commands)}.")
            known = commands[key]
            options[key] = dict(_option(path, f"[{key}] ", k, v, known) for k, v in value.items())
        else:
            places = [name for name, known in commands.items() if key in known]
            if key not in own and places:
                raise ConfigError(
                    f"{path}: {key} belongs under {' or '.join(f'[{name}]' for name in places)}."
                )
            name, checked = _option(path, "", key, value, own)
            options[name] = checked
    return options


def _option(path: Path, place: str, key: str, value: Any, known: Options) -> tuple[str, Any]:
    if key not in known:
        raise ConfigError(f"{path}: {place}{key} is no option{_hint(key, known)}.")
    name, several = known[key]
    if isinstance(value, list) and not several:
        raise ConfigError(f"{path}: {place}{key} takes one value, not a list.")
    if isinstance(value, dict):
        raise ConfigError(f"{path}: {place}{key} takes a value, not a table.")
    return name, [value] if several and not isinstance(value, list) else value


def _hint(key: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, 1)
    return f". Did you mean {close[0]}" if close else f". Known are {', '.join(sorted(known))}"
