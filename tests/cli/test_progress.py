"""ocr.cli.progress: bars are for terminals."""

import os
import pty
import subprocess
import sys

from cli_fakes import picture


def test_progress_only_on_a_terminal(tmp_path):
    paths = [str(picture(tmp_path / f"{k}.png", 255)) for k in range(2)]
    command = [sys.executable, "-m", "ocr", "read", *paths]
    assert b"Reading" not in subprocess.run(command, capture_output=True, check=True).stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                block = os.read(ours, 4096)
            except OSError:  # the terminal is gone
                break
            if not block:
                break
            seen += block
        stdout = process.stdout.read()
    os.close(ours)
    assert b"Reading" in seen
    assert b"2/2" in seen
    assert b"Reading" not in stdout
