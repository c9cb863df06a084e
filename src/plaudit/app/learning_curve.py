"""`plaudit learning-curve`: train on a sixteenth of the training texts to all of them, and say what more would bring.

The validation texts are only scored, and `fit` does not see them: what stops early holds texts of its own out. The test
part is not loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, GroupBy, Test, Validation, data_config, reads_data
from plaudit.app.terminal import make_console, print_json, scoring_shown
from plaudit.app.train.monitors import InterruptWatch
from plaudit.config import DataSpec, ModelConfig, RunConfig, TrainingConfig
from plaudit.errors import ConfigError, DataError
from plaudit.progress import doing
from plaudit.registry import BUILT_IN
from plaudit.wording import counted

if TYPE_CHECKING:
    from plaudit.data import Dataset
    from plaudit.evaluation.learning import LearningCurve, Trained

Say = Callable[[str], None]
# Parts of the training texts, and how many draws of each: the smaller scatter more, and cost less.
DRAWS = {Fraction(1, 16): 5, Fraction(1, 8): 5, Fraction(1, 4): 3, Fraction(1, 2): 2, Fraction(1): 1}
_LEAST_TEXTS = 20  # in a draw
FIGURES = "learning_curve.json"


@errors_as_lines
@reads_data
@scoring_shown()
def learning_curve(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help=f"The recipe to train, with its defaults: {', '.join(BUILT_IN)} or a plugin's.")
    ] = "ngram",
    embedding: Annotated[str | None, typer.Option(help="network: a name or a path. [minilm]")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where figures and plot go. [curves/DATA-RECIPE]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, the draws and each training.")] = 0,
    as_json: AsJson = False,
    validation: Validation = None,
    test: Test = None,
    group_by: GroupBy = None,
    *,
    spec: DataSpec,
) -> None:
    """Train, fit the curve, print what it says, and write figures and plot.

    Raises:
        ConfigError: The folder holds something else.
        DataError: The data cannot be read, or there are too few training texts.
        MissingExtraError: What the recipe needs is not installed.
    """
    from plaudit.app.run.parts import describe_origin, describe_part, load_parts
    from plaudit.data.publish import publish_folder
    from plaudit.evaluation.learning import fit_curve
    from plaudit.models.recipes import build
    from plaudit.report import plot_learning_curve

    config = RunConfig(
        data=data_config(spec, source=data, test=test, validation=validation, group_by=group_by),
        model=ModelConfig(recipe=recipe, embedding=embedding),
        training=TrainingConfig(seed=seed),
    )
    build(config)  # a wrong setting should be told before the data are read
    output = output or Path("curves") / f"{Path(config.data.source).resolve().stem}-{config.model.recipe}"
    _check_target(output)
    console = make_console()

    def say(line: str) -> None:
        if not as_json:
            console.print(line, markup=False)

    parts = load_parts(config.data, seed=config.training.seed, progress=console.is_terminal and not as_json)
    say(f"Data: {config.data.source}")
    for line in describe_origin(parts.train):
        say(f"  {line}")
    for line in describe_part("train", parts.train) + describe_part("validation", parts.validation, parts.train):
        say(f"  {line}")
    say("The test texts stay sealed.")
    trained = train_sizes(config, parts.train, parts.validation, say)
    curve = fit_curve(trained, seed=config.training.seed)
    figures = {"data": config.data.source, "recipe": config.model.recipe, **curve.to_dict()}
    with publish_folder(output) as folder:
        (folder / FIGURES).write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        plot_learning_curve(curve, folder)
    if as_json:
        print_json({**figures, "output": str(output)})
        return
    say(f"\n{describe_curve(curve)}\n{curve.sentence()}\nWrote {output}: {FIGURES}, learning-curve.svg")


def train_sizes(config: RunConfig, train: Dataset, validation: Dataset, say: Say) -> list[Trained]:
    """Train on draws of each size that is large enough, and score each model on the validation texts.

    Every class keeps a text in every draw.

    Raises:
        DataError: Fewer than 4 sizes are large enough.
    """
    import numpy as np

    from plaudit.evaluation import answer
    from plaudit.evaluation.learning import LEAST_SIZES, Trained
    from plaudit.models.recipes import build

    least = max(_LEAST_TEXTS, 2 * len(train.classes))
    sizes = {share: draws for share, draws in DRAWS.items() if len(train) * share >= least}
    if len(sizes) < LEAST_SIZES:
        needed = int(least / sorted(DRAWS)[-LEAST_SIZES])
        raise DataError(
            f"{train.name}: {len(train):,} training texts are too few for a learning curve of {len(train.classes)} "
            f"classes; expected at least {needed:,}."
        )
    found = []
    with InterruptWatch() as watch:
        for number, (share, draws) in enumerate(sorted(sizes.items())):
            rights, n = [], 0
            for draw in range(draws):
                part = _draw(train, share, seed=[config.training.seed, number, draw])
                run = replace(config, training=replace(config.training, seed=config.training.seed + draw))
                with doing(f"Training on {counted(len(part), 'text')}, draw {draw + 1} of {draws}"):
                    model = build(run).fit(part.texts, part.label_column(), monitors=[watch])
                rights.append(answer(model, validation).right)
                n = len(part)
            found.append(Trained(n, np.stack(rights), validation.text_numbers()))
            errors = ", ".join(f"{error:.4f}" for error in found[-1].errors)
            say(f"  {n:>7,} texts: error {errors}")
    return found


def describe_curve(curve: LearningCurve) -> str:
    """Say the curve's formula in a line."""
    a, b, c = (float(x[0]) for x in (curve.law.a, curve.law.b, curve.law.c))
    return f"Curve: error = {a:.4f} + {b:.3g} · n^-{c:.3g}"


def _draw(train: Dataset, share: Fraction, *, seed: list[int]) -> Dataset:
    """Return a share of the texts, drawn class by class; `hold_out` leaves every class a text."""
    import numpy as np

    from plaudit.data import hold_out

    if share == 1:
        return train
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return hold_out(train, float(1 - share), seed=number).train


def _check_target(output: Path) -> None:
    """Refuse to replace what is not an earlier run's folder.

    Raises:
        ConfigError: It is a file, or a folder with something else in it.
    """
    if output.is_file() or (output.is_dir() and any(output.iterdir()) and not (output / FIGURES).is_file()):
        raise ConfigError(f"-o {output}: holds something other than a learning curve; name another folder.")
