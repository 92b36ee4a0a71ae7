"""ocr.config and where options come from: command line, environment, file, default."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ocr import cli
from ocr import reader as reader_module
from ocr.config import FILE_NAME, HARMLESS, Option, read_config
from ocr.errors import ConfigError
from ocr.page import Box, Letter, Line, Page, Word

DOCS = Path(__file__).parent.parent / "docs"
OWN = {"quiet": Option("quiet", type=bool)}
READ = {
    "engine": Option("engine"),
    "format": Option("formats", several=True),
    "force": Option("force", type=bool),
    "dpi": Option("dpi", type=int),
    "reject": Option("reject", type=float),
}


def config(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Run the command line in an empty folder, with a reader that tells how it was made."""

    class Told:
        def __init__(self, **options):
            self.options = options

        def read(self, source, on_stage=None):
            letter = Letter(Box(0, 0, 9, 9), self.options["engine"], 0.5)
            return Page(20, 30, (Line((Word((letter,)),)),), engine="letters", warnings=("odd",))

    monkeypatch.setattr(reader_module, "Reader", Told)
    monkeypatch.chdir(tmp_path)
    Image.new("L", (30, 20), 200).save("a.png")

    return run


def test_options_of_a_file(tmp_path):
    path = config(tmp_path, 'quiet = true\n[read]\nengine = "lines"\nformat = "json"\n')
    found = read_config(path, OWN, {"read": READ})
    assert found.options == {"quiet": True, "read": {"engine": "lines", "formats": ["json"]}}
    assert read_config(config(tmp_path, ""), {}, {}).options == {}
    assert read_config(config(tmp_path, "\ufeffquiet = true"), OWN, {}).options == {"quiet": True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[read]\nengin = 1", r"\[read\] engin is no option. Did you mean engine\?$"),
        (
            "[read]\nx = 1",
            r"\[read\] x is no option. Known are dpi, engine, force, format, reject\.$",
        ),
        ("[raed]\n", r"no command \[raed\]. Did you mean read\?$"),
        ("engine = 1", r": engine belongs under \[read\]\.$"),
        ("x = 1", r": x is no option. Known are quiet\.$"),
        ('[read]\nengine = ["a"]', "engine takes one value, not a list"),
        ("[read.engine]\na = 1", "engine takes a value, not a table"),
        ("[read\n", "no valid TOML"),
        ("a = " + "[" * 100_000, r"no valid TOML \(nested too deeply\)"),
        ("#" * 2_000_000, "more than 1 MiB"),
        ("quiet = 1", "quiet takes true or false"),
        ("[read]\nengine = true", "engine takes text in quotes"),
        ("[read]\ndpi = true", "dpi takes a whole number"),
        ("[read]\ndpi = 300.5", "dpi takes a whole number"),
        ('[read]\nreject = "0.5"', "reject takes a number"),
        ('[read]\nformat = ["text", 2]', "format takes text in quotes"),
        ("[read]\nformat = []", "format takes a value at least"),
        ("[read]\ndpi = " + "9" * 5000, "a number of thousands of digits"),
        ('[read]\nengine = "a\\u0000"', "engine takes text without null characters"),
    ],
)
def test_what_a_file_cannot_hold(tmp_path, text, message):
    path = config(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as error:
        read_config(path, OWN, {"read": READ})
    assert str(path) in str(error.value)


def test_unreadable_files(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path, {}, {})
    (tmp_path / FILE_NAME).write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_config(tmp_path / FILE_NAME, {}, {})


def test_order_of_precedence(run, monkeypatch, tmp_path):
    assert run("read", "a.png")[1] == "auto\n"
    config(tmp_path, '[read]\nengine = "letters"\n')
    assert run("read", "a.png")[1] == "letters\n"
    monkeypatch.setenv("OCR_READ_ENGINE", "lines")
    assert run("read", "a.png")[1] == "lines\n"
    assert run("read", "--engine", "auto", "a.png")[1] == "auto\n"
    other = tmp_path / "other.toml"
    other.write_text('[read]\nformat = ["json"]\n')
    status, out, _ = run("--config", other, "read", "a.png")
    assert (status, json.loads(out)["text"]) == (0, "lines")
    monkeypatch.setenv("OCR_CONFIG", str(other))
    assert run("read", "a.png")[1] == out
    monkeypatch.setenv("OCR_READ_FORMAT", "text")
    assert run("read", "a.png")[1] == "lines\n"


def test_several_values(run, monkeypatch, tmp_path):
    path = config(tmp_path, '[read]\nformat = ["text", "tsv"]\noutput = "out"\n')
    assert run("--config", path, "read", "a.png")[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("a.*")) == ["a.tsv", "a.txt"]
    monkeypatch.setenv("OCR_READ_FORMAT", "json hocr")
    assert run("--config", path, "read", "a.png")[0] == 0
    assert (tmp_path / "out" / "a.hocr").exists()


@pytest.fixture
def home(monkeypatch, tmp_path):
    """The folder of a user's own settings."""
    folder = tmp_path / "home" / "ocr"
    folder.mkdir(parents=True)
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: folder)
    return folder


