"""Write docs/cli.md, the manual page, from the help of the program: python docs/cli.py."""

import inspect
import re
import sys
from pathlib import Path

import click

from ocr.cli import cli

PAGE = Path(__file__).with_suffix(".md")
HEAD = """# The command `ocr`

<!-- Made by python docs/cli.py from the program's help; a test keeps it fresh. -->
"""


def page() -> str:
    """The manual page in Markdown."""
    commands = (cli.commands[name] for name in sorted(cli.commands))
    return "\n".join(
        [HEAD, _section(cli, "ocr"), *(_section(c, f"ocr {c.name}") for c in commands)]
    )


def _section(command: click.Command, name: str) -> str:
    arguments = [p.metavar or "" for p in command.params if isinstance(p, click.Argument)]
    if isinstance(command, click.Group):
        arguments = ["COMMAND", "..."]
    parts = [f"## {name}\n", f"    {' '.join([name, '[OPTIONS]', *arguments])}\n"]
    parts += [_paragraph(text) for text in inspect.cleandoc(command.help or "").split("\n\n")]
    if isinstance(command, click.Group):
        rows = [
            f"- `{name} {c.name}`: {c.get_short_help_str(limit=100)}"
            for c in sorted(command.commands.values(), key=lambda c: c.name or "")
        ]
        parts.append("\n".join(rows) + "\n")
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    parts += ["Options:\n", "\n".join(map(_option, options)) + "\n"]
    return "\n".join(parts)


def _paragraph(text: str) -> str:
    if text.startswith("\b"):  # set as it is: examples
        return "\n".join(f"    {row}" for row in text.removeprefix("\b\n").splitlines()) + "\n"
    return " ".join(text.split()).replace("==> FILE <==", "`==> FILE <==`") + "\n"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))
    if not option.is_flag and not option.count:
        if isinstance(option.type, click.Choice):
            value = "|".join(map(str, option.type.choices))
        else:
            value = option.metavar or option.type.name.upper().replace("INTEGER RANGE", "INTEGER")
        names = names.removesuffix("`") + f" {value}`"
    text = re.sub(r"\s*\[default: (.*?)\]$", r" Default: \1.", option.help or "")
    default = option.default
    if option.show_default and not option.is_flag and default is not None:
        shown = ", ".join(default) if isinstance(default, (list, tuple)) else default
        text += f" Default: `{shown}`."
    return f"- {names}: {text}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
