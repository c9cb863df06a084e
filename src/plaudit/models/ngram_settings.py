"""What decides an n-gram model's bits besides its texts, with nothing left open."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.setting_values import Objective, Weighting


@dataclass(frozen=True)
class NgramSettings:
    """An n-gram model's settings; the defaults are what holds where only the regularisation is given.

    Attributes:
        n_max: Tokens in the longest n-grams.
        min_texts: Training texts that an n-gram must be in.
        chars: Whether character n-grams count too.
        chars_weight: How long their block of a text's row is, that of words being 1.
        weighting: "bayes": an entry is its n-gram's log count ratio times its rarity; "tfidf": its rarity; "mixed":
            between them, its log odds ratio and a constant times its rarity.
        objective: "logistic": the log loss; "squared_hinge": a support vector machine's.
        regularisation: Strength of the L2 penalty, one over scikit-learn's C.
    """

    n_max: int = 4
    min_texts: int = 2
    chars: bool = False
    chars_weight: float = 1.0
    weighting: Weighting = "bayes"
    objective: Objective = "logistic"
    regularisation: float = 0.05

    def __str__(self) -> str:
        weights = {"bayes": "naive-Bayes weights", "tfidf": "TF-IDF", "mixed": "weights between TF-IDF and naive Bayes"}
        loss = "logistic loss" if self.objective == "logistic" else "squared hinge loss"
        characters = f", with characters (weight {self.chars_weight:g})" if self.chars else ""
        return (
            f"n-grams of 1 to {self.n_max} tokens in {self.min_texts} or more texts{characters}, "
            f"{weights[self.weighting]}, {loss}, regularisation {self.regularisation:g}"
        )
