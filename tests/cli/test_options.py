"""ocr.cli.options: what is typed reaches the reader, and wrong values are told."""

import os

import pytest
from cli_fakes import NOT_ASKED, picture


@pytest.mark.parametrize(
    ("value", "characters"),
    [
        ("abc", "abc"),
        ("aab", "ab"),
        ("digits", "0123456789"),
        ("digits+.", "0123456789."),
        ("digits++", "0123456789+"),
        ("+digits", "+0123456789"),
        ("1+2", "1+2"),
        ("+", "+"),
        ("upper+digits", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
        ("Digits", "Digts"),
        ("0-9", "0123456789"),
        ("a-cX-Z", "abcXYZ"),
        ("0-3.,-", "0123.,-"),
        ("+-*/", "+-*/"),
        ("Z-a", "Z-a"),
        ("digits+a-c", "0123456789abc"),
    ],
)
def test_charset(run, fake, tmp_path, value, characters):
    assert run("read", "--charset", value, picture(tmp_path / "a.png"))[0] == 0
    assert fake.asked[-1]["charset"] == characters


def test_options_reach_the_reader(run, fake, tmp_path):
    a = picture(tmp_path / "a.png")
    options = ("--engine", "letters", "--model", "own.onnx", "--charset", "ab")
    expected = {"engine": "letters", "model": "own.onnx", "charset": "ab"}
    expected = {**NOT_ASKED, "language": "auto", **expected}
    assert run("read", *options, a)[0] == 0
    assert run("boxes", *options, a, "--json")[0] == 0
    assert fake.asked == [expected, expected]


class TestHowToRead:
    def test_the_options_reach_the_reader(self, run, fake, tmp_path):
        words = tmp_path / "words.txt"
        words.write_text("MILK\nBREAD\n", encoding="utf-8")
        photo = picture(tmp_path / "a.png")
        options = ("--lexicon", words, "--pattern", "date", "--reject", "0.5")
        assert run("read", *options, "--language", "french", photo)[0] == 0
        assert run("read", "--no-lm", photo)[0] == 0
        first, second = fake.asked
        assert first["lexicon"] == ["MILK", "BREAD"] and first["pattern"] == "date"
        assert (first["reject"], first["language"]) == (0.5, "french")
        assert (second["language"], second["lexicon"]) == ("none", None)

    def test_what_counts_more_sets_aside_what_does_not_go_with_it(
        self, run, fake, monkeypatch, tmp_path
    ):
        photo, file = picture(tmp_path / "a.png"), tmp_path / "own.toml"
        file.write_text('[read]\nlanguage = "french"\npattern = "date"\njobs = 2\n')
        typed = ("--no-lm", "--engine", "letters")
        assert run("--config", file, "read", *typed, photo)[0] == 0
        file.write_text('[read]\nno-lm = true\nengine = "letters"\n')
        monkeypatch.setenv("OCR_READ_LANGUAGE", "french")
        monkeypatch.setenv("OCR_READ_JOBS", "2")
        assert run("--config", file, "read", "--pattern", "date", photo)[0] == 0
        names = ("language", "engine", "pattern")
        assert [[one[name] for name in names] for one in fake.asked] == [
            ["none", "letters", None],
            ["french", "auto", "date"],
        ]
        assert run("read", "--jobs", "2", photo)[0] == 2

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            (("--lexicon", "no-such-file.txt"), "cannot be read"),
            (("--lexicon", os.devnull), "holds no words"),
            (("--pattern", "("), "no regular expression"),
            (("--pattern", "date", "--engine", "letters"), "--pattern needs lines"),
            (("--no-lm", "--language", "french"), "--no-lm reads without --language"),
            (("--reject", "2"), "--reject"),
            (("--output", ""), "an empty name of a file"),
            (("--timeout", "1e300"), "--timeout"),
            (("--pages", "9" * 5000), "no page range"),
            (("--pattern", "a" * 100_000), "longer than"),
        ],
    )
    def test_wrong_values(self, run, options, reason):
        status, out, err = run("read", *options, "a.png")
        assert (status, out) == (2, "") and reason in err

    @pytest.mark.parametrize(
        "content",
        ["x" * 5000, "one two\n" * 600_000, "".join(f"{k:0200}\n" for k in range(20_000))],
    )
    def test_what_is_no_list_of_words(self, run, tmp_path, content):
        words = tmp_path / "words.txt"
        words.write_text(content, encoding="utf-8")
        status, out, err = run("read", "--lexicon", words, "a.png")
        assert (status, out) == (2, "") and "no list of words" in err
