# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""The encoder's engine: plain transformers' numbers, portions that add up to a batch, soft targets on top of logits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
transformers = pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoders import TOKENIZERS, make
from plaudit.errors import ConfigError, DataError, EmbeddingError
from plaudit.training import encoder_network
from plaudit.training.attention import attention
from plaudit.training.encoder_model import EncoderModel, most_tokens
from plaudit.training.encoder_network import EncoderExamples, EncoderNetwork
from plaudit.training.encoder_optimiser import WEIGHT_DECAY, make_adamw, rate_factor
from plaudit.training.soft_targets import are_right, as_targets, cross_entropy, smoothed
from plaudit.training.torch_device import Placement, place, roomy_heap

CPU = Placement(torch.device("cpu"), "float32")
TEXTS = [
    "a good film",
    "dull",
    "",
    "the film was not warm, not a joy, but cold and grim and plaudits are not due !",
] * 4


def column(texts: list[str] = TEXTS) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


def model_of(folder: Path, kind: str = "bert", n_logits: int = 3, **settings: Any) -> EncoderModel:
    return EncoderModel.initialise(make(folder, kind, **settings), n_logits, seed=0)


def network_of(model: EncoderModel, examples: EncoderExamples, **changes: Any) -> EncoderNetwork:
    settings: dict[str, Any] = {
        "placement": CPU, "learning_rate": 1e-3, "layer_decay": 1.0, "label_smoothing": 0.0, "multi_label": False,
        "n_steps": 10, "epochs": 1, "seed": 0,
    }  # fmt: skip
    validation = changes.pop("validation", None)
    return EncoderNetwork(model, examples, validation, **settings | changes)


def targets(n: int = len(TEXTS), k: int = 3) -> Any:
    p = np.random.default_rng(2).random((n, k)).astype(np.float32)
    return p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_logits_are_plain_transformers_with_mean_pooling_and_the_head(kind: str, tmp_path: Path) -> None:
    model = model_of(tmp_path, kind, positions=100)
    tokenizer = TOKENIZERS[kind]()
    tokenizer.no_truncation()
    reference = transformers.AutoModel.from_pretrained(tmp_path).eval()
    sequences = model.cut(column(), 100, "head_tail")
    assert sequences.n_unread == 0
    logits = model.logits(sequences, CPU)
    for text, found in zip(TEXTS, logits, strict=True):
        with torch.no_grad():
            hidden = reference(input_ids=torch.tensor([tokenizer.encode(text).ids])).last_hidden_state
            expected = model.head(hidden.mean(dim=1))[0].numpy()
        np.testing.assert_allclose(found, expected, atol=2e-6)


def test_windows_of_a_text_add_up_over_the_square_root_of_their_number(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    whole = model.cut(column(), 6, "windows")
    logits = model.logits(whole, CPU)
    text = 3
    rows = np.arange(*whole.first[text : text + 2])
    assert len(rows) > 2
    with torch.no_grad():
        summed = torch.cat([model.pooled(whole, rows[i : i + 1], CPU) for i in range(len(rows))]).sum(dim=0)
        expected = model.head(summed / len(rows) ** 0.5).numpy()
    np.testing.assert_allclose(logits[text], expected, atol=1e-6)


def gradients(model: EncoderModel) -> list[Any]:
    return [p.grad.clone() for module in (model.encoder, model.head) for p in module.parameters()]


def test_portions_add_up_to_the_gradient_of_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.random.default_rng(0).random(len(TEXTS))
    found = []
    for portion in (24, 64, 8_000):
        monkeypatch.setitem(encoder_network._PORTION, "float32", portion)
        model = model_of(tmp_path)
        examples = EncoderExamples((model.cut(column(), 8, "head_tail"),), targets(), weights)
        loss, logits = network_of(model, examples).accumulate(np.arange(len(TEXTS)), len(TEXTS))
        found.append((loss, logits, gradients(model)))
    for loss, logits, parts in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-5)
        np.testing.assert_allclose(logits, found[0][1], atol=1e-5)
        for one, other in zip(parts, found[0][2], strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("multi_label", [False, True])
def test_the_gradient_is_that_of_soft_targets_and_weights(tmp_path: Path, multi_label: bool) -> None:
    rng = np.random.default_rng(5)
    weights = rng.random(len(TEXTS))
    model = model_of(tmp_path)
    sequences = model.cut(column(), 40, "head_tail")
    examples = EncoderExamples((sequences,), targets(), weights)
    network = network_of(model, examples, multi_label=multi_label)
    batch = np.array([5, 0, 3, 7])
    loss, _ = network.accumulate(batch, len(batch))
    found = gradients(model)
    for module in (model.encoder, model.head):
        module.zero_grad()
    z = model.forward(sequences, batch, CPU)
    p = torch.from_numpy(targets()[batch])
    if multi_label:
        losses = -(p * torch.log(torch.sigmoid(z)) + (1 - p) * torch.log(1 - torch.sigmoid(z))).mean(dim=1)
    else:
        losses = -(p * torch.log(torch.softmax(z, dim=1))).sum(dim=1)
    expected = (losses * torch.from_numpy(weights[batch]).float()).sum()
    (expected / 4).backward()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for one, other in zip(found, gradients(model), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_weights_may_differ_from_label_to_label() -> None:
    z, p = torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 1.0]])
    by_label = [float(-torch.log(torch.sigmoid(x))) for x in (z[0, 0], z[0, 1])]
    found = cross_entropy(z, p, torch.tensor([[3.0, 0.5]]), multi_label=True)
    assert found.item() == pytest.approx((3 * by_label[0] + 0.5 * by_label[1]) / 2)
    found = cross_entropy(z, p, torch.tensor([3.0]), multi_label=True)
    assert found.item() == pytest.approx(3 * sum(by_label) / 2)


