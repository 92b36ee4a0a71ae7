"""The weight files and their cards; installed as `ocr.models`."""
