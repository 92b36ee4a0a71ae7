"""``python -m ocr`` is the command `ocr`."""

import sys

from ocr.cli import main

sys.exit(main())
