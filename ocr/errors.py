"""The errors a person can meet, and the exit code each one ends with.

Library code raises these; only the command line turns them into a line on stderr and a status.
Every message names the file concerned and says what to try.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of the command line. Part of the stable interface."""

    OK = 0
    SOME_FAILED = 1  # at least one input could not be read; the others were
    USAGE = 2  # click's own code for a wrong option
    MODEL = 3  # a weight file is missing, damaged, foreign or too new


class OcrError(Exception):
    """Base of every expected failure; `exit_code` is what the command line ends with."""

    exit_code = ExitCode.SOME_FAILED


class ImageError(OcrError):
    """An input cannot be opened or decoded as an image."""


class OutputError(OcrError):
    """A result cannot be written where it was asked for."""


class ModelError(OcrError):
    """A weight file is missing, damaged, foreign or newer than this version."""

    exit_code = ExitCode.MODEL


class DataError(OcrError):
    """Training or evaluation data cannot be used."""


class ConfigError(OcrError):
    """The file with options cannot be used."""

    exit_code = ExitCode.USAGE
