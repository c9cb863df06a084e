"""`plaudit advise`: what a data set is like, which recipe suits it, how long that takes here, and the command to run.

A data set's own test part stays closed: training texts are read, and unlabelled ones counted.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from plaudit.app.doctor import gpu_name
from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, Language, reads_data
from plaudit.app.plain import plain
from plaudit.app.terminal import make_console
from plaudit.app.train.monitors import duration
from plaudit.config import DataSpec, check_language
from plaudit.cores import usable_cores

if TYPE_CHECKING:
    from plaudit.models.advice import Advice, DataFacts, Machine, Option

_SMALL_SHARE = 0.01  # of the letters; scripts below it are not named


@errors_as_lines
@reads_data
def advise(
    data: Data,
    as_json: AsJson = False,
    language: Language = None,
    *,
    spec: DataSpec,
) -> None:
    """Print advice on a data set.

    Raises:
        ConfigError: The language is no code.
        DataError: The data cannot be read.
    """
    from plaudit.app.run.parts import describe_origin
    from plaudit.data import load_dataset
    from plaudit.models.advice import advise as choose
    from plaudit.models.advice import look_at

    if language is not None:
        check_language(language)
    console = make_console()
    splits = load_dataset(
        data,
        spec=replace(spec, skip_invalid=True),
        progress=console.is_terminal and not as_json,
        parts=("train", "unlabelled"),
    )
    n_unlabelled = 0 if splits.unlabelled is None else len(splits.unlabelled)
    facts = look_at(splits.train, n_unlabelled=n_unlabelled, language=language)
    machine = this_machine()
    advice = choose(facts, machine)
    left_out = splits.train.origin is not None and bool(splits.train.origin.left_out)
    spec = replace(spec, skip_invalid=spec.skip_invalid or left_out)
    recipe = advice.choice.recipe if advice.beside is None else "auto"
    said = [] if language is None else ["--language", language]
    command = shlex.join(["plaudit", "train", data, "--recipe", recipe, *said, *spec.flags()])
    if as_json:
        found = {
            "data": asdict(facts) | {"ratio": facts.ratio, "is_english": facts.is_english},
            "machine": asdict(machine),
            "advice": asdict(advice),
            "command": command,
        }
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for line in (*describe_origin(splits.train), *describe_advice(data, facts, machine, advice)):
        console.print(plain(line), markup=False)
    console.print(f"Next: {command}", markup=False)


def advice_line(facts: DataFacts, *, recipe: str, source: str) -> str | None:
    """Return the line that `plaudit train` begins with when no recipe was named; None if the default suits.

    Args:
        facts: Of the training texts.
        recipe: The default recipe.
        source: What the user named as data.
    """
    from plaudit.models.advice import advise as choose

    advised = choose(facts, this_machine(ask_for_gpu=False)).choice.recipe
    if advised == recipe:
        return None
    return (
        f"Recipe: {recipe} (the default); for {facts.n_texts:,} texts of {facts.median_words:,} words, --recipe "
        f"{advised} is usually more accurate: plaudit advise {shlex.quote(source)}"
    )


def this_machine(*, ask_for_gpu: bool = True) -> Machine:
    """Return what this machine offers; asking for a GPU imports torch where it is installed, which takes seconds."""
    from plaudit.embeddings.minilm_package import WEIGHTS_PACKAGE
    from plaudit.models.advice import Machine

    has_torch = all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers", WEIGHTS_PACKAGE))
    return Machine(usable_cores(), has_torch, gpu_name() if has_torch and ask_for_gpu else None)


def describe_advice(data: str, facts: DataFacts, machine: Machine, advice: Advice) -> list[str]:
    """Return the advice as lines for a person, without the command."""
    beside = advice.beside
    where = f"{machine.cores} cores" + ("" if machine.gpu is None else f", {machine.gpu}")
    lines = [
        f"Data: {plain(data)}, {_describe_data(facts)}.",
        f"Advice: --recipe {advice.choice.recipe}. {advice.choice.reason}",
        f"Training time, estimated for this machine ({where}): {_time(advice.choice.seconds)}.",
        *([] if beside is None else [f"And {beside.recipe} (auto). {beside.reason}{_estimate(beside)}"]),
        *(f"Or --recipe {other.recipe}: {other.reason}{_estimate(other)}" for other in advice.alternatives),
        *(f"note: {plain(note)}" for note in advice.notes),
    ]
    if machine.gpu is not None:
        lines.append("note: times are for the processor; on the GPU the encoder takes much less.")
    return lines


def _describe_data(facts: DataFacts) -> str:
    from plaudit.text.languages import language_name

    n = len(facts.class_counts)
    rarest, commonest = min(facts.class_counts.values()), max(facts.class_counts.values())
    kind = "labels, several a text," if facts.is_multi_label else "classes"
    scripts = [f"{name} {100 * share:.0f} %" for name, share in facts.scripts.items() if share >= _SMALL_SHARE]
    language = "" if facts.language is None else f" ({language_name(facts.language)})"
    parts = [
        f"{facts.n_texts:,} texts of {facts.median_words:,} words (median)",
        f"{n:,} {kind} of {rarest:,} to {commonest:,} texts",
        f"letters {', '.join(scripts)}{language}" if scripts else "no letters",
    ]
    if facts.n_unlabelled:
        parts.append(f"{facts.n_unlabelled:,} more texts without labels")
    return "; ".join(parts)


def _estimate(option: Option) -> str:
    return "" if option.seconds is None else f" Estimated: {_time(option.seconds)}."


def _time(seconds: float | None) -> str:
    return "not measured" if seconds is None else duration(seconds)
