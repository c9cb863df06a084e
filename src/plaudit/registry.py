"""The recipes: one record each, which says all that differs between them outside their classifiers; and their settings.

A record holds names, not classes: a classifier is imported when it is asked for, so that nobody pays for another
recipe. Packages add records by entry points (`plaudit.plugins`); what is built in stands below.
"""

from __future__ import annotations

import difflib
import importlib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

from plaudit.errors import ConfigError, PluginError
from plaudit.setting_values import Objective, Weighting
from plaudit.settings import (
    BlendArguments,
    DistilledArguments,
    EncoderArguments,
    NetworkArguments,
    NgramArguments,
    Setting,
)

if TYPE_CHECKING:
    import optuna

_GROUP: Final = "plaudit.recipes"


@dataclass(frozen=True)
class Choice:
    """One of some options, without an order.

    Options are handed to the sampler as their numbers, so that they may be of any type.
    """

    options: tuple[Any, ...]  # Any: whatever the setting takes

    def suggest(self, trial: optuna.Trial, name: str) -> Any:
        """Return an option that the sampler takes."""
        return self.options[trial.suggest_categorical(name, range(len(self.options)))]

    def encode(self, value: object) -> int:
        """Return the number of an option; of a value that is none, the first's."""
        return self.options.index(value) if value in self.options else 0


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included; whole if both are, else of three digits, for people to read.

    Attributes:
        low: The least.
        high: The greatest.
        log: Whether the sampler takes each decade as likely, rather than each number.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError(f"{self}: expected low below high, and above 0 where log")

    def suggest(self, trial: optuna.Trial, name: str) -> int | float:
        """Return a number that the sampler takes."""
        is_whole = isinstance(self.low, int) and isinstance(self.high, int)
        if is_whole:
            return int(trial.suggest_int(name, int(self.low), int(self.high), log=self.log))
        return float(f"{trial.suggest_float(name, self.low, self.high, log=self.log):.3g}")

    def encode(self, value: float) -> float:
        """Return the number itself."""
        return value


Space = Mapping[str, Choice | Range]


@dataclass(frozen=True)
class Cost:
    """What training costs by `plaudit advise`, and what it brought on IMDB's 25,000 test reviews.

    Attributes:
        fixed_s: Seconds that every training takes.
        seconds_per_million: More seconds for each million words of training text, on two cores.
        imdb_accuracy: Test accuracy, None where not measured.
        source: Where the figures are from.
        uses_cores: Whether more cores shorten it in proportion; else the time is taken to stay.
        words_read: Words of a text that count; None for all.
        epoch_texts: Of fewer texts it trains more epochs, ten at most; 0 where their number does not matter.
        seconds_per_million_logit: More for each million words and each logit: one for two classes, else one a class.
    """

    fixed_s: float
    seconds_per_million: float
    imdb_accuracy: float | None
    source: str
    uses_cores: bool = False
    words_read: int | None = None
    epoch_texts: int = 0
    seconds_per_million_logit: float = 0.0


@dataclass(frozen=True)
class Frozen:
    """A recipe with settings by which it trains no weights of its encoder, so that it has no epochs to choose among.

    Attributes:
        settings: By name.
        quick_below: As the recipe's.
        cost: As the recipe's.
    """

    settings: Mapping[str, Any]  # Any: a setting's value
    quick_below: int = 0
    cost: Cost | None = None