class _LikeAGpu(Placement):
    """The CPU, trained on as on any other device: with dropout, a batch at once."""

    is_cpu = False


def test_dropout_is_drawn_from_seed_and_step_and_leaves_the_callers_generator_alone(tmp_path: Path) -> None:
    def weights(seed: int, *, with_dropout: bool) -> Any:
        model = model_of(tmp_path, hidden_dropout_prob=0.5)
        examples = EncoderExamples((model.cut(column(), 12, "head_tail"),), targets())
        placement = _LikeAGpu(torch.device("cpu"), "float32") if with_dropout else CPU
        network = network_of(model, examples, seed=seed, placement=placement)
        torch.manual_seed(len(list(tmp_path.iterdir())) + seed)
        before = torch.random.get_rng_state()
        network.step(np.arange(8))
        assert torch.equal(before, torch.random.get_rng_state())
        assert not model.encoder.training
        return network.weights()["encoder.encoder.layer.0.output.dense.weight"]

    first = weights(0, with_dropout=True)
    assert np.array_equal(first, weights(0, with_dropout=True))
    assert not np.array_equal(first, weights(1, with_dropout=True))
    assert not np.array_equal(first, weights(0, with_dropout=False))
    assert np.array_equal(weights(0, with_dropout=False), weights(1, with_dropout=False))


