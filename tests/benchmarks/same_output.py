"""Whether a change of the code left what is read as it was, byte for byte.

    OCR_DATA=... python tests/benchmarks/same_output.py --save before.json
    OCR_DATA=... python tests/benchmarks/same_output.py --check before.json

Read are the pictures of `images/` and of the folders `photos` and `photos2` of the data, each by
`ocr read --format json` in a process of its own, by the default way and letter by letter. Saved is
all that it prints. The check names what came out differently, and then exits with 1.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ("auto", "letters")


def pictures() -> list[str]:
    """Paths of the pictures, those of the checkout relative to it."""
    folders = [Path("images")]
    if "OCR_DATA" in os.environ:
        folders += [Path(os.environ["OCR_DATA"]) / name for name in ("photos", "photos2")]
    suffixes = (".jpg", ".jpeg", ".png")
    return [
        str(folder / path.name)
        for folder in folders
        for path in sorted((ROOT / folder).iterdir())
        if path.suffix.lower() in suffixes
    ]


def read(picture: str, engine: str) -> str:
    """What `ocr read` prints of a picture, on stdout and stderr."""
    arguments = ["read", picture, "--format", "json", "--engine", engine]
    done = subprocess.run(
        [sys.executable, "-m", "ocr", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return f"{done.stdout}\n{done.stderr}\n{done.returncode}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--save", type=Path, metavar="FILE", help="keep what is read now")
    what.add_argument("--check", type=Path, metavar="FILE", help="compare with what was kept")
    arguments = parser.parse_args()

    now = {f"{name} {engine}": read(name, engine) for name in pictures() for engine in ENGINES}
    if arguments.save is not None:
        arguments.save.write_text(json.dumps(now, indent=1), encoding="utf-8")
        print(f"{len(now)} readings saved")
        return 0
    before = json.loads(arguments.check.read_text(encoding="utf-8"))
    differing = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    for key in differing:
        print(f"differs: {key}")
    print(f"{len(before.keys() | now.keys()) - len(differing)} the same, {len(differing)} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
