"""`plaudit advise`: what a data set is like, which recipe suits it, how long that takes here, and the command to run.

With `plaudit train --recipe auto` what is advised is taken, unless settings were given that it has not. The decision to
question: where a frozen encoder is tried beside n-grams, these are kept only if they are clearly better
(`fitting.fit_better`).

A data set's own test part stays closed: training texts are read, and unlabelled ones counted.
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from plaudit.app.doctor import gpu_name
from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Data, Language, reads_data
from plaudit.app.terminal import make_console, print_next
from plaudit.app.train.monitors import duration
from plaudit.config import DataSpec, RunConfig, check_language
from plaudit.cores import usable_cores
from plaudit.plugins import plugin_names, plugin_package
from plaudit.progress import doing
from plaudit.registry import BUILT_IN
from plaudit.wording import counted

if TYPE_CHECKING:
    from plaudit.models.advice import Advice, DataFacts, Machine, Option

AUTO = "auto"
_TUTORIAL = ("imdb", "sample")  # which stay the tutorial's, with its network
_ORDER = ("ngram", "network", "encoder", "best", "distilled")  # whose the settings may be that were given
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
    from plaudit.models.advice import advise as find_advice
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
    with doing("Looking at the texts and this machine"):
        facts = look_at(splits.train, n_unlabelled=n_unlabelled, language=language)
        machine = this_machine()
        advice = find_advice(facts, machine)
    left_out = splits.train.origin is not None and bool(splits.train.origin.left_out)
    spec = replace(spec, skip_invalid=spec.skip_invalid or left_out)
    recipe = advice.choice.recipe if advice.beside is None else "auto"
    said = [] if language is None else ["--language", language]
    command = ["plaudit", "train", data, "--recipe", recipe, *said, *spec.flags()]
    if as_json:
        found = {
            "data": asdict(facts) | {"ratio": facts.ratio, "is_english": facts.is_english},
            "machine": asdict(machine),
            "advice": asdict(advice),
            "plugins": _plugin_recipes(),
            "command": shlex.join(command),
        }
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for line in (*describe_origin(splits.train), *describe_advice(data, facts, machine, advice)):
        console.print(plain(line), markup=False)
    print_next(console, *command)


def advice_line(facts: DataFacts, *, recipe: str, source: str) -> str | None:
    """Return the line that `plaudit train` begins with when no recipe was named; None if the default suits.

    Args:
        facts: Of the training texts.
        recipe: The default recipe.
        source: What the user named as data.
    """
    from plaudit.models.advice import advise as find_advice

    advised = find_advice(facts, this_machine(ask_for_gpu=False)).choice.recipe
    if advised == recipe:
        return None
    return (
        f"Recipe: {recipe} (the default); for {counted(facts.n_texts, 'text')} of "
        f"{counted(facts.median_words, 'word')}, --recipe {advised} is usually more accurate: plaudit advise "
        f"{shlex.quote(source)}"
    )


@dataclass(frozen=True)
class RecipePlan:
    """What is trained.

    Attributes:
        runs: One run, or several: a further one takes its place unless its validation log loss is clearly higher.
        reason: Why, in a line.
    """

    runs: tuple[RunConfig, ...]
    reason: str


def is_tutorial(source: str) -> bool:
    """Say whether data are those of the tutorial, whose network is trained where no recipe is named."""
    return source in _TUTORIAL


def settle(run: RunConfig) -> RecipePlan | None:
    """Take the recipe that has the settings which were given; None where n-grams have them, so that the data decide."""
    from plaudit.models.recipes import class_of, settings_of, takes

    given = set(settings_of(run)) - {"seed"}
    if run.data.unlabelled is None and takes("ngram", given):
        return None
    for recipe in _ORDER:
        if takes(recipe, given) and (run.data.unlabelled is None or class_of(recipe).uses_unlabelled):
            reason = f"Recipe: {recipe}, which the given settings belong to."
            return RecipePlan((replace(run, model=replace(run.model, recipe=recipe)),), reason)
    return None


def choose_recipe(run: RunConfig, facts: DataFacts, machine: Machine | None = None) -> RecipePlan:
    """Choose by what the training texts are.

    Args:
        run: The run, its recipe open.
        facts: Of the training texts.
        machine: What it would run on; None asks.
    """
    from plaudit.models.advice import advise as find_advice
    from plaudit.models.recipes import settings_of, takes

    advice = find_advice(facts, machine or this_machine())
    given = set(settings_of(run)) - {"seed"}

    def with_recipe(option: Option) -> RunConfig:
        recipe, _, frozen = option.recipe.partition(" ")
        trainable = False if frozen else run.model.trainable
        return replace(run, model=replace(run.model, recipe=recipe, trainable=trainable))

    ngram = replace(run, model=replace(run.model, recipe="ngram"))
    if run.data.streaming:
        return RecipePlan((ngram,), "Recipe: ngram (auto), which trains from disk.")
    choice, beside = advice.choice, advice.beside
    if choice.recipe != "ngram" and takes(choice.recipe, given):
        return RecipePlan((with_recipe(choice),), f"Recipe: {choice.recipe} (auto), {_about(choice)}. {choice.reason}")
    if beside is not None and takes("best", given | {"trainable"}):
        return RecipePlan(
            (ngram, with_recipe(beside)),
            f"Recipe: ngram and {beside.recipe} (auto), {_about(choice, beside)} together: n-grams alone are kept if "
            "clearly better.",
        )
    what = f"{counted(facts.n_texts, 'text')} of {counted(facts.median_words, 'word')}"
    slower = "".join(
        f" {other.recipe} may be better and takes longer: plaudit advise." for other in advice.alternatives[:1]
    )
    return RecipePlan((ngram,), f"Recipe: ngram (auto), chosen for {what}; {_about(choice)}.{slower}")


def _about(*options: Option) -> str:
    """Return how long training is estimated to take."""
    return f"about {_time(sum(each.seconds or 0.0 for each in options))}"


def language_line(run: RunConfig, facts: DataFacts) -> str | None:
    """Say that what a run starts from was made for another language than its texts are in; None where it was not.

    Args:
        run: Its recipe chosen.
        facts: Of the training texts.
    """
    from plaudit.embeddings.named_encoders import NAMED_ENCODERS
    from plaudit.models.recipes import class_of, settings_of
    from plaudit.text.languages import language_name

    if facts.is_english or facts.language is None:
        return None
    kind, settings = class_of(run.model.recipe), settings_of(run)
    start = None
    if "encoder" in kind._parameter_names():
        name = settings.get("encoder") or kind.default_params()["encoder"]
        named = NAMED_ENCODERS.get(str(name))
        start = f"encoder {name}" if named is not None and named.languages == "English" else None
    elif "embedding" in kind._parameter_names():
        name = settings.get("embedding") or kind.default_params()["embedding"]
        start = f"embedding {name}" if name == "minilm" else None
    if start is None:
        return None
    remedy = "--encoder multilingual-e5-small" if start.startswith("encoder") else "--embedding random"
    return (
        f"note: the texts look {language_name(facts.language)}, and the {start} was trained on English and may help "
        f"little. --recipe ngram or {remedy} suit other languages (--language sets the language)."
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
    where = counted(machine.cores, "core") + ("" if machine.gpu is None else f", {machine.gpu}")
    choice = advice.choice
    advised = (
        [f"Advice: --recipe {choice.recipe}. {choice.reason}"]
        if beside is None
        else [
            f"Advice: --recipe auto, which trains {choice.recipe} and {beside.recipe} and keeps the better one.",
            f"{choice.recipe}: {choice.reason}",
            f"{beside.recipe}: {beside.reason}",
        ]
    )
    seconds = choice.seconds if beside is None else (choice.seconds or 0.0) + (beside.seconds or 0.0)
    lines = [
        f"Data: {plain(data)}, {_describe_data(facts)}.",
        *advised,
        f"Training time, estimated for this machine ({where}): {_time(seconds)}.",
        *(f"Or --recipe {other.recipe}: {other.reason}{_estimate(other)}" for other in advice.alternatives),
        *(f"note: {plain(note)}" for note in advice.notes),
    ]
    if plugins := _plugin_recipes():
        names = ", ".join(f"{name} ({package})" for name, package in plugins.items())
        lines.append(f"note: recipes of plugins are not measured, and so not compared here: {names}.")
    if machine.gpu is not None:
        lines.append("note: times are for the processor; on the GPU the encoder takes much less.")
    return lines


def _plugin_recipes() -> dict[str, str]:
    """Return the recipes that installed packages add, with each one's package; imports none of them."""
    return {
        name: plugin_package("plaudit.recipes", name) or "?"
        for name in plugin_names("plaudit.recipes")
        if name not in BUILT_IN
    }


def _describe_data(facts: DataFacts) -> str:
    from plaudit.text.languages import language_name

    n = len(facts.class_counts)
    rarest, commonest = min(facts.class_counts.values()), max(facts.class_counts.values())
    kind = "labels, several a text," if facts.is_multi_label else "classes"
    scripts = [f"{name} {100 * share:.0f} %" for name, share in facts.scripts.items() if share >= _SMALL_SHARE]
    language = "" if facts.language is None else f" ({language_name(facts.language)})"
    parts = [
        f"{counted(facts.n_texts, 'text')} of {counted(facts.median_words, 'word')} (median)",
        f"{n:,} {kind} of {rarest:,} to {counted(commonest, 'text')}",
        f"letters {', '.join(scripts)}{language}" if scripts else "no letters",
    ]
    if facts.n_unlabelled:
        parts.append(f"{counted(facts.n_unlabelled, 'more text')} without labels")
    return "; ".join(parts)


def _estimate(option: Option) -> str:
    return "" if option.seconds is None else f" Estimated: {_time(option.seconds)}."


def _time(seconds: float | None) -> str:
    return "not measured" if seconds is None else duration(seconds)
