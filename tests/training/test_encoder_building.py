"""What a hostile folder may cost before it is refused: its configuration, its tokenizer."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoder_families import make
from plaudit.errors import EmbeddingError
from plaudit.training.encoder_model import EncoderModel

pytestmark = pytest.mark.usefixtures("one_thread")
LARGER, OTHER = "describes a much larger model", "the weights have"


def change(path: Path, **settings: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


@pytest.mark.parametrize(
    ("family", "name", "value", "says"),
    [
        ("bert", "num_hidden_layers", 4_096, LARGER),
        ("bert", "max_position_embeddings", 2**28, LARGER),
        ("albert", "num_hidden_groups", 4_096, LARGER),
        ("albert", "num_hidden_layers", 4_096, "more layers than any encoder has"),  # which share their weights
        ("distilbert", "max_position_embeddings", 50_000, OTHER),
        ("t5", "relative_attention_num_buckets", 2**26, LARGER),
    ],
)
def test_a_configuration_is_built_no_further_than_the_weights_go(
    family: str, name: str, value: int, says: str, tmp_path: Path
) -> None:
    change(make(tmp_path, family) / "config.json", **{name: value})
    with pytest.raises(EmbeddingError, match=says):
        EncoderModel.initialise(tmp_path, 1, seed=0)


def test_a_tokenizer_with_an_endless_token_is_refused_before_it_is_built(tmp_path: Path) -> None:
    path = make(tmp_path, "bert") / "tokenizer.json"
    specials = json.loads(path.read_text())["added_tokens"]
    specials[0]["content"] *= 100_000  # whose square the reference tokenizer would take
    change(path, added_tokens=specials)
    with pytest.raises(EmbeddingError, match="an added token of more than 1,000 letters"):
        EncoderModel.initialise(tmp_path, 1, seed=0)


def test_a_template_of_unknown_tokens_is_no_panic(tmp_path: Path) -> None:
    path = make(tmp_path, "bert") / "tokenizer.json"
    processor = json.loads(path.read_text())["post_processor"]
    processor["special_tokens"]["[SEP]"]["ids"] = []
    del processor["special_tokens"]["[CLS]"]
    change(path, post_processor=processor)
    with pytest.raises(EmbeddingError, match=r"tokenizer\.json: "):
        EncoderModel.initialise(tmp_path, 1, seed=0)


def test_the_learning_rate_follows_the_size_of_the_layers(tmp_path: Path) -> None:
    import torch

    from plaudit.training.fine_tuning import default_learning_rate

    model = EncoderModel.initialise(make(tmp_path, "bert"), 1, seed=0)
    assert default_learning_rate(model) == 1e-4
    model.encoder.table = torch.nn.Embedding(1, 1)
    model.encoder.table.weight = torch.nn.Parameter(torch.zeros(1).expand(300_000_000), requires_grad=False)
    assert default_learning_rate(model) == 1e-4  # a table of tokens does not count
    for n, rate in ((50_000_000, 3e-5), (300_000_000, 1e-5)):
        model.encoder.layer = torch.nn.Module()
        model.encoder.layer.weight = torch.nn.Parameter(torch.zeros(1).expand(n), requires_grad=False)
        assert default_learning_rate(model) == rate
