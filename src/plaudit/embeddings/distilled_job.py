"""The distillation itself, a script that `distilled.py` runs in a process of its own.

It imports nothing of Plaudit, so that the process needs model2vec and no more.

    python -P distilled_job.py MODEL_FOLDER OUTPUT_FOLDER DIMENSION

writes ``vectors.npy`` (float32 [V, DIMENSION]) and ``tokenizer.json``.
"""

import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Distil the sentence encoder named on the command line."""
    from model2vec.distill import distill

    model, output, dimension = sys.argv[1:]
    distilled = distill(model, device="cpu", pca_dims=int(dimension), quantize_to="float32")
    np.save(Path(output) / "vectors.npy", distilled.embedding, allow_pickle=False)
    (Path(output) / "tokenizer.json").write_text(distilled.tokenizer.to_str(), encoding="utf-8")


if __name__ == "__main__":
    main()
