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
from ocr.config import FILE_NAME, read_config
from ocr.errors import ConfigError
from ocr.page import Box, Letter, Line, Page, Word

DOCS = Path(__file__).parent.parent / "docs"
READ = {"engine": ("engine", False), "format": ("formats", True), "force": ("force", False)}


def config(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
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

    def run(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_options_of_a_file(tmp_path):
    path = config(tmp_path, 'quiet = true\n[read]\nengine = "lines"\nformat = "json"\n')
    found = read_config(path, {"quiet": ("quiet", False)}, {"read": READ})
    assert found == {"quiet": True, "read": {"engine": "lines", "formats": ["json"]}}
    assert read_config(config(tmp_path, ""), {}, {}) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[read]\nengin = 1", r"\[read\] engin is no option. Did you mean engine\.$"),
        ("[read]\nx = 1", r"\[read\] x is no option. Known are engine, force, format\.$"),
        ("[raed]\n", r"no command \[raed\]. Did you mean read\.$"),
        ("engine = 1", r": engine belongs under \[read\]\.$"),
        ("x = 1", r": x is no option. Known are quiet\.$"),
        ('[read]\nengine = ["a"]', "engine takes one value, not a list"),
        ("[read.engine]\na = 1", "engine takes a value, not a table"),
        ("[read\n", "no valid TOML"),
    ],
)
def test_what_a_file_cannot_hold(tmp_path, text, message):
    path = config(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as error:
        read_config(path, {"quiet": ("quiet", False)}, {"read": READ})
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
    config(tmp_path, '[read]\nformat = ["text", "tsv"]\noutput = "out"\n')
    assert run("read", "a.png")[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("a.*")) == ["a.tsv", "a.txt"]
    monkeypatch.setenv("OCR_READ_FORMAT", "json hocr")
    assert run("read", "a.png")[0] == 0
    assert (tmp_path / "out" / "a.hocr").exists()


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
    assert err == f"ocr: {FILE_NAME}: [read] formta is no option. Did you mean format.\n"
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
                config(tmp_path, f"[{name}]\n{flag[2:]} = []\n")
                assert f"[{name}] {flag[2:]} takes one value" in run(name)[2]


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


# Quiet, verbose, colours, completion, the manual page


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
def test_colours(run, monkeypatch, capsys, setting):
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
