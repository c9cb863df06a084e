"""Hooks of MkDocs: the reference of commands is made from the command line's options; links out of docs/ are names."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from typer.main import get_command

from plaudit.app.cli import app, imported

_MARK = "<!-- commands -->"
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+((?:notebooks|benchmarks|examples)/[^)]+)\)")


def on_page_markdown(markdown: str, **_: Any) -> str:  # Any: what MkDocs hands to hooks
    """Return a page with every command where it has the mark, and files of the repository as names."""
    if _MARK in markdown:
        markdown = markdown.replace(_MARK, "\n".join(_commands(get_command(app), "plaudit")))
    return _OUTSIDE.sub(r"\1 (`\2` in the repository)", markdown)


def _commands(command: Any, name: str) -> Iterator[str]:  # Any: Click's commands, which Typer keeps to itself
    if subcommands := getattr(command, "commands", None):
        for each, sub in subcommands.items():
            if not sub.hidden:
                yield from _commands(sub, f"{name} {each}")
        return
    command = imported(command)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    usage = " ".join(each.name.upper() if each.required else f"[{each.name.upper()}]" for each in arguments)
    yield f"\n## {name}\n\n{command.help}\n\n```text\n{' '.join(filter(None, (name, usage)))} [OPTIONS]\n```\n"
    for each in arguments:
        yield f"`{each.name.upper()}`: {_cell(each.help or '')}\n"
    if options:
        yield "| option | what it does |\n|---|---|"
    for each in options:
        names = ", ".join(f"`{option}`" for option in (*each.opts, *each.secondary_opts))
        choices = _choices(each.type_descriptor.annotation)
        values = f" ({', '.join(f'`{choice}`' for choice in choices)})" if choices else ""
        yield f"| {names}{values} | {_cell(each.help or '')} |"


def _choices(annotation: Any) -> tuple[object, ...]:  # Any: a type
    """Return what a Literal allows, also inside of ``Literal[...] | None``."""
    within = (annotation, *get_args(annotation))
    return next((get_args(each) for each in within if get_origin(each) is Literal), ())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
