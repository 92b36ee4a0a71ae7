"""The command `ocr`, and ``python -m ocr``."""

import sys


def main() -> int:
    """Run the command line. Ctrl-C while it is loaded, which takes a moment, ends it as later."""
    try:
        from ocr.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("ocr: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
