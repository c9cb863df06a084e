"""Masked-language adaptation: the encoder first reads reviews without labels, guessing words that are hidden from it.

    .venv/bin/python benchmarks/adaptation.py --windows 10000 --texts 2000 --scored 1000

A share of the tokens is hidden as BERT's authors did it (Devlin et al. 2019: 15 %, of which 80 % are masked, 10 %
another token, 10 % left), and only there is the loss; the idea is that of "Don't Stop Pretraining" (Gururangan et al.
2020). What guesses is tied to the word vectors. Then the encoder is trained on labels as
benchmarks/encoder_settings.py does it, with and without; the test half stays closed.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from encoder_settings import measure
from measured import RESULTS, Figures, Task, load_task, table
from transformers import AutoTokenizer

from plaudit.embeddings.hugging_face import find_encoder
from plaudit.training.attention import attention
from plaudit.training.encoder_model import EncoderModel, working
from plaudit.training.encoder_optimiser import rate_factor
from plaudit.training.torch_device import place

HIDDEN = 0.15


class Guesses(torch.nn.Module):
    """From token vectors to a logit for each word piece: a dense layer, and the word vectors themselves."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        words = encoder.get_input_embeddings().weight
        self.dense = torch.nn.Linear(words.shape[1], words.shape[1])
        self.norm = torch.nn.LayerNorm(words.shape[1])
        self.bias = torch.nn.Parameter(torch.zeros(len(words)))
        self.words = words

    def forward(self, hidden: Any) -> Any:
        vectors = self.norm(torch.nn.functional.gelu(self.dense(hidden)))
        return torch.nn.functional.linear(vectors, self.words, self.bias)


def hide(ids: Any, mask: Any, tokenizer: Any) -> tuple[Any, Any]:
    """Return ids of which some are hidden, and where."""
    chosen = (torch.rand(ids.shape) < HIDDEN) & (mask > 0) & ~torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    fate, hidden = torch.rand(ids.shape), ids.clone()
    hidden[chosen & (fate < 0.8)] = tokenizer.mask_token_id
    other = chosen & (fate >= 0.9)
    hidden[other] = torch.randint(len(tokenizer), (int(other.sum()),))
    return hidden, chosen


def adapt(texts: list[str], options: argparse.Namespace, target: Path) -> None:
    """Read some windows of the texts once, and write the encoder."""
    torch.manual_seed(0)
    source, placement = find_encoder("minilm"), place("cpu")
    model = EncoderModel.initialise(source, 1, seed=0)
    frame, tokenizer = model.tokenizer.frame, AutoTokenizer.from_pretrained(source, local_files_only=True)
    sequences = model.cut(pa.array(texts, pa.large_string()), options.max_tokens, "windows")
    order = np.random.default_rng(0).permutation(len(sequences.lengths()))[: options.windows]
    guesses = Guesses(model.encoder)
    weights = [*model.encoder.parameters(), *(p for name, p in guesses.named_parameters() if name != "words")]
    optimizer, n_steps = torch.optim.AdamW(weights, lr=options.rate), -(-len(order) // options.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: rate_factor(i, n_steps))
    model.encoder.train()
    for module in model.encoder.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    losses, start = [], time.perf_counter()
    for step in range(n_steps):
        rows = order[step * options.batch_size : (step + 1) * options.batch_size]
        ids, mask, types = map(torch.from_numpy, sequences.padded(rows, frame, 0))
        hidden, chosen = hide(ids, mask, tokenizer)
        with placement.autocast(), attention(model.encoder, placement, ids.shape[1]):
            vectors = model.encoder(input_ids=hidden, attention_mask=mask, token_type_ids=types).last_hidden_state
            logits = guesses(vectors[chosen])
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % max(n_steps // 8, 1) == 0:
            print(
                f"step {step + 1} of {n_steps}: {np.mean(losses[-20:]):.3f}, {time.perf_counter() - start:.0f} s",
                flush=True,
            )
    model.encoder.save_pretrained(target)
    for file in source.iterdir():
        if file.is_file() and not (target / file.name).exists():
            shutil.copy(file, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=10_000, help="how many parts of unlabelled reviews it reads")
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--texts", type=int, default=2_000, help="how many to train on")
    parser.add_argument("--scored", type=int, default=1_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--dry", action="store_const", const="sample", default="validation", help="the built-in sample")
    parser.add_argument("--output", type=Path, default=RESULTS / "adaptation.json")
    options = parser.parse_args()
    figures = Figures(options.output)
    task, random, rows = load_task(options.dry, needs_unlabelled=True), np.random.default_rng(0), []
    some = [
        getattr(task, side).take(random.permutation(len(getattr(task, side).texts))[:n].tolist())
        for side, n in (("train", options.texts), ("scored", options.scored))
    ]
    settled = ", ".join(f"{name} {value}" for name, value in vars(options).items() if name not in ("dry", "output"))
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        with working():
            adapt(task.unlabelled or [], options, Path(folder))
        spent = time.process_time() - start
        for name, encoder, before in (("as it is", "minilm", 0.0), ("adapted", folder, spent)):
            settings = {"encoder": encoder, "max_tokens": options.max_tokens, "epochs": options.epochs}
            found = measure(settings, Task(*some, None))
            figures.put(f"{name}, {settled}", found | {"adaptation_processor_seconds": before})
            seconds = f"{before:,.0f} + {found['processor_seconds']:,.0f}"
            rows.append([name, f"{found['accuracy']:.4f}", f"{found['loss']:.4f}", seconds])
    print(f"\n{options.windows:,} windows read, {len(some[0].texts):,} texts to train, {len(some[1].texts):,} scored\n")
    print(table(["", "accuracy", "log loss", "processor seconds"], rows))


if __name__ == "__main__":
    main()