DANGEROUS = """
[read]
engine = "letters"
scheduler = "tcp://example.org:8786"
output = "../stolen.txt"
force = true
resume = true
jobs = 99
model = "evil.onnx"
files-from = "/etc/passwd"
gt = true
line-images = "cut"
language = "evil.npz"
lexicon = "../words.txt"
"""


def test_a_file_that_was_found_neither_writes_nor_loads_nor_connects(run, tmp_path):
    (tmp_path.parent / "words.txt").write_text("word\n")
    before = sorted(tmp_path.iterdir())
    path = config(tmp_path, DANGEROUS)
    status, out, err = run("read", "a.png")
    assert (status, out) == (0, "letters\n")
    used, ignored, odd = err.splitlines()
    assert used == "ocr: options from ocr.toml"
    for key in DANGEROUS.split():
        if f"{key} =" in DANGEROUS and key != "engine":
            assert f"[read] {key}" in ignored
    assert "--config ocr.toml" in ignored
    assert odd == "ocr: warning: a.png: odd"
    assert sorted(tmp_path.iterdir()) == sorted([*before, path])
    assert run("read", "-q", "a.png") == (0, "letters\n", "")


def test_a_file_that_was_named_may_do_all_that_options_can(run, tmp_path):
    path = config(tmp_path, '[read]\noutput = "b.txt"\n')
    status, out, err = run("--config", path, "read", "a.png")
    assert (status, out) == (0, "")
    assert "options from" not in err
    assert (tmp_path / "b.txt").exists()


def test_the_words_of_a_file_that_was_named_are_beside_it(run, monkeypatch, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "names.txt").write_text("Anna\n")
    seen = []
    told = reader_module.Reader
    monkeypatch.setattr(reader_module, "Reader", lambda **o: seen.append(o) or told(**o))
    path = config(tmp_path / "deep", '[read]\nlexicon = "names.txt"\n')
    assert run("--config", path, "read", "a.png")[0] == 0
    assert seen[0]["lexicon"] == ["Anna"]


def test_words_and_languages_of_a_file_that_was_found(run, monkeypatch, tmp_path):
    (tmp_path / "names.txt").write_text("Anna\n")
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    seen = []
    told = reader_module.Reader
    monkeypatch.setattr(reader_module, "Reader", lambda **o: seen.append(o) or told(**o))
    config(tmp_path, '[read]\nlexicon = "names.txt"\nlanguage = "french"\n')
    assert "ignored" not in run("read", "a.png")[2]
    assert (seen[0]["lexicon"], seen[0]["language"]) == (["Anna"], "french")
    config(tmp_path, '[read]\nlanguage = "FR"\n')
    assert "ignored" not in run("read", "a.png")[2] and seen[-1]["language"] == "french"
    for odd in ("a\\u0000b", "x" * 5000):  # no names of files
        found = read_config(
            config(tmp_path, f'[read]\nlexicon = "{odd}"\n'),
            {},
            {"read": {"lexicon": Option("lexicon")}},
            named=False,
        )
        assert (found.options, found.ignored) == ({"read": {}}, ("[read] lexicon",))
    config(tmp_path, '[read]\nlexicon = "link.txt"\n')
    assert "[read] lexicon ignored" in run("read", "a.png")[2]
    config(tmp_path, 'quiet = true\n[read]\nlexicon = "lost.txt"\n')
    status, _, err = run("read", "a.png")
    assert status == 2 and "lost.txt: cannot be read" in err


def test_a_users_own_file_stands_behind_the_folders(run, home, tmp_path):
    config(home, '[read]\nengine = "lines"\nformat = "json"\noutput = "x"\n')
    config(tmp_path, '[read]\nengine = "letters"\n')
    status, out, err = run("read", "a.png")
    assert (status, json.loads(out)["text"]) == (0, "letters")
    assert f"options from {home / FILE_NAME}\n" in err
    assert "[read] output ignored" in err
    (tmp_path / FILE_NAME).unlink()
    assert json.loads(run("read", "a.png")[1])["text"] == "lines"


def test_what_is_harmless_is_an_option():
    flags = {
        flag.lstrip("-")
        for command in (cli.cli, *cli.cli.commands.values())
        for option in command.params
        for flag in option.opts
    }
    assert flags >= HARMLESS