@dataclass(frozen=True)
class Recipe:
    """A way to make a classifier.

    Attributes:
        name: What `--recipe` takes.
        classifier: Its class, a `models.Classifier`, as ``module:name``.
        settings: The dataclass of its settings, which its class inherits; None for a plugin's, whose class has a
            constructor of its own.
        kind: What model.json calls its models, the class's `kind`; empty for `name`.
        explainer: The module that shares out its logits (`explanation.shares` says what it has); None if its answers
            cannot be explained.
        space: The settings that `plaudit tune` searches; empty if it cannot search.
        opens: Whether its class opens models of its kind; False where that is another recipe's.
        explains_slowly: Whether explaining one text takes seconds.
        compares_epochs: Whether `plaudit tune` may end a training whose val_loss is behind others' at the same epoch.
        quick_below: A run of fewer texts is cross-validated too, for five more trainings take seconds; 0 for none.
        cost: What training costs; None where it was not measured.
        frozen: What holds of it instead where its encoder is frozen; None if it has none.
        package: The package that it is from.
    """

    name: str
    classifier: str
    settings: type[Any] | None = None
    kind: str = ""
    explainer: str | None = None
    space: Space = field(default_factory=dict)
    opens: bool = True
    explains_slowly: bool = False
    compares_epochs: bool = False
    quick_below: int = 0
    cost: Cost | None = None
    frozen: Frozen | None = None
    package: str = "plaudit"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.kind or self.name)
        for name, kinds in (
            ("classifier", str), ("explainer", str | None), ("space", Mapping), ("quick_below", int),
            ("cost", Cost | None), ("frozen", Frozen | None),
        ):  # fmt: skip
            if not isinstance(value := getattr(self, name), kinds):
                raise ValueError(f"Recipe {self.name!r}: {name} is {value!r:.100}")
        if odd := [name for name, each in self.space.items() if not isinstance(each, Choice | Range)]:
            raise ValueError(f"Recipe {self.name!r}: expected a Choice or a Range for {odd[0]!r} in its space")

    def frozen_by(self, settings: Mapping[str, Any]) -> Frozen | None:  # Any: a setting's value
        """Return what holds of it where these settings freeze its encoder; None where they do not."""
        if self.frozen is None or any(settings.get(name) != value for name, value in self.frozen.settings.items()):
            return None
        return self.frozen

    def load_class(self) -> type[Any]:  # Any: models.Classifier, which lies above
        """Import the classifier's class.

        Raises:
            PluginError: A plugin's cannot be imported, or is of another kind than the record says.
        """
        from plaudit.plugins import FAULTS, not_imported

        module, _, name = self.classifier.partition(":")
        try:
            found: type[Any] = getattr(importlib.import_module(module), name)
        except FAULTS as error:  # whatever another package's module does when it is imported
            if self.package == "plaudit":
                raise
            raise not_imported(self.package, self.classifier, error) from error
        if self.package != "plaudit" and getattr(found, "kind", None) != self.kind:
            raise PluginError(f"the plugin {self.package}: expected {self.classifier} to be of the kind {self.kind!r}.")
        if lacking := sorted(getattr(found, "__abstractmethods__", ())):
            raise PluginError(f"the plugin {self.package}: {self.classifier} lacks {', '.join(lacking)}.")
        return found

    def load_explainer(self) -> Any:  # Any: a module with `tokenizers` and `word_shares`, or None
        """Import the module that shares out its logits, None where it has none.

        Raises:
            PluginError: A plugin's cannot be imported, or lacks what explaining calls.
        """
        from plaudit.plugins import asking

        if self.explainer is None:
            return None
        with asking(self.package, f"the explainer {self.explainer}"):
            found = importlib.import_module(self.explainer)
            if lacking := [name for name in ("tokenizers", "word_shares") if not callable(getattr(found, name, None))]:
                raise TypeError(f"it lacks {' and '.join(lacking)}")
            return found


