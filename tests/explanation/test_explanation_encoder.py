# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""An encoder's shares are integrated gradients: held against a plain computation, for every kind of tokenizer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

import plaudit
from encoders import make
from plaudit import BlendClassifier, EncoderClassifier
from plaudit.data import Dataset
from plaudit.explanation import find_flips

pytestmark = pytest.mark.usefixtures("one_thread")
FAST: dict[str, Any] = {"max_tokens": 12, "batch_size": 8, "learning_rate": 3e-3, "device": "cpu", "epochs": 2}
HOSTILE = [
    "",
    " ",
    "a good film!",
    "  two  ",
    "手机 好",
    "🙂 <b>good</b>",
    "not dull, " * 10,
    "go\x85od naïve",
    "0\x1f0",
]
KINDS = ["bert", "roberta", "xlm-roberta", "distilbert"]


@pytest.fixture(scope="module")
def models(
    tmp_path_factory: pytest.TempPathFactory, reviews: Dataset, topics: Dataset, moods: Dataset
) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("encoders")
    made: dict[str, Any] = {}
    for kind in KINDS:
        encoder = make(folder / kind, kind)
        made[kind] = EncoderClassifier(encoder, **FAST).fit(reviews.texts, reviews.label_names())
    encoder = folder / "bert"
    ends = EncoderClassifier(encoder, long_texts="head_tail", **FAST)
    made["head_tail"] = ends.fit(reviews.texts, reviews.label_names())
    made["four"] = EncoderClassifier(encoder, **FAST).fit(topics.texts, topics.label_names())
    made["sets"] = EncoderClassifier(encoder, **FAST).fit(moods.texts, moods.label_names())
    for name, kind in (("blend", "bert"), ("blend xlm-roberta", "xlm-roberta")):
        made[name] = BlendClassifier(encoder=folder / kind, **FAST).fit(reviews.texts, reviews.label_names())
    made["blend four"] = BlendClassifier(encoder=encoder, **FAST).fit(topics.texts, topics.label_names())
    return made


EVERY = [*KINDS, "head_tail", "four", "sets", "blend", "blend xlm-roberta", "blend four"]


def check(model: Any, texts: list[str]) -> None:
    logits = model.logits(texts).astype(np.float64)
    for one in plaudit.explain(model, texts):
        own = logits[one.row]
        number = model.classes_.tolist().index(one.label)
        expected = own[0] if len(own) == 1 else own[number] if model.multi_label_ else own[number] - own.mean()
        assert one.logit == pytest.approx(expected, abs=1e-5)
        # what the numerical integral may miss, and bfloat16 where the processor has it
        assert one.completeness_error <= 0.02 + 0.03 * abs(one.logit - one.base_logit)
        assert all(one.text[a:b] == word for word, a, b in zip(one.words, one.starts, one.ends, strict=True))


@pytest.mark.parametrize("name", EVERY)
def test_shares_of_hostile_texts_add_up(models: dict[str, Any], name: str) -> None:
    check(models[name], HOSTILE)


@pytest.mark.parametrize("name", ["bert", "xlm-roberta", "blend"])
@settings(deadline=None, max_examples=6)
@given(
    text=st.lists(st.sampled_from(["good", "bad", "film", "!", "手", "\n", "zz"]), max_size=9).map(" ".join) | st.text()
)
def test_shares_of_random_texts_add_up(models: dict[str, Any], name: str, text: str) -> None:
    check(models[name], [text])


def test_shares_are_integrated_gradients(models: dict[str, Any]) -> None:
    """A plain sum over 2,000 points of the straight line, of embeddings put in by hand."""
    classifier = models["bert"]
    model, text = classifier.model_, "a good film was not dull"
    (one,) = plaudit.explain(classifier, [text])
    ids = torch.tensor([[2, *model.tokenizer._reference.encode(text, add_special_tokens=False).ids, 3]])
    padded = ids.clone()
    padded[0, 1:-1] = 0  # [PAD]
    lookup = model.encoder.get_input_embeddings()
    end, start = lookup(ids).detach(), lookup(padded).detach()
    total = torch.zeros_like(end)
    for at in (torch.arange(2000) + 0.5) / 2000:
        point = (start + at * (end - start)).requires_grad_()
        hidden = model.encoder(inputs_embeds=point, attention_mask=torch.ones_like(ids)).last_hidden_state
        (gradient,) = torch.autograd.grad(model.head(hidden.mean(dim=1)).sum(), point)
        total += gradient / 2000
    expected = ((end - start) * total).sum(dim=2)[0, 1:-1].numpy()
    assert len(expected) == len(one.words) == 6  # each word is one token here
    np.testing.assert_allclose(one.shares, expected, atol=2e-3)
    assert np.abs(expected).max() > 0.05


def test_the_weights_stay_trainable_and_answers_the_same(models: dict[str, Any]) -> None:
    classifier = models["roberta"]
    before = classifier.decision_function(HOSTILE).tobytes()
    plaudit.explain(classifier, HOSTILE)
    assert classifier.decision_function(HOSTILE).tobytes() == before
    assert all(p.requires_grad for p in classifier.model_.head.parameters())
    assert not classifier.model_.encoder.get_input_embeddings()._forward_hooks


def test_what_is_not_read_is_marked_and_has_no_share(models: dict[str, Any]) -> None:
    text = " ".join(["good", *["film"] * 30, "bad"])
    (one,) = plaudit.explain(models["head_tail"], [text])
    assert one.unread.sum() == 32 - 10  # 12 tokens less [CLS] and [SEP]
    assert not one.shares[one.unread].any()
    assert not one.unread[[0, -1]].any()
    (whole,) = plaudit.explain(models["bert"], [text])
    assert not whole.unread.any()


def test_a_blends_shares_are_its_members_weighted_sum(models: dict[str, Any]) -> None:
    blend, text = models["blend"], ["a good film was not dull"]
    (one,) = plaudit.explain(blend, text)
    parts = [plaudit.explain(member, text)[0].shares for member in (blend.ngram_, blend.encoder_)]
    np.testing.assert_allclose(one.shares, np.tensordot(blend.blend_weights_, parts, axes=1), atol=1e-6)


def test_unknown_words_are_those_of_the_unknown_token(models: dict[str, Any]) -> None:
    (one,) = plaudit.explain(models["bert"], ["good 手"])
    assert one.unseen.tolist() == [False, True]


def test_flips_are_true_of_the_encoder(models: dict[str, Any]) -> None:
    classifier = models["bert"]
    found = plaudit.explain(classifier, ["good fine joy bad", "dull cold good"])
    for one, flip in zip(found, find_flips(classifier, found), strict=True):
        if flip is not None:
            assert classifier.predict([flip.text])[0] == flip.predicted != one.predicted