def test_what_boxes_are_drawn_around_stands_in_a_file_that_was_found(run, tmp_path):
    config(tmp_path, '[boxes]\nlevel = "word"\n')
    assert "ignored" not in run("read", "a.png")[2]


def test_wrong_values_tell_where_they_stand(run, monkeypatch, tmp_path):
    config(tmp_path, '[read]\nengine = "none"\n')
    status, out, err = run("read", "a.png")
    assert (status, out) == (2, "")
    assert "--engine" in err
    assert "from the file of options" in err
    monkeypatch.setenv("OCR_READ_ENGINE", "nothing")
    assert "from the environment: OCR_READ_ENGINE" in run("read", "a.png")[2]
    assert "from the" not in run("read", "--engine", "x", "a.png")[2]


def test_unknown_keys_end_it(run, tmp_path):
    config(tmp_path, "[read]\nformta = 'json'\n")
    status, out, err = run("read", "a.png")
    assert (status, out) == (2, "")
    assert err == f"ocr: {FILE_NAME}: [read] formta is no option. Did you mean format?\n"
    assert run("--help")[0] == 0
    status, _, err = run("--config", "none.toml", "models")
    assert status == 2
    assert "none.toml: cannot be read" in err


def test_every_option_can_stand_in_a_file(run, tmp_path):
    """None is shadowed by another, and each is found by the name that a person knows."""
    for name, command in cli.cli.commands.items():
        for option in command.params:
            if option.param_type_name == "option" and not option.multiple:
                flag = next(flag for flag in option.opts if flag.startswith("--"))
                path = config(tmp_path, f"[{name}]\n{flag[2:]} = []\n")
                assert f"[{name}] {flag[2:]} takes one value" in run("--config", path, name)[2]


def test_every_option_has_a_variable_of_its_own():
    names = [
        name
        for command in (cli.cli, *cli.cli.commands.values())
        for option in command.params
        if option.param_type_name == "option" and option.name != "version"
        for name in ([option.envvar] if isinstance(option.envvar, str) else option.envvar)
    ]
    assert {"OCR_QUIET", "OCR_READ_FORMAT", "OCR_READ_LINE_IMAGES", "OCR_EVAL_JSON"} <= set(names)
    assert len(set(names)) == len(names)
    assert "OCR_DATA" not in names  # the training data


# Quiet, verbose, colors, completion, the manual page


def test_quiet_and_verbose(run, monkeypatch, tmp_path):
    assert run("read", "a.png")[2] == "ocr: warning: a.png: odd\n"
    for arguments in (["read", "--quiet"], ["-q", "read"]):
        assert run(*arguments, "a.png") == (0, "auto\n", "")
    assert "no such file" in run("read", "-q", "none.png")[2]
    status, _, err = run("read", "-v", "a.png")
    assert status == 0
    told = r"ocr: a\.png: 1 line, 1 character, 50% sure, by letters, \d+\.\d\d s"
    assert re.fullmatch(told, err.splitlines()[1])
    config(tmp_path, "quiet = true\n")
    assert run("read", "a.png")[2] == ""
    (tmp_path / FILE_NAME).unlink()
    monkeypatch.setenv("OCR_QUIET", "1")
    assert run("read", "a.png")[2] == ""


@pytest.mark.parametrize("setting", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colors(run, monkeypatch, capsys, setting):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli.click.utils, "should_strip_ansi", lambda *_: False)
    err = run("read", "none.png")[2]
    assert ("\x1b" in err) == (not setting)
    monkeypatch.undo()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    def complete(words: str, position: int, word: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from ocr.cli import main; sys.exit(main())"],
            env={
                "_OCR_COMPLETE": f"{shell}_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": word if shell == "fish" else str(position),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        return re.findall(r"[\w-]+", done.stdout)

    assert "--format" in complete("ocr read --for", 2, "--for")
    assert "hocr" in complete("ocr read --format h", 3, "h")
    assert "models" in complete("ocr mo", 1, "mo")
    for words in ("ocr read ph", "ocr train ph", "ocr read --model ph", "ocr read --lexicon ph"):
        assert "file" in complete(words, len(words.split()) - 1, "ph")  # left to the shell


def test_the_manual_page_is_fresh():
    made = runpy.run_path(str(DOCS / "cli.py"))["page"]()
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == made, "run: python docs/cli.py"
    for name in cli.cli.commands:
        assert f"## ocr {name}\n" in made


def test_help_fits_a_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in ([], *([name] for name in cli.cli.commands)):
        rows = run(*arguments, "--help")[1].splitlines()
        assert not [row for row in rows if len(row) > 80 and "--format [" not in row]
        assert not [row for row in rows if row.endswith("...") and "Usage" not in row]
