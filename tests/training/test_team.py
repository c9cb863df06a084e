# ruff: noqa: E402 - what imports torch comes after the check that it is there
"""Two processes train as one does: the same curves, the same weights, except for the order of sums."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

torch = pytest.importorskip("torch", reason="the extra encoder is not installed")
pytest.importorskip("transformers", reason="the extra encoder is not installed")

from encoders import make
from plaudit.training.encoder_model import EncoderModel
from plaudit.training.encoder_network import EncoderExamples, EncoderNetwork
from plaudit.training.team import ALONE, Team
from plaudit.training.torch_device import Placement

TEXTS = [
    "a good film",
    "dull",
    "",
    "the film was not warm, not a joy, but cold and grim and plaudits are not due !",
] * 5
TARGETS = np.eye(3, dtype=np.float32)[np.arange(len(TEXTS)) % 3]
WEIGHTS = np.random.default_rng(3).random(len(TEXTS))
BATCHES = [np.arange(0, 9), np.arange(9, 19), np.array([19])]  # unequal shares, and one that leaves nothing for some


def train(folder: Path) -> dict[str, Any]:
    """Take some steps, alone or as one of the group that torch.distributed knows of."""
    model = EncoderModel.initialise(folder, 3, seed=0)
    examples = EncoderExamples((model.cut(pa.array(TEXTS, pa.large_string()), 8, "windows"),), TARGETS, WEIGHTS)
    network = EncoderNetwork(
        model, examples, examples, placement=Placement(torch.device("cpu"), "float32"), learning_rate=3e-3,
        layer_decay=0.9, label_smoothing=0.1, multi_label=False, n_steps=9, epochs=1, seed=0,
    )  # fmt: skip
    curve = [network.step(batch) for _ in range(3) for batch in BATCHES]
    return {"curve": np.array(curve), "validation": network.evaluate(), "weights": network.weights()}


def train_as_one_of_two(rank: int, folder: str, meeting: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    assert Team.of_this_process() == Team(rank, 2)
    found = train(Path(folder))
    np.savez(f"{meeting}.{rank}.npz", curve=found["curve"], validation=found["validation"], **found["weights"])
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(tmp_path: Path) -> None:
    folder, meeting = make(tmp_path / "bert", "bert"), tmp_path / "meeting"
    alone = train(folder)
    torch.multiprocessing.spawn(train_as_one_of_two, (str(folder), str(meeting)), nprocs=2)
    for rank in range(2):
        with np.load(f"{meeting}.{rank}.npz") as found:
            np.testing.assert_allclose(found["curve"], alone["curve"], rtol=1e-4)
            np.testing.assert_allclose(found["validation"], alone["validation"], rtol=1e-4)
            for name, weights in alone["weights"].items():
                np.testing.assert_allclose(found[name], weights, atol=2e-4, err_msg=name)


def test_a_process_by_itself_is_a_team_of_one() -> None:
    assert Team.of_this_process() == ALONE
    parameter = torch.nn.Parameter(torch.ones(2))
    ALONE.add_gradients([parameter])
    assert parameter.grad is None
    assert ALONE.add(np.array([1.5]), "cpu") == 1.5


@pytest.mark.parametrize("size", [2, 3, 7])
def test_shares_are_the_batch(size: int) -> None:
    batch = np.random.default_rng(0).permutation(5)
    shares = [Team(rank, size).share(batch) for rank in range(size)]
    assert sorted(np.concatenate(shares)) == [0, 1, 2, 3, 4]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
