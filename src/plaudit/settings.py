"""What can be set, each setting declared once: its type, what it may be, where it belongs, and what it does.

A recipe's settings are a dataclass of this module, which its classifier inherits: the constructor, `get_params`, the
options of the command line, the keys of run.toml, the checks and docs/settings.md are made from it. Settings that
several recipes share are one annotated type; what holds when one is not given is its default in each recipe.

The decision to question: these dataclasses are not frozen, for scikit-learn's contract sets them (`set_params`).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from plaudit.setting_values import (
    ClassWeight,
    Combiner,
    LongTexts,
    Loss,
    Objective,
    Rule,
    Weighting,
    a_choice,
    a_class_weight,
    a_device,
    a_flag,
    a_number,
    a_real,
    layer_sizes,
)


@dataclass(frozen=True)
class Setting:
    """What is known of a setting besides its type and its defaults.

    Attributes:
        help: What it does, in a line.
        rule: What it may be; None takes anything of the type.
        open: What holds where it is left open, in words.
        table: The table of run.toml that it stands in.
        kind: The type that the command line and run.toml take; None for the annotated one.
        flags: Of a setting that is on or off, both options.
        has_option: Whether the command line has an option for it.
    """

    help: str
    rule: Rule | None = None
    open: str = ""
    table: Literal["model", "training"] = "model"
    kind: Any = None  # a type
    flags: str | None = None
    has_option: bool = True

    def __repr__(self) -> str:
        return repr(self.help)  # in the signature of a constructor


_positive = a_real("a number above 0", lambda x: 0 < x < float("inf"))
Trainable = Annotated[bool, Setting("train the first layer too", flags="--trainable/--frozen")]
ClassWeights = Annotated[
    ClassWeight | dict[Any, float],  # Any: a class
    Setting("balance rare classes: n / (classes * texts of the class)", a_class_weight(), kind=ClassWeight),
]
Epochs = Annotated[
    int,
    Setting("most passes over the texts", a_number(1), "1, more for small data", "training"),
]
BatchSize = Annotated[int, Setting("texts a step", a_number(1), "512, fewer for small data", "training")]
LearningRate = Annotated[float, Setting("Adam's peak learning rate", _positive, "by the encoder's size", "training")]
EarlyStopping = Annotated[bool, Setting("stop when val_loss stops falling, and keep the best epoch", table="training")]
Patience = Annotated[int, Setting("epochs to wait for a lower val_loss", a_number(1), table="training")]
Seed = Annotated[
    int, Setting("the same seed gives the same weights, to the bit", a_number(0, most=None), table="training")
]
NMax = Annotated[int, Setting("most words in an n-gram", a_number(1, 100), "chosen")]  # an array for each n
MinTexts = Annotated[int, Setting("fewest texts that an n-gram must occur in", a_number(1), "chosen")]
MaxSize = Annotated[float, Setting("most MB that the model may take; the rarest n-grams go first", _positive, "any")]
Regularisation = Annotated[
    float, Setting("strength of the L2 penalty, 1/C; if given, no settings are chosen", _positive, "chosen")
]


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkArguments:
    """The settings of the network; `embedding` may also be an `EmbeddingTable`."""

    embedding: Annotated[  # Any: a name, a path or an EmbeddingTable, which lies above this module
        Any, Setting("a name or a path, `plaudit embeddings list`", kind=str)
    ] = field(default="minilm", kw_only=False)
    trainable: Trainable = True
    combiner: Annotated[
        Combiner | None,
        Setting("how token vectors become one", a_choice(Combiner), "the embedding's own"),
    ] = None
    hidden: Annotated[
        tuple[int, ...],
        Setting("units of a hidden layer; repeat for more, 0 for none", layer_sizes()),
    ] = (16,)
    dropout: Annotated[
        float,
        Setting("share of hidden units dropped during training", a_real("0 <= dropout < 1", lambda x: 0 <= x < 1)),
    ] = 0.0
    loss: Annotated[Loss, Setting("the loss to minimise", a_choice(Loss))] = "cross_entropy"
    class_weight: ClassWeights = "none"
    epochs: Epochs = 40
    batch_size: BatchSize | None = None
    learning_rate: LearningRate = 1e-3
    early_stopping: EarlyStopping = True
    patience: Patience = 3
    validation_fraction: float = 0.2
    seed: Seed = 0


@dataclass(kw_only=True, eq=False, repr=False)
class NgramArguments:
    """The settings of n-grams.

    Where no regularisation is given, `fit` chooses it, and with it all from `n_max` to `objective` that is not given,
    by what they answer to texts that they were not fitted on. Where one is given, nothing is chosen: what else is not
    given is then what `models.ngram_settings` says, 4, 2, False, 1, "bayes" and "logistic".
    """

    n_max: NMax | None = None
    min_texts: MinTexts | None = None
    chars: Annotated[bool | None, Setting("use characters within words too", a_flag(), "chosen")] = None
    chars_weight: Annotated[float | None, Setting("weight of characters relative to words", _positive, "chosen")] = None
    weighting: Annotated[
        Weighting | None, Setting("weight n-grams by naive Bayes, by TF-IDF, or by both", a_choice(Weighting), "chosen")
    ] = None
    objective: Annotated[Objective | None, Setting("the loss to minimise", a_choice(Objective), "chosen")] = None
    regularisation: Regularisation | None = None
    class_weight: ClassWeights = "none"
    seed: Seed = 0
    max_size: MaxSize | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class EncoderArguments:
    """The settings of a fine-tuned encoder."""

    encoder: Annotated[str | Path, Setting("a name (`plaudit encoders list`), a folder or NAME@REVISION", kind=str)] = (
        field(default="minilm", kw_only=False)
    )
    trainable: Trainable = True
    max_tokens: Annotated[int, Setting("most tokens read at a time", a_number(1))] = 128
    long_texts: Annotated[
        LongTexts, Setting("read a longer text whole, in windows, or only its two ends", a_choice(LongTexts))
    ] = "windows"
    device: Annotated[str, Setting("auto, cpu, cuda or ray:N", a_device())] = "auto"
    layer_decay: Annotated[
        float,
        Setting(
            "factor of the learning rate from each layer to the one below",
            a_real("0 < layer_decay <= 1", lambda x: 0 < x <= 1),
        ),
    ] = 1.0
    label_smoothing: Annotated[
        float,
        Setting(
            "share of each label that is spread over all classes",
            a_real("0 <= label_smoothing < 1", lambda x: 0 <= x < 1),
        ),
    ] = 0.0
    class_weight: ClassWeights = "none"
    epochs: Epochs | None = None
    soup: Annotated[int, Setting("number of trainings whose weights are averaged", a_number(1), table="training")] = 1
    batch_size: BatchSize = 32
    learning_rate: LearningRate | None = None
    early_stopping: EarlyStopping = True
    patience: Patience = 2
    validation_fraction: float = 0.2
    seed: Seed = 0


@dataclass(kw_only=True, eq=False, repr=False)
class BlendArguments(EncoderArguments, NgramArguments):
    """The settings of both members, and of how they are added."""

    blend_weights: Annotated[
        tuple[float, float] | None,
        Setting("factors of the logits of n-grams and encoder", open="chosen on validation texts", has_option=False),
    ] = None
    validation_fraction: float = 0.1


@dataclass(kw_only=True, eq=False, repr=False)
class DistilledArguments:
    """The settings of n-grams that a teacher has taught; it may be a fitted classifier or a `TeacherAnswers`, too."""

    teacher: Annotated[  # Any: a path, a classifier or answers, which lie above this module
        Any, Setting("the teacher's folder, or a file of any teacher's answers", open="best", kind=str)
    ] = field(default=None, kw_only=False)
    n_max: NMax | None = 4
    min_texts: MinTexts | None = 5
    regularisation: Regularisation | None = 0.05
    class_weight: ClassWeights = "none"
    seed: Seed = 0
    max_size: MaxSize | None = None
