"""`ocr models`."""

from __future__ import annotations

from typing import Any

import click

from ocr.cli.console import check_out, complain, in_json, write_out
from ocr.cli.options import common, format_option, in_json_wanted, output
from ocr.errors import ExitCode, ModelError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@format_option
@output("Write the list there instead of to stdout.")
@common
def models(as_json: bool, format_: str | None, out: str | None) -> int:
    """List the installed weight files.

    Of each: what it is for, the data it was trained on with their licenses, measured figures, and
    whether the file is the one that was published (checksum).
    """
    from ocr.weights import checksum_state, installed, models_dir, read_metadata

    check_out(out)
    found = []
    status = ExitCode.OK
    for path in installed():
        try:
            about = read_metadata(path)
        except ModelError as error:
            complain(error)
            status = ExitCode.MODEL
            continue
        checksum = checksum_state(path)
        if checksum == "changed":
            complain(ModelError(f"{path}: its SHA-256 is not the one stored. Reinstall it."))
            status = ExitCode.MODEL
        found.append(
            {
                "file": path.name,
                "name": about.name,
                "kind": about.kind,
                "characters": len(about.charset),
                "charset": "".join(about.charset),
                "data": list(about.data),
                "figures": about.figures,
                "checksum": checksum,
            }
        )
    if not found and status == ExitCode.OK:
        raise ModelError(f"{models_dir()}: no weight files here. Reinstall ocr or train a model.")
    as_json = in_json_wanted(as_json, format_, out)
    write_out(in_json(found) if as_json else "\n".join(map(_model_card, found)), out)
    return status


def _model_card(model: dict[str, Any]) -> str:
    rows: tuple[tuple[str, list[str]], ...] = (
        ("kind", [model["kind"]]),
        ("charset", [f"{model['characters']} characters"]),
        ("data", [f"{one.get('name', '?')}: {one.get('licence', '?')}" for one in model["data"]]),
        ("figures", [f"{name}: {value:g}" for name, value in model["figures"].items()]),
        ("checksum", [model["checksum"]]),
    )
    card = f"{model['file']}\n"
    for title, values in rows:
        for value in values:
            card += f"  {title:9} {value}\n"
            title = ""
    return card