def test_batches_hold_texts_of_like_length_and_each_text_once(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    texts = ["film " * n for n in np.random.default_rng(0).integers(0, 30, size=200).tolist()]
    sequences = model.cut(column(texts), 40, "head_tail")
    network = network_of(model, EncoderExamples((sequences,), targets(200)))
    order = np.random.default_rng(1).permutation(200)
    batches = network.batches(order, 8)
    assert sorted(np.concatenate(batches).tolist()) == list(range(200))
    assert len(batches) == 25
    spread = [np.ptp(sequences.lengths()[batch]) for batch in batches]
    assert np.mean(spread) < 2
    assert [b.tolist() for b in batches] == [b.tolist() for b in network.batches(order, 8)]
    means = [sequences.lengths()[batch].mean() for batch in batches]
    assert means != sorted(means)


def test_each_epoch_reads_the_next_part_of_a_longer_text(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    texts = ["film good bad story " * 8, "film"]
    parts = model.turns(model.tokenizer.ids(column(texts)), 8, "windows", 2)
    network = network_of(model, EncoderExamples(parts, targets(2)), n_steps=4, epochs=2)
    read: list[Any] = []
    forward = EncoderModel.forward

    def watched(of: EncoderModel, sequences: Any, *more: Any) -> Any:
        read.append(sequences)
        return forward(of, sequences, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EncoderModel, "forward", watched)
        for step in range(4):
            network.step(np.array([step % 2]))
        again = network_of(model, EncoderExamples(parts, targets(2)), n_steps=4, epochs=2)
        again.load_state({**network.state(), "n_steps": np.array([3])})
        again.step(np.array([0]))
    assert [[part is sequences for part in parts].index(True) for sequences in read] == [0, 0, 1, 1, 1]
    assert parts[0].values.tolist() != parts[1].values.tolist()


def test_a_step_moves_every_weight_and_the_state_carries_it_on(tmp_path: Path) -> None:
    def network() -> EncoderNetwork:
        model = model_of(tmp_path)
        return network_of(model, EncoderExamples((model.cut(column(), 12, "windows"),), targets()))

    one, other = network(), network()
    first = one.weights()
    for start in (0, 4, 8):
        one.step(np.arange(start, start + 4))
    moved = [name for name, array in one.weights().items() if not np.array_equal(array, first[name])]
    assert set(first) - set(moved) <= {"encoder.embeddings.position_ids"}
    for start in (0, 4):
        other.step(np.arange(start, start + 4))
    third = network()
    third.load_state({name: array.copy() for name, array in other.state().items()})
    third.step(np.arange(8, 12))
    for name, array in one.weights().items():
        assert np.array_equal(array, third.weights()[name]), name


def test_the_rate_rises_and_falls_in_lines() -> None:
    factors = [rate_factor(step, 100) for step in range(100)]
    assert factors[:3] == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert max(factors) == factors[6] == 1.0
    assert factors[99] == pytest.approx(1 / 94)
    assert rate_factor(0, 1) == 1.0


def test_layers_embeddings_and_head_have_rates_of_their_own(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    adamw = make_adamw(model.encoder, model.head, learning_rate=1.0, layer_decay=0.5)
    found = {id(p): (g["base_rate"], g["weight_decay"]) for g in adamw.param_groups for p in g["params"]}
    named = {name: found[id(p)] for name, p in model.encoder.named_parameters()}
    assert len(found) == len(named) + 2
    assert named["embeddings.word_embeddings.weight"] == (0.25, 0.0)
    assert named["encoder.layer.0.output.dense.weight"] == (0.5, WEIGHT_DECAY)
    assert named["encoder.layer.1.output.dense.weight"] == (1.0, WEIGHT_DECAY)
    assert named["encoder.layer.1.output.dense.bias"] == (1.0, 0.0)
    assert named["encoder.layer.1.output.LayerNorm.weight"] == (1.0, 0.0)
    assert [found[id(p)] for p in model.head.parameters()] == [(10.0, WEIGHT_DECAY), (10.0, 0.0)]


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_longest_sequence_is_the_longest_that_runs(kind: str, tmp_path: Path) -> None:
    model = model_of(tmp_path, kind, positions=20)
    most = most_tokens(model.encoder)
    assert most == 20
    sequences = model.cut(column(["film " * 50]), most, "head_tail")
    assert np.isfinite(model.logits(sequences, CPU)).all()
    with pytest.raises((IndexError, RuntimeError)):
        model.logits(model.cut(column(["film " * 50]), most + 1, "head_tail"), CPU)


def test_targets_are_probabilities() -> None:
    codes = np.array([0, 1])
    assert as_targets(codes, 2, multi_label=False).tolist() == [[0], [1]]
    assert as_targets(codes, 3, multi_label=False).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert as_targets(np.array([[0.25, 0.75]]), 2, multi_label=False).tolist() == [[0.75]]
    assert as_targets(np.array([[1, 1]], np.uint8), 2, multi_label=True).tolist() == [[1, 1]]
    for wrong in ([[0.5, 0.6]], [[1.5, -0.5]], [[np.nan, 1.0]], [[1.0]]):
        with pytest.raises(DataError, match="targets: expected probabilities"):
            as_targets(np.array(wrong), 2, multi_label=False)


def test_smoothing_spreads_a_share_evenly() -> None:
    p = np.array([[1, 0, 0, 0]], np.float32)
    np.testing.assert_allclose(smoothed(p, 0.2, multi_label=False), [[0.85, 0.05, 0.05, 0.05]])
    np.testing.assert_allclose(smoothed(p, 0.2, multi_label=True), [[0.9, 0.1, 0.1, 0.1]])
    np.testing.assert_allclose(smoothed(np.array([[1]], np.float32), 0.2, multi_label=False), [[0.9]])


def test_right_is_the_same_class_or_all_the_same_labels() -> None:
    z, p = np.array([[2.0, 1.0], [-1.0, -2.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    assert are_right(z, p, multi_label=True).tolist() == [True, True]
    assert are_right(z, np.array([[0.0, 1.0], [1.0, 0.0]]), multi_label=False).tolist() == [False, True]


def test_a_device_that_is_not_there_is_one_line() -> None:
    assert place("cpu").is_cpu
    assert place("auto").device.type in ("cpu", "cuda")
    for device in ("cuda:99", "meta", "toaster", ""):
        with pytest.raises(ConfigError, match=rf"^--device {device}: there is no such device here; [^\n]*$"):
            place(device)


@pytest.mark.parametrize(("has", "dtype"), [({"avx512_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")])
def test_bfloat16_is_taken_only_where_the_processor_has_it(
    has: dict[str, bool], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert place("cpu").dtype == dtype


def test_in_bfloat16_pooling_and_logits_stay_float32(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    sequences = model.cut(column(), 40, "head_tail")
    rough = model.logits(sequences, Placement(torch.device("cpu"), "bfloat16"))
    exact = model.logits(sequences, CPU)
    assert rough.dtype == np.float32
    assert not np.array_equal(rough, exact)
    np.testing.assert_allclose(rough, exact, atol=0.05)


@pytest.mark.parametrize(
    ("kind", "n_tokens", "dtype", "meanwhile"),
    [
        ("bert", 512, "bfloat16", "eager"),
        ("bert", 513, "bfloat16", "sdpa"),
        ("bert", 12, "float32", "sdpa"),
        ("xlm-roberta", 12, "bfloat16", "eager"),
    ],
)
def test_the_plain_attention_is_for_bfloat16_on_the_cpu_and_for_the_block(
    kind: str, n_tokens: int, dtype: str, meanwhile: str, tmp_path: Path
) -> None:
    encoder = model_of(tmp_path, kind).encoder
    config = encoder.config.to_json_string()
    with attention(encoder, Placement(torch.device("cpu"), dtype), n_tokens):
        assert encoder.config._attn_implementation == meanwhile
    assert encoder.config._attn_implementation == "sdpa"
    assert encoder.config.to_json_string() == config


def test_both_attentions_give_one_gradient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for longest in (0, 512):
        monkeypatch.setattr("plaudit.training.attention._LONGEST", longest)
        model = model_of(tmp_path)
        examples = EncoderExamples((model.cut(column(), 40, "head_tail"),), targets())
        network = network_of(model, examples, placement=Placement(torch.device("cpu"), "bfloat16"))
        network.accumulate(np.arange(len(TEXTS)), len(TEXTS))
        found.append(torch.cat([part.flatten() for part in gradients(model)]))
    assert not torch.equal(*found)
    assert torch.linalg.vector_norm(found[0] - found[1]) < 0.03 * torch.linalg.vector_norm(found[0])


def test_the_heap_is_widened_on_glibc_only_and_only_for_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.libc_ver", lambda: ("glibc", "2.36"))
    library = type("Library", (), {"mallopt": staticmethod(lambda *pair: calls.append(pair))})
    monkeypatch.setattr("ctypes.CDLL", lambda _: library)
    with roomy_heap():
        assert calls == [(-3, 1 << 30), (-1, (1 << 31) - 1)]
    assert calls[2:] == [(-3, 32 << 20), (-1, 64 << 20)]
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with roomy_heap():
        pass
    assert len(calls) == 4


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def break_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x00" * 50)


def empty_weights(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"other": np.zeros(2, np.float32)}, folder / "model.safetensors", metadata={"format": "pt"})


def widen(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 99}))


def foreign_code(folder: Path) -> None:
    config = {**json.loads((folder / "config.json").read_text()), "model_type": "other"}
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "code.Model"}}))
    (folder / "code.py").write_text("raise SystemExit('code was run')")


def more_ids(folder: Path) -> None:
    tokenizer = TOKENIZERS["bert"]()
    tokenizer.add_tokens(["another word"])
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("damage", [break_config, break_weights, empty_weights, widen, foreign_code, more_ids])
def test_a_damaged_encoder_is_one_line(damage: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = make(tmp_path / "e", "bert")
    damage(folder)
    with pytest.raises(EmbeddingError, match=r"^[^\n]+$"):
        EncoderModel.initialise(folder, 1, seed=0)
    assert capfd.readouterr() == ("", "")


def test_a_model_with_a_decoder_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "e", "bert")
    config = transformers.BartConfig(
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=8, decoder_ffn_dim=8, vocab_size=200, max_position_embeddings=40,
    )  # fmt: skip
    transformers.BartModel(config).save_pretrained(folder)
    with pytest.raises(EmbeddingError, match="bart is an encoder with a decoder; expected an encoder"):
        EncoderModel.initialise(folder, 1, seed=0)


def test_reading_an_encoder_draws_no_random_number_and_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "bert")
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    first = EncoderModel.initialise(tmp_path, 2, seed=0)
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.encoder.pooler is None
    second, third = EncoderModel.initialise(tmp_path, 2, seed=0), EncoderModel.initialise(tmp_path, 2, seed=1)
    assert torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, third.head.weight)
    assert capfd.readouterr() == ("", "")
