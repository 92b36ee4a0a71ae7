"""What the commands of `training` have in common."""

import argparse
import subprocess
import sys

import pytest

from ocr.errors import DataError
from training.commands import above_zero, run


@pytest.mark.parametrize("error", [DataError("no data."), FileNotFoundError(2, "missing", "a")])
def test_an_expected_failure_ends_a_command_with_its_message_alone(error):
    def main():
        raise error

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == str(error)


def test_ctrl_c_ends_a_command_without_a_traceback():
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 130


@pytest.mark.parametrize("name", ["page", "lines"])
def test_a_training_of_no_minutes_is_refused_before_it_begins(name, tmp_path):
    command = [sys.executable, "-m", f"training.recipes.{name}", "--out", tmp_path / "a.ckpt"]
    shards = ["--shards", tmp_path] if name == "lines" else []
    done = subprocess.run([*command, *shards, "--minutes", "0"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--minutes: must be above 0, not 0" in done.stderr


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf"])
def test_what_must_be_above_zero_is(text):
    with pytest.raises(argparse.ArgumentTypeError):
        above_zero(text)
    assert above_zero("0.5") == 0.5