_NGRAM_SPACE: Space = {
    "n_max": Range(1, 4),
    "min_texts": Range(1, 32, log=True),
    "chars": Choice((False, True)),
    "weighting": Choice(get_args(Weighting)),
    "objective": Choice(get_args(Objective)),
    "regularisation": Range(0.003, 3.0, log=True),
}
_NETWORK_SPACE: Space = {
    "embedding": Choice(("minilm",)),
    "combiner": Choice((None, "sqrtn", "mean", "sum")),
    "hidden": Choice(((16,), (), (32,), (64,), (128,))),
    "learning_rate": Range(1e-4, 3e-2, log=True),  # the tutorial's 1e-3 and a decade and a half around it
    "dropout": Range(0.0, 0.6),
}
_ENCODER_SPACE: Space = {
    "max_tokens": Choice((128, 64, 90, 256)),
    "epochs": Choice((None, 1, 2, 3)),
    "learning_rate": Range(1e-5, 3e-4, log=True),
    "layer_decay": Range(0.7, 1.0),
    "label_smoothing": Range(0.0, 0.2),
}
WORDS_READ = 200  # of a text that the encoder trains on: two parts of 128 word pieces
_FEW_TEXTS = 1_000  # a fifth of more is a test whose accuracy is known to within three points
_FEW_TEXTS_FROZEN = 500  # of a frozen encoder, whose folds' answers read every text again: some seconds
# Seconds on two cores of an AMD EPYC with AVX2. An encoder's epoch at 2,000 word pieces a second, a quarter scored at
# 6,000, 1.3 pieces a word; it trains longer on fewer texts (training/fine_tuning.py). Of the frozen encoder's fixed
# seconds torch's import is a third, and explaining mistakes for the report another.
_NGRAM_S = 3.0  # a million words and a logit: 2 of long reviews, 3 to 6 of short texts and many classes
_ENCODER_S = 1e6 * 1.3 * (1 / 2_000 + 1 / 4 / 6_000)
_EPOCH_TEXTS = 15_000
BUILT_IN: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "network",
            "plaudit.models.network:NetworkClassifier",
            NetworkArguments,
            explainer="plaudit.explanation.network",
            space=_NETWORK_SPACE,
            compares_epochs=True,  # within one recipe only, and a network has many
            cost=Cost(3, 3, 0.878, "README: plaudit train imdb, 15,000 reviews of 230 words, 13 s"),
        ),
        Recipe(
            "ngram",
            "plaudit.models.ngram:NgramClassifier",
            NgramArguments,
            explainer="plaudit.explanation.ngram",
            space=_NGRAM_SPACE,
            quick_below=_FEW_TEXTS,
            cost=Cost(1.5, 0, 0.923, "docs/log.md: eleven sets", seconds_per_million_logit=_NGRAM_S),
        ),
        Recipe(
            "encoder",
            "plaudit.models.encoder:EncoderClassifier",
            EncoderArguments,
            explainer="plaudit.explanation.encoder",
            space=_ENCODER_SPACE,
            explains_slowly=True,
            cost=Cost(
                30,
                _ENCODER_S,
                0.933,
                "README: 24,000 reviews, read in parts",
                uses_cores=True,
                words_read=WORDS_READ,
                epoch_texts=_EPOCH_TEXTS,
            ),
            frozen=Frozen({"trainable": False}, quick_below=_FEW_TEXTS_FROZEN),
        ),
        Recipe(
            "best",
            "plaudit.models.blend:BlendClassifier",
            BlendArguments,
            kind="blend",
            explainer="plaudit.explanation.blend",
            explains_slowly=True,
            cost=Cost(
                32,
                _ENCODER_S,
                0.940,
                "README: the same and n-grams",
                seconds_per_million_logit=_NGRAM_S,
                uses_cores=True,
                words_read=WORDS_READ,
                epoch_texts=_EPOCH_TEXTS,
            ),
            frozen=Frozen(
                {"trainable": False},
                quick_below=_FEW_TEXTS_FROZEN,
                cost=Cost(
                    18,
                    1.5e6 * 1.3 / 6_000,
                    None,
                    "6,000 word pieces a second, validation texts twice",
                    uses_cores=True,
                    seconds_per_million_logit=_NGRAM_S,
                ),
            ),
        ),
        Recipe(
            "distilled",
            "plaudit.models.distilled:DistilledClassifier",
            DistilledArguments,
            kind="ngram",  # what is saved is an n-gram model like any other, and opened as one
            opens=False,
        ),
    )
}


