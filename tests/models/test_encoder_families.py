# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""Encoders of many families, with tiny random weights: trained, saved, loaded, explained, equal to transformers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
transformers = pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoder_families import FAMILIES, make
from plaudit import EncoderClassifier, load
from plaudit.data import Dataset
from plaudit.embeddings import hugging_face
from plaudit.embeddings.sentence_folder import pooling_files, read_pooling
from plaudit.errors import EmbeddingError
from plaudit.explanation import explain
from plaudit.training.encoder_model import EncoderModel
from plaudit.training.torch_device import Placement

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = Placement(torch.device("cpu"), "float32")
FAST: dict[str, Any] = {"max_tokens": 16, "batch_size": 16, "learning_rate": 3e-3, "device": "cpu", "epochs": 1}
TEXTS = ["", "a good film", "dull", "the film was not warm"]


def pooled(hidden: Any, how: str) -> Any:
    return {"mean": hidden.mean(1), "cls": hidden[:, 0], "max": hidden.amax(1), "last": hidden[:, -1]}[how]


def set_pooling(folder: Path, how: Any) -> None:
    for name, content in pooling_files(how, 16).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))


@pytest.mark.parametrize("name", FAMILIES)
def test_vectors_are_those_of_plain_transformers(name: str, tmp_path: Path) -> None:
    folder = make(tmp_path, name)
    with hugging_face.quiet():
        reference = getattr(transformers, FAMILIES[name].model).from_pretrained(folder).eval()
    tokenizer = FAMILIES[name].tokenizer()
    tokenizer.no_truncation()
    texts = TEXTS[1:]  # of an empty text without special tokens transformers has no vector
    with torch.no_grad():
        hidden = [reference(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state for text in texts]
    for how in (None, "cls", "max", "last"):
        if how is not None:
            set_pooling(folder, how)
        model = EncoderModel.initialise(folder, 3, seed=0)
        found = model.vectors(model.cut(pa.array(texts, pa.large_string()), 40, "head_tail"), CPU)
        expected = [pooled(each, how or ("last" if name == "gpt2" else "mean"))[0].numpy() for each in hidden]
        np.testing.assert_allclose(found, np.stack(expected), atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_trained_saved_loaded_and_explained(name: str, reviews: Dataset, tmp_path: Path) -> None:
    folder = make(tmp_path / "encoder", name, torch.bfloat16)
    model = EncoderClassifier(folder, **FAST).fit(reviews.texts, reviews.label_names())
    model.save(tmp_path / "model")
    loaded = load(tmp_path / "model")

    np.testing.assert_array_equal(loaded.logits(TEXTS), model.logits(TEXTS))
    alone = np.concatenate([model.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, model.logits(TEXTS), atol=1e-5)
    assert len(explain(loaded, ["a good film"])) == 1
    saved = tmp_path / "model" / "encoder"
    assert json.loads((saved / "config.json").read_text())["dtype"] == "float32"
    with hugging_face.quiet():
        opened = getattr(transformers, FAMILIES[name].model).from_pretrained(saved)
    for weight_name, tensor in model.model_.encoder.state_dict().items():
        assert torch.equal(tensor, opened.state_dict()[weight_name])


def test_the_tokenizers_settings_come_along(reviews: Dataset, tmp_path: Path) -> None:
    folder = make(tmp_path / "encoder", "bert")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "auto_map": {"AutoTokenizer": "x.Y"}}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    model = EncoderClassifier(folder, **FAST).fit(reviews.texts, reviews.label_names())
    model.save(tmp_path / "model")
    load(tmp_path / "model").save(tmp_path / "again")
    kept = json.loads((tmp_path / "again" / "encoder" / "tokenizer_config.json").read_text())
    assert kept == {"tokenizer_class": "BertTokenizer", "do_lower_case": False}


def test_an_encoder_one_level_down_is_found(tmp_path: Path) -> None:
    make(tmp_path / "0_Transformer", "bert")
    set_pooling(tmp_path, "cls")
    steps = json.loads((tmp_path / "modules.json").read_text())
    steps[0]["path"] = "0_Transformer"
    (tmp_path / "modules.json").write_text(json.dumps(steps))
    assert EncoderModel.initialise(hugging_face.find_encoder(tmp_path), 1, seed=0).pooling == "cls"


@pytest.mark.parametrize("place", ["../elsewhere", "/tmp", "a/b", "..\\x", 3, None])
def test_steps_lead_to_no_other_folder(place: Any, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text(json.dumps([{"path": ""}, {"path": place}]))
    with pytest.raises(EmbeddingError, match="is not the name of a folder in this one"):
        read_pooling(tmp_path)


def test_a_pooling_that_is_not_known_is_refused(tmp_path: Path) -> None:
    set_pooling(tmp_path, "mean")
    path = tmp_path / "1_Pooling" / "config.json"
    path.write_text(json.dumps({"pooling_mode_weightedmean_tokens": True}))
    with pytest.raises(EmbeddingError, match="pooling_mode_weightedmean_tokens: expected one of mean, cls, max, last"):
        read_pooling(tmp_path)
    path.write_text(json.dumps({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}))
    with pytest.raises(EmbeddingError, match="expected one of"):
        read_pooling(tmp_path)
    path.write_text(json.dumps({"pooling_mode": "lasttoken"}))
    assert read_pooling(tmp_path) == "last"


def test_a_folder_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path, "bert", vocab_size=500)
    with pytest.raises(EmbeddingError, match="tokens, the model 500 rows: it is another model's"):
        EncoderModel.initialise(folder, 1, seed=0)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EmbeddingError, match=r"no tokenizer: neither tokenizer\.json nor a vocabulary is there"):
        EncoderModel.initialise(folder, 1, seed=0)


def test_an_encoder_that_reads_padding_is_refused(tmp_path: Path) -> None:
    config = transformers.FNetConfig(
        vocab_size=90, hidden_size=16, num_hidden_layers=2, intermediate_size=24, max_position_embeddings=40
    )
    folder = make(tmp_path, "bert")
    transformers.FNetModel(config).save_pretrained(folder)
    with pytest.raises(EmbeddingError, match="fnet"):
        EncoderModel.initialise(folder, 1, seed=0)


def test_a_folder_that_is_not_there_is_told_as_one() -> None:
    for name in ("./nothere", "~/nothere", "/nothere"):
        with pytest.raises(EmbeddingError, match="there is no such folder"):
            hugging_face.find_encoder(name)


def test_texts_that_the_tokenizer_does_not_know_are_noted(tmp_path: Path) -> None:
    texts, labels = ["好 电影 温暖", "坏 电影 冷"] * 8, ["good", "bad"] * 8
    model = EncoderClassifier(make(tmp_path, "bert"), **FAST).fit(texts, labels)
    assert any("100 % of the training texts' tokens are unknown" in note for note in model.notes_)


def test_a_sentencepiece_model_alone_says_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path, "bert")
    (folder / "tokenizer.json").unlink()
    (folder / "spiece.model").write_bytes(b"")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EmbeddingError, match="to read it, pip install sentencepiece"):
        hugging_face.read_tokenizer(folder)


def test_an_encoder_that_is_missing_is_refused_before_the_data(command: Callable[..., Any]) -> None:
    done = command("train", "no-such-file.csv", "--recipe", "encoder", "--encoder", "./nothere", "-o", "m", code=2)
    assert done.err == "plaudit: encoder './nothere': there is no such folder.\n"
