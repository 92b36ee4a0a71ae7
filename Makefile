# The checks, as .ci/run runs them, in the current environment: see CONTRIBUTING.md.
.PHONY: check lint types doctest test format

check: lint types doctest test

lint:
	ruff check .
	ruff format --check .

types:
	mypy

doctest:  # OCRmyPDF, which the plugin imports, is an extra of its own
	python -m pytest --doctest-modules --ignore=ocr/ocrmypdf_plugin.py ocr training

test:
	python -m pytest -n auto --maxprocesses 4 --dist worksteal

format:
	ruff check --fix .
	ruff format .
