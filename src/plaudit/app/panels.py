"""Help whose options stand in panels, in plain text: those that most people need first.

A command's options are told apart by name: `PANELS` says which panel each belongs to, and whatever is not named there
is advanced. The decision to question: Typer's own panels need its boxes, which a pipe and a narrow terminal break.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

ADVANCED = "Advanced"
PANELS: dict[str, tuple[str, ...]] = {
    "Data": (
        "text_column", "label_column", "label_separator", "validation", "test", "group_by", "skip_invalid", "clean",
    ),
    "Recipe": ("recipe", "embedding", "encoder", "trainable", "n_max", "chars", "max_tokens", "device", "teacher"),
    "Training": (
        "epochs", "batch_size", "learning_rate", "class_weight", "early_stopping", "patience", "refit", "seed",
    ),
    "Output": ("output", "config", "resume", "verbose", "help"),
}  # fmt: skip


class PanelledCommand(TyperCommand):
    """A command whose help has a panel for each of `PANELS`, and the rest under `ADVANCED`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # Any: Click's, which Typer keeps to itself
        """Write the arguments, then each panel with its options in their order there."""
        records: dict[str, tuple[str, str]] = {}
        arguments = []
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                if parameter.param_type_name == "argument":
                    arguments.append(record)
                else:
                    records[parameter.name] = record
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        for panel, names in PANELS.items():
            with formatter.section(panel):
                formatter.write_dl([records.pop(name) for name in names if name in records])
        with formatter.section(ADVANCED):
            formatter.write_dl(list(records.values()))