def recipe_names() -> tuple[str, ...]:
    """Return the names of all recipes: those built in, then what installed packages add."""
    from plaudit.plugins import plugin_names

    return (*BUILT_IN, *(name for name in plugin_names(_GROUP) if name not in BUILT_IN))


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises:
        ConfigError: There is none.
        PluginError: The package that adds it cannot be imported.
    """
    recipe = BUILT_IN.get(name) or _plugin(name)
    if recipe is None:
        raise unknown_recipe(name)
    return recipe


def unknown_recipe(name: str, *besides: str) -> ConfigError:
    """Return what to raise for a recipe that there is not; `besides` are further words that are taken."""
    known = (*besides, *recipe_names())
    near = difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return ConfigError(f"--recipe {name}: expected one of {', '.join(known)}.{meant}")


def recipe_of_kind(kind: str) -> Recipe | None:
    """Return the recipe whose models model.json calls so, None where none is built in or installed.

    Raises:
        PluginError: The package that adds it cannot be imported.
    """
    built_in = next((recipe for recipe in BUILT_IN.values() if recipe.kind == kind and recipe.opens), None)
    return built_in or _plugin(kind)


def _plugin(name: str) -> Recipe | None:
    """Return the recipe that an installed package adds under a name, which is its models' kind, too."""
    from plaudit.plugins import load_plugin, plugin_package

    found = load_plugin(_GROUP, name, Recipe)
    if found is None:
        return None
    package = plugin_package(_GROUP, name) or "?"
    if (found.name, found.kind) != (name, name):
        raise PluginError(
            f"the plugin {package}: its recipe {name!r} calls itself {found.name!r}, and its kind {found.kind!r}."
        )
    return replace(found, package=package)


@dataclass(frozen=True)
class Declared:
    """A setting with all that is declared of it.

    Attributes:
        name: Its name in Python and in run.toml.
        kind: The type that the command line and run.toml take, without None.
        setting: What is known besides.
        defaults: What holds in each recipe that has it where it is not given, None where it is left open.
    """

    name: str
    kind: Any  # a type
    setting: Setting
    defaults: dict[str, Any]

    @property
    def option(self) -> str:
        """The command line's option."""
        return "--" + self.name.replace("_", "-")


@cache
def declared() -> dict[str, Declared]:
    """Return all settings by name, in the order of the built-in recipes and their classes.

    Raises:
        TypeError: Two recipes declare one name differently.
    """
    found: dict[str, Declared] = {}
    for name, recipe in BUILT_IN.items():
        for each in fields(recipe.settings) if recipe.settings else ():
            known = _parse(each.type)
            if known is None:  # Python's alone
                continue
            kind, setting = known
            before = found.setdefault(each.name, Declared(each.name, kind, setting, {}))
            if before.setting is not setting:
                raise TypeError(f"{each.name} is declared twice.")
            before.defaults[name] = each.default
    return found


def check_setting(name: str, value: object, *, called: str | None = None) -> None:
    """Refuse a value that no recipe can use, by the name of the setting; a name without a rule passes.

    Args:
        name: The setting's.
        value: What it shall be.
        called: What the message calls it; None for the command line's option.

    Raises:
        ConfigError: The value is out of range.
    """
    known = declared().get(name)
    if known is not None and known.setting.rule is not None:
        known.setting.rule.check(called or known.option, value)


def _parse(annotation: Any) -> tuple[Any, Setting] | None:
    """Return the type that is taken from outside, without None, and the setting; None without one."""
    for part in (annotation, *typing.get_args(annotation)):  # of X | None, X may be annotated
        if typing.get_origin(part) is Annotated:
            kind, setting = typing.get_args(part)[:2]
            options = [each for each in typing.get_args(kind) if each is not types.NoneType]
            is_optional = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
            return setting.kind or (options[0] if is_optional else kind), setting
    return None
