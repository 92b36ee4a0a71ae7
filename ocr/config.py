"""What may be chosen, and options from a file: `ocr.toml`, with a table for each command.

quiet = true

[read]
engine = "lines"
format = ["text", "alto"]

A file that was named may set every option. One that was found by itself, in the working folder or
where the system keeps a user's settings, may have come with somebody's pictures: it sets only what
neither writes, nor loads, nor connects (`HARMLESS`).
"""

from __future__ import annotations

import string
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ocr.errors import ConfigError

FILE_NAME = "ocr.toml"
DISTRIBUTION = "ocr"  # what is installed by pip, as setup.cfg calls it
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"  # builds without 4 GB of CUDA
MAX_BYTES = 1 << 20  # of a file of options

# What a file may set that was found by itself. All else, options to come included, only where a
# person names it: by --config, in the environment, or typed.
HARMLESS = frozenset(
    (
        *("quiet", "verbose", "debug", "json"),
        *("engine", "charset", "language", "no-lm", "lexicon", "pattern", "reject"),
        *("dpi", "pages", "recursive", "format", "join", "timeout", "level"),
        *("normalize", "normalise", "ignore-case", "ignore-spaces"),
        *("kind", "epochs", "rate", "batch", "augmentation", "replay", "patience", "seed"),
    )
)

# Here and not where they are used, which is slow to import: the help of the program names them.
ENGINES = ("auto", "letters", "lines")  # ways of reading
REJECTED = "\N{REPLACEMENT CHARACTER}"  # stands for what was not read surely enough
DPI = 300  # at which a PDF page becomes a picture: what scanners are set to for text
DPI_RANGE = (36, 2400)  # half of what screens show, to what scanners are set to
CHARSETS = {  # what --charset calls them
    "digits": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "alnum": string.ascii_letters + string.digits,
    "punct": string.punctuation,
}
LEVELS = ("auto", "letter", "word", "line")  # of what gets a box in a drawing
KINDS = ("mlp", "cnn", "lines")  # of models that can be trained
AUGMENTATIONS = ("none", "gentle", "strong")  # how much samples are changed in training


class Option(NamedTuple):
    """What an option's function calls it, whether it takes several values, and of which type."""

    name: str
    several: bool = False
    type: type = str  # bool, int, float or str


def install_hint(extra: str) -> str:
    """The command that brings an extra, for messages.

    Examples
    --------
    >>> install_hint("pdf")
    'pip install "ocr[pdf]"'
    """
    index = f" --extra-index-url {TORCH_INDEX}" if extra == "train" else ""
    return f'pip install "{DISTRIBUTION}[{extra}]"{index}'


Options = Mapping[str, Option]  # by what a person calls them
TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


class Config(NamedTuple):
    """What a file holds: options as `click.Context.default_map` takes them, and what was ignored.

    `ignored` names keys such as "[read] output" of a file that was found by itself.
    """

    options: dict[str, Any]
    ignored: tuple[str, ...] = ()


def found_configs() -> list[Path]:
    """The files of options that count without being named: the user's own, then the folder's."""
    from platformdirs import user_config_path

    own = user_config_path("ocr", appauthor=False) / FILE_NAME
    return [path for path in (own, Path(FILE_NAME)) if path.is_file()]


def read_config(
    path: Path, own: Options, commands: Mapping[str, Options], named: bool = True
) -> Config:
    """The options in a file, by the names of the functions that take them.

    Parameters
    ----------
    path : Path
    own : mapping
        Options outside of tables: those of the program itself.
    commands : mapping
        Options of each command, whose name is that of a table.
    named : bool
        Whether a person named the file; of another only what is harmless is taken.

    Returns
    -------
    Config
        Of values only the type is checked here, their range by click, as if typed.

    Raises
    ------
    ConfigError
        The file cannot be read, is not TOML, has a key that is no option, or a value of another
        type.
    """
    content = _parsed(path)
    options: dict[str, Any] = {}
    ignored: list[str] = []

    def take(into: dict[str, Any], place: str, key: str, value: Any, known: Options) -> None:
        if key not in known:
            raise ConfigError(f"{path}: {place}{key} is no option. {_hint(key, known)}")
        if not named and not _is_harmless(path, key, value):
            ignored.append(f"{place}{key}")
            return
        into[known[key].name] = _checked(f"{path}: {place}{key}", value, known[key])

    for key, value in content.items():
        if isinstance(value, dict):
            if key not in commands:
                raise ConfigError(f"{path}: there is no command [{key}]. {_hint(key, commands)}")
            table = options.setdefault(key, {})
            for inner, one in value.items():
                take(table, f"[{key}] ", inner, one, commands[key])
            if "lexicon" in table:  # its path is that of the file, not of the process
                table["lexicon"] = str(path.parent / table["lexicon"])
        else:
            places = [name for name, known in commands.items() if key in known]
            if key not in own and places:
                raise ConfigError(
                    f"{path}: {key} belongs under {' or '.join(f'[{name}]' for name in places)}."
                )
            take(options, "", key, value, own)
    return Config(options, tuple(ignored))


def _parsed(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{path}: more than {MAX_BYTES >> 20} MiB. Name a file of options.")
        return tomllib.loads(data.decode("utf-8-sig"))  # as some editors save it
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: no valid TOML ({error}).") from None
    except RecursionError:
        raise ConfigError(f"{path}: no valid TOML (nested too deeply).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not in UTF-8. Save it so.") from None
    except ValueError:  # of `int`, which has a limit
        raise ConfigError(f"{path}: no valid TOML (a number of thousands of digits).") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from None


def _is_harmless(path: Path, key: str, value: Any) -> bool:
    """Whether a file that was found by itself may set this."""
    if key == "lexicon" and isinstance(value, str):  # a file of its own folder; one that is not
        # there is told when it is to be read
        try:
            folder, place = path.parent.resolve(), (path.parent / value).resolve()
            return place.is_relative_to(folder) and (place.is_file() or not place.exists())
        except (OSError, ValueError, RuntimeError):  # no name of a file, or links in a circle
            return False
    if key == "language" and isinstance(value, str):  # what is installed: a path would be loaded
        from ocr.weights import LANGUAGE_CODES, installed

        name = LANGUAGE_CODES.get(value.lower(), value)
        return name in ("auto", "none", *(weights.stem for weights in installed()))
    return key in HARMLESS


def _checked(place: str, value: Any, option: Option) -> Any:
    """The value of an option, if it is of its type."""
    if isinstance(value, dict):
        raise ConfigError(f"{place} takes a value, not a table.")
    if isinstance(value, list) and not option.several:
        raise ConfigError(f"{place} takes one value, not a list.")
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ConfigError(f"{place} takes a value at least.")
    wanted = (int, float) if option.type is float else option.type
    for one in values:
        if not isinstance(one, wanted) or isinstance(one, bool) != (option.type is bool):
            raise ConfigError(f"{place} takes {TYPES[option.type]}.")
        if isinstance(one, str) and "\0" in one:
            raise ConfigError(f"{place} takes text without null characters.")
    return values if option.several else value


def _hint(key: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, 1)
    return f"Did you mean {close[0]}?" if close else f"Known are {', '.join(sorted(known))}."
