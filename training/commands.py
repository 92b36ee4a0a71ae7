"""What the commands of `training` have in common: how they end, and numbers above zero."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable

from ocr.cli.signals import INTERRUPTED
from ocr.errors import OcrError


def run(main: Callable[[], None]) -> None:
    """Run a command; an expected failure ends it with its message alone, Ctrl-C with none.

    Missing files and full disks are expected.
    """
    try:
        main()
    except (OcrError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def above_zero(text: str) -> float:
    """A number given on the command line that must be above zero."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
    return value
