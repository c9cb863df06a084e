"""What a run is: its data, its model, its training. Frozen, checked, written to and read from TOML.

`run.toml` in a model folder is a `RunConfig` with the versions it ran under, so that one file repeats a run. Values
that a run decides by itself (`None` here) are written as decided.

The decision to question: the settings of every recipe lie side by side in one flat `ModelConfig`, and None means "not
given". It is made from what `settings` declares, as are the command line's options; so a type checker knows its fields
as Any.
"""

from __future__ import annotations

import codecs
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, make_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from plaudit.budget import read_document
from plaudit.errors import ConfigError
from plaudit.registry import check_setting, declared
from plaudit.setting_values import kind_in_words, typed


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """What a user says of how data are read; what is None is found by looking, and said.

    Attributes:
        data_dir: Where IMDB's tarball or folder lies; None asks $PLAUDIT_IMDB, the cache, then the network.
        format: One of `data.readers.FORMATS`; None goes by the file's name and first bytes.
        text_column: The column that holds the text, or several, joined in this order.
        label_column: The column that holds the label, or several of 0 and 1, an indicator.
        label_separator: What separates the labels of a text that has several (",").
        label_prefix: fastText: what a label begins with ("__label__").
        delimiter: CSV and the like: the character between fields.
        encoding: Of a text file, as Python names it ("cp1252"); of several ("utf-8,cp1252") the first that can read it.
        header: CSV and the like: whether the first line names the columns.
        sheet: Excel: the sheet's name.
        skip_invalid: Leave out rows that cannot be used (broken, blank, without a label), and count them.
        merge_labels: Make labels one that look alike (case, inner space, invisible characters).
    """

    data_dir: str | None = None
    format: str | None = None
    text_column: str | tuple[str, ...] | None = None
    label_column: str | tuple[str, ...] | None = None
    label_separator: str | None = None
    label_prefix: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    sheet: str | None = None
    skip_invalid: bool = False
    merge_labels: bool = False

    def __post_init__(self) -> None:
        if self.label_separator is not None and not self.label_separator.strip(" "):
            raise ConfigError(f"--label-separator {self.label_separator!r}: expected a mark such as a comma.")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ConfigError(f"--delimiter {self.delimiter!r}: expected one character, or tab.")
        if self.encoding is not None and not all(map(_is_file_encoding, self.encoding.split(","))):
            raise ConfigError(f"--encoding {self.encoding}: expected a name such as utf-8 or cp1252.")

    def alike(self) -> DataSpec:
        """Return how a further part of the same data is read: without what belongs to one file alone."""
        return replace(self, encoding=None, header=None)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The text columns that are named, none, one or several."""
        return _as_tuple(self.text_column)

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The label columns that are named, none, one or several."""
        return _as_tuple(self.label_column)

    def reading(self) -> DataSpec:
        """Return this alone, without what a `DataConfig` says besides."""
        return DataSpec(**{each.name: getattr(self, each.name) for each in fields(DataSpec)})

    def flags(self) -> list[str]:
        """Return what is said, as words of the command line."""
        words: list[str] = []
        for each in fields(DataSpec):
            value, option = getattr(self, each.name), "--" + each.name.replace("_", "-")
            if each.name == "header" and value is not None:
                words.append(option if value else "--no-header")
            elif isinstance(value, bool):
                words += [option] if value else []
            else:
                for one in _as_tuple(value):
                    words += [option, typed(one) if each.name in ("delimiter", "label_separator") else one]
        return words

    def over(self, remembered: DataSpec) -> DataSpec:
        """Return this with what it leaves open taken from another, such as the one that a model's folder remembers."""
        kept = {each.name: getattr(remembered, each.name) for each in fields(DataSpec)}
        said = {name: getattr(self, name) for name in kept if getattr(self, name) not in (None, False)}
        said |= {"header": self.header} if self.header is not None else {}
        return replace(self, **(kept | said))


