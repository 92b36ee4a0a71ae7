# The checks, as .ci/run runs them, in the current environment: see CONTRIBUTING.md.
.PHONY: check lint types doctest test format

check: lint types doctest test

lint:
	ruff check .
	ruff format --check .

types:
	mypy

doctest:
	python -m pytest --doctest-modules ocr training

test:
	python -m pytest

format:
	ruff check --fix .
	ruff format .
