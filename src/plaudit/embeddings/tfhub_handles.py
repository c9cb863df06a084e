"""The text embeddings of TF Hub's nnlm family: their names, and the addresses they are known by.

A name, an address on tfhub.dev with or without its version, and an address on kaggle.com, where TF Hub's modules moved
in 2023, all mean the same module. This module asks no server and reads no file.

The list is that of the modules' pages (https://github.com/tensorflow/tfhub.dev, assets/docs/google/models/nnlm-* and
tf2-preview/gnews-swivel-*), with the versions in TensorFlow 2's format.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

HOST = "https://tfhub.dev"
_KAGGLE = "https://www.kaggle.com/models/google"
_QUERY = "tf-hub-format=compressed"  # https://www.tensorflow.org/hub/hosting: what makes the server send an archive
_LANGUAGES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "id": "Indonesian",
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
}
_NORMALIZATION = "-with-normalization"
_PREVIEW = "tf2-preview-"


@dataclass(frozen=True)
class Module:
    """A module that is known by name.

    Attributes:
        name: The last part of its address.
        folder: The part of its address between the host and the name.
        version: In TensorFlow 2's format.
        dimension: D.
        delete_punctuation: Whether texts lose their punctuation before they are split; from the module's page.
        language: Of the texts it was trained on.
        kaggle_path: Its model and variation on kaggle.com.
    """

    name: str
    folder: str
    version: int
    dimension: int
    delete_punctuation: bool
    language: str
    kaggle_path: tuple[str, str]

    @property
    def url(self) -> str:
        """Its address on TF Hub, version included."""
        return f"{HOST}/{self.folder}/{self.name}/{self.version}"

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses on TF Hub and on kaggle.com."""
        model, variation = self.kaggle_path
        return (
            self.url,
            f"{_KAGGLE}/{model}/TensorFlow2/{variation}/1",
            f"{_KAGGLE}/{model}/frameworks/TensorFlow2/variations/{variation}/versions/1",
        )


def _nnlm(language: str, dimension: int, ending: str) -> Module:
    variation = f"{language}-dim{dimension}{ending}"
    return Module(
        name=f"nnlm-{variation}",
        folder="google",
        version=2,
        dimension=dimension,
        delete_punctuation=bool(ending),
        language=_LANGUAGES[language],
        kaggle_path=("nnlm", variation),
    )


def _swivel(ending: str) -> Module:
    name = f"gnews-swivel-20dim{ending}"
    return Module(name, "google/tf2-preview", 1, 20, False, "English", ("gnews-swivel", f"tf2-preview-20dim{ending}"))


MODULES: dict[str, Module] = {
    module.name: module
    for module in (
        *(_nnlm(lang, size, end) for lang in _LANGUAGES for size in (50, 128) for end in ("", _NORMALIZATION)),
        _swivel(""),
        _swivel("-with-oov"),
    )
}

_TFHUB_PATH = re.compile(r"/(?P<folder>google(?:/tf2-preview)?)/(?P<name>[^/]+)(?:/(?P<version>\d+))?/?")
_KAGGLE_PATH = re.compile(
    r"/models/google/(?P<model>[^/]+)(?:/frameworks)?/TensorFlow2(?:/variations)?/(?P<variation>[^/]+)(?:/versions)?/\d+/?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Handle:
    """A module as somebody named it.

    Attributes:
        url: Where it is, version included.
        module: The known module it is, or None.
    """

    url: str
    module: Module | None

    @property
    def download_url(self) -> str:
        """The address that answers with an archive."""
        parts = urllib.parse.urlsplit(self.url)
        query = f"{parts.query}&{_QUERY}" if parts.query else _QUERY
        return urllib.parse.urlunsplit(parts._replace(query=query))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of this very module; the first is the same whichever of them it was named by."""
        known = self.module.addresses if self.module else ()
        return known if self.url.lower() in map(str.lower, known) else (self.url,)

    @property
    def name(self) -> str:
        """What to call it: its name, or the last parts of its address."""
        if self.module:
            return self.module.name
        parts = urllib.parse.urlsplit(self.url)
        return "/".join([part for part in parts.path.split("/") if part][-2:]) or parts.netloc


def parse_handle(name: str) -> Handle | None:
    """Return what a name or a web address means; None for anything else."""
    if module := MODULES.get(name):
        return Handle(module.url, module)
    if not re.match(r"https?://", name):
        return None
    try:
        parts = urllib.parse.urlsplit(name)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if host == "tfhub.dev" and (match := _TFHUB_PATH.fullmatch(parts.path)):
        module = MODULES.get(match["name"])
        version = match["version"] or (module.version if module and module.folder == match["folder"] else 1)
        return Handle(f"{HOST}/{match['folder']}/{match['name']}/{version}", module)
    if host == "kaggle.com" and (match := _KAGGLE_PATH.fullmatch(parts.path)):
        return Handle(
            f"https://www.kaggle.com{parts.path.rstrip('/')}", _kaggle_module(match["model"], match["variation"])
        )
    return Handle(name, None)


def _kaggle_module(model: str, variation: str) -> Module | None:
    """Return the module that is there called so; its "tf2-preview-" edition is documented to do the same to a text."""
    for module in MODULES.values():
        known_model, known = module.kaggle_path
        if model == known_model and variation.removeprefix(_PREVIEW) == known.removeprefix(_PREVIEW):
            return module
    return None