def _as_tuple(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _is_file_encoding(encoding: str) -> bool:
    try:
        name = codecs.lookup(encoding).name
        "a\n".encode(name)
    except (LookupError, ValueError, OSError):
        return False
    return name not in _NO_FILE_ENCODINGS


# Encodings of Python's that are not of files: of domain names, of escapes in source code, or none at all.
_NO_FILE_ENCODINGS = (
    "idna", "punycode", "undefined", "unicode-escape", "unicode_escape", "raw-unicode-escape", "raw_unicode_escape",
    "unicode-internal", "mbcs", "oem",
)  # fmt: skip


@dataclass(frozen=True)
class DataConfig(DataSpec):
    """Where texts come from, how they are read and how they are divided.

    Attributes:
        source: "imdb", "sample", a file, a folder, a glob or a database; empty chooses imdb when it is available, else
            sample.
        test: A file, or a fraction like "0.2"; None takes the data set's own test part, else a fifth.
        validation: A file, a number of texts ("10000": the first, as in the tutorial) or a fraction ("0.2"); None
            takes the first 10,000 for imdb, a fifth otherwise.
        group_by: A column whose groups stay on one side of a split ("film"); None splits text by text.
        unlabelled: A file or folder of further texts without labels, for recipes that learn from such; None takes the
            data set's own, if it has any.
        streaming: Keep texts and tokens on disk instead of in memory.
        id_column: A column that names each text, in the data and in a teacher's file of answers; None matches by text.
        keep_together: What a drawn split keeps on one side: "equal" texts, "near" ones too, or "none" (earlier runs).
        language: ISO 639-1 code of the language that the texts are in; None looks.
        clean: Take doubtful rows out of the training texts; `clean_file` those of a reviewed list.
    """

    source: str = ""
    test: str | None = None
    validation: str | None = None
    group_by: str | None = None
    unlabelled: str | None = None
    streaming: bool = False
    id_column: str | None = None
    keep_together: Literal["none", "equal", "near"] = "equal"
    clean: bool = False
    clean_file: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.language is not None:
            check_language(self.language)


def check_language(code: str) -> None:
    """Refuse what is no code of a language.

    Raises:
        ConfigError: It is not two or three small letters.
    """
    if not (code.isascii() and code.isalpha() and code.islower() and len(code) in (2, 3)):
        raise ConfigError(f"--language {code}: expected a code of ISO 639 such as en, es or zh.")


def _check_given(config: object) -> None:
    for setting in fields(config):  # type: ignore[arg-type]  # one of the config classes
        value = getattr(config, setting.name)
        if value is not None or setting.default is not None:
            check_setting(setting.name, value)


if TYPE_CHECKING:  # what a type checker knows of the two classes that are made below

    class ModelConfig:
        """What is trained."""

        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
        recipe: str

        def __init__(self, recipe: str = "network", **settings: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class TrainingConfig:
        """How it is trained."""

        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
        seed: int
        refit: bool | None
        final: bool | None

        def __init__(
            self, *, seed: int = 0, refit: bool | None = None, final: bool | None = None, **settings: Any
        ) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

else:

    def _config(name: str, table: str, first: list[Any], last: list[Any], doc: str) -> type:
        """Return the dataclass of a table of run.toml: a field for each of its settings, None for not given."""
        own = {each[0] for each in (*first, *last)}
        settings = [
            (each.name, each.kind | None, None)
            for each in declared().values()
            if each.setting.table == table and each.name not in own
        ]
        return make_dataclass(
            name, [*first, *settings, *last], frozen=True, kw_only=table == "training",
            namespace={"__post_init__": _check_given, "__doc__": doc, "__module__": __name__},
        )  # fmt: skip

    ModelConfig = _config(
        "ModelConfig",
        "model",
        [("recipe", str, "network")],
        [
            ("further", dict[str, Any] | None, None)
        ],  # settings by name that are no others, as a plugin's recipe has them
        "What is trained: a recipe, and the settings of all recipes (docs/settings.md); None takes the recipe's own.",
    )
    TrainingConfig = _config(
        "TrainingConfig",
        "training",
        [],
        [
            ("seed", int, 0),
            ("refit", bool | None, None),
            ("final", bool | None, None),
        ],  # of the division of the data too; train again on all but the test; and in the end on all
        "How it is trained (docs/settings.md); None takes the recipe's own.",
    )


@dataclass(frozen=True)
class RunConfig:
    """One run of `plaudit train`.

    Attributes:
        data: Where texts come from, as the user says it.
        model: What is trained.
        training: How.
        reading: How the texts were read: what was said and what was found by looking. The run itself finds it again;
            other files are read alike that the model is asked about.
    """

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    reading: DataSpec = field(default_factory=DataSpec)

    def to_toml(self, *, versions: Mapping[str, str]) -> str:
        """Return the run as TOML, with the versions and hashes it depended on; settings that are None are left out."""
        import tomli_w

        tables = {
            table: {key: value for key, value in values.items() if value is not None}
            for table, values in asdict(self).items()
        }
        for table in ("data", "reading"):  # what is off by default is not said
            off = [name for name in ("skip_invalid", "merge_labels") if not tables[table][name]]
            tables[table] = {key: value for key, value in tables[table].items() if key not in off}
        if not tables["reading"]:
            del tables["reading"]
        return tomli_w.dumps({**tables, "versions": dict(versions)})

    @classmethod
    def from_toml(cls, path: str | Path) -> RunConfig:
        """Read a run.

        Raises:
            ConfigError: The file is missing, is not TOML, or holds an unknown table, key or value.
        """
        try:
            content = tomllib.loads(read_document(path))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from error
        except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, a number or a nesting without end
            raise ConfigError(f"{path}: not a TOML file: {error}.") from error
        if content.pop("versions", None) is not None and isinstance(data := content.get("data"), dict):
            data.setdefault("keep_together", "none")  # an earlier run did not know of it
        parts = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig, "reading": DataSpec}
        if unknown := sorted(set(content) - set(parts)):
            raise ConfigError(f"{path}: unknown table [{unknown[0]}]; expected {', '.join(parts)}.")
        built = {table: _build(kind, content.get(table, {}), f"{path}, [{table}]") for table, kind in parts.items()}
        return cls(**built)


def _build(kind: type, values: object, where: str) -> typing.Any:  # Any: one of the three config classes
    """Build a config class from a TOML table, checking names and types."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: expected a table.")
    hints = {name: _without_none(hint) for name, hint in typing.get_type_hints(kind).items()}
    known = {f.name for f in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown setting {key!r}; expected one of {', '.join(sorted(known))}.")
        if not _fits(value, hints[key]):
            raise ConfigError(f"{where}: {key} = {_as_toml(value)}: expected {kind_in_words(hints[key])}.")
        check_setting(key, tuple(value) if isinstance(value, list) else value, called=f"{where}: {key}")
    try:
        return kind(
            **{k: tuple(v) if isinstance(v, list) else float(v) if hints[k] is float else v for k, v in values.items()}
        )
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def _as_toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _without_none(hint: object) -> object:
    """Return X of ``X | None``: TOML has no null, so what is written is an X, of which there may be several kinds."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        options = [option for option in get_args(hint) if option is not types.NoneType]
        return options[0] if len(options) == 1 else typing.Union[tuple(options)]  # noqa: UP007 - made at run time
    return hint


def _fits(value: object, hint: object) -> bool:
    origin = typing.get_origin(hint)
    if origin is Literal:
        return value in get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, option) for option in get_args(hint))
    if origin is dict:
        return isinstance(value, dict)
    if origin is tuple:
        return isinstance(value, list) and all(_fits(item, get_args(hint)[0]) for item in value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint
