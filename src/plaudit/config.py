"""What a run is: its data, its model, its training. Frozen, checked, written to and read from TOML.

`run.toml` in a model folder is a `RunConfig` with the versions it ran under, so that one file repeats a run. Values
that a run decides by itself (`None` here) are written as decided.
"""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Literal, get_args

from plaudit.errors import ConfigError

Loss = Literal["cross_entropy", "mean_squared_error"]
ClassWeight = Literal["none", "balanced"]
Combiner = Literal["sqrtn", "mean", "sum"]
LongTexts = Literal["head_tail", "windows"]
_MOST = 1_000_000_000  # of anything that is counted: beyond it NumPy's own messages begin


@dataclass(frozen=True)
class DataConfig:
    """Where texts come from and how they are divided.

    Attributes:
        source: "imdb", "sample", a file or a folder; empty chooses imdb when it is at hand, else sample.
        data_dir: Where IMDB's tarball or folder lies; None asks $PLAUDIT_IMDB, the cache, then the network.
        text_column: The column that holds the text; None finds it by name.
        label_column: The column that holds the label; None finds it by name.
        test: A file, or a fraction like "0.2"; None takes the data set's own test part, else a fifth.
        validation: A file, a number of texts ("10000": the first, as in the tutorial) or a fraction ("0.2"); None
            takes the first 10,000 for imdb, a fifth otherwise.
        group_by: A column whose groups stay on one side of a split ("film"); None splits text by text.
    """

    source: str = ""
    data_dir: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    test: str | None = None
    validation: str | None = None
    group_by: str | None = None


@dataclass(frozen=True)
class ModelConfig:
    """What is trained.

    Attributes:
        recipe: "network": the tutorial's embedding bag, dense layers and logits.
        embedding: A name or a path, as `plaudit embeddings list` prints them.
        trainable: Whether training moves the embedding's vectors.
        combiner: How a text's token vectors become one: "sqrtn", "mean" or "sum"; None takes the embedding's own.
        hidden: Units of each hidden layer; () for a linear head.
        dropout: Share of hidden activations dropped while training, 0 <= dropout < 1.
        loss: "cross_entropy" or "mean_squared_error" (on the probability).
        class_weight: "none", or "balanced": n / (classes * texts of the class), as scikit-learn has it.
    """

    recipe: Literal["network"] = "network"
    embedding: str = "minilm"
    trainable: bool = True
    combiner: Combiner | None = None
    hidden: tuple[int, ...] = (16,)
    dropout: float = 0.0
    loss: Loss = "cross_entropy"
    class_weight: ClassWeight = "none"

    def __post_init__(self) -> None:
        _check_choice("recipe", self.recipe, ("network",))
        if self.combiner is not None:
            _check_choice("combiner", self.combiner, get_args(Combiner))
        _check_choice("loss", self.loss, get_args(Loss))
        _check_choice("class_weight", self.class_weight, get_args(ClassWeight))
        if not all(isinstance(units, Integral) and 1 <= units <= _MOST for units in self.hidden):
            raise ConfigError(
                f"--hidden: every layer needs at least one unit, and at most {_MOST:,}; got {list(self.hidden)}."
            )
        if not isinstance(self.dropout, Real) or not 0 <= self.dropout < 1:
            raise ConfigError(f"--dropout: expected 0 <= dropout < 1, got {self.dropout}.")


@dataclass(frozen=True)
class TrainingConfig:
    """How it is trained.

    Attributes:
        epochs: Passes over the training texts, at most.
        batch_size: Texts a step; None takes 512, or fewer when that would leave fewer than about 30 steps an epoch.
        learning_rate: Adam's step size.
        early_stopping: Stop when val_loss has not fallen for `patience` epochs, and take the best epoch's weights.
        patience: Epochs without a better val_loss before stopping.
        seed: The one number that every random step derives from.
        refit: Train again, on training and validation texts, for the number of epochs that was best.
    """

    epochs: int = 40
    batch_size: int | None = None
    learning_rate: float = 1e-3
    early_stopping: bool = True
    patience: int = 3
    seed: int = 0
    refit: bool = False

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 1), ("seed", 0)):
            _check_number(name, getattr(self, name), least, None if name == "seed" else _MOST)
        if self.batch_size is not None:
            _check_number("batch-size", self.batch_size, 1, _MOST)
        if not isinstance(self.learning_rate, Real) or not 0 < self.learning_rate < float("inf"):
            raise ConfigError(f"--learning-rate: expected a number above 0, got {self.learning_rate}.")


@dataclass(frozen=True)
class RunConfig:
    """One run of `plaudit train`."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def to_toml(self, *, versions: Mapping[str, str]) -> str:
        """Return the run as TOML, with the versions and hashes it depended on; settings that are None are left out."""
        import tomli_w

        tables = {
            table: {key: value for key, value in values.items() if value is not None}
            for table, values in asdict(self).items()
        }
        return tomli_w.dumps({**tables, "versions": dict(versions)})

    @classmethod
    def from_toml(cls, path: str | Path) -> RunConfig:
        """Read a run.

        Raises:
            ConfigError: The file is missing, is not TOML, or holds an unknown table, key or value.
        """
        try:
            content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, a number or a nesting without end
            raise ConfigError(f"{path}: not a TOML file: {error}.") from error
        content.pop("versions", None)
        parts = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
        if unknown := sorted(set(content) - set(parts)):
            raise ConfigError(f"{path}: unknown table [{unknown[0]}]; expected {', '.join(parts)}.")
        built = {table: _build(kind, content.get(table, {}), f"{path}, [{table}]") for table, kind in parts.items()}
        return cls(**built)


def _build(kind: type, values: object, where: str) -> typing.Any:  # Any: one of the three config classes
    """Build a config class from a TOML table, checking names and types."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: expected a table.")
    hints = typing.get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown setting {key!r}; expected one of {', '.join(sorted(known))}.")
        if not _fits(value, hints[key]):
            raise ConfigError(f"{where}: {key} = {value!r} is not of the expected kind ({_describe(hints[key])}).")
    return kind(
        **{k: tuple(v) if isinstance(v, list) else float(v) if hints[k] is float else v for k, v in values.items()}
    )


def _fits(value: object, hint: object) -> bool:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, option) for option in get_args(hint) if option is not types.NoneType)
    if origin is Literal:
        return value in get_args(hint)
    if origin is tuple:
        return isinstance(value, list) and all(_fits(item, int) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint


def _describe(hint: object) -> str:
    if typing.get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    return str(getattr(hint, "__name__", hint)) if typing.get_origin(hint) is None else str(hint)


def _check_number(name: str, value: object, least: int, most: int | None) -> None:
    if (
        not isinstance(value, Integral) or int(value) < least
    ):  # Integral, since a grid search hands over NumPy's integers
        raise ConfigError(f"--{name}: expected at least {least}, got {value!r}.")
    if most is not None and int(value) > most:
        raise ConfigError(f"--{name}: expected at most {most:,}, got {value}.")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"--{name.replace('_', '-')}: expected one of {', '.join(choices)}, got {value!r}.")
