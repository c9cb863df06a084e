"""How often `plaudit drift` raises a false alarm, and what it finds: draws of other reviews, and of other texts.

    PLAUDIT_IMDB=... PLAUDIT_EVAL_DATA=... .venv/bin/python benchmarks/drift.py --draws 20

N-grams learn from half of IMDB's training reviews; the profile is of a quarter, whose films the model has not seen, and
each draw takes reviews of the last quarter, of other films again. IMDB's test half stays sealed. Then draws of other
data sets' training texts, and of reviews of which a share is replaced by them.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from beyond_movies import load_training
from measured import table

from plaudit import NgramClassifier
from plaudit.data import hold_out, load_dataset
from plaudit.evaluation.drift import USUAL_LEVEL, find_drift
from plaudit.evaluation.profile import Gathered, Profile

OTHERS = ("umsab_es", "sms_spam", "goemotions", "ag_news_noisy")
SHARES = (0.05, 0.1, 0.2, 0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 500, 2_000])
    options = parser.parse_args()
    reviews = load_dataset("imdb", parts=("train",)).train
    rest, other = hold_out(reviews, 0.5, seed=0, group_by="film")
    validation, later = hold_out(other, 0.5, seed=1, group_by="film")
    model = NgramClassifier().fit(rest.texts, rest.label_names())
    model.learn_scope(rest.texts, validation.texts)
    before = Profile.of(model, validation.texts)

    def alarms(make: Callable[[np.random.Generator, int], pa.LargeStringArray], n: int) -> list[str]:
        found, names = 0, {}
        for draw in range(options.draws):
            gathered = Gathered(model, language=before.language)
            gathered.add(make(np.random.default_rng([draw, n]), n))
            drift = find_drift(before, gathered.profile())
            found += bool(drift.found)
            for each in drift.found:
                names[each.name] = names.get(each.name, 0) + 1
        return [f"{found} of {options.draws}", ", ".join(sorted(names, key=lambda name: -names[name])[:3])]

    def some(texts: pa.LargeStringArray, random: np.random.Generator, n: int) -> pa.LargeStringArray:
        return texts.take(pa.array(random.choice(len(texts), n, replace=False)))

    rows = [[f"{n:,} other reviews", *alarms(lambda random, n: some(later.texts, random, n), n)] for n in options.sizes]
    for name in OTHERS:
        texts = load_training(name).texts
        n = options.sizes[0]
        rows.append([f"{n:,} of {name}", *alarms(lambda random, n, t=texts: some(t, random, n), n)])
    comments = load_training("goemotions").texts
    for share in SHARES:

        def mixed(random: np.random.Generator, n: int, share: float = share) -> pa.LargeStringArray:
            k = round(share * n)
            return pa.concat_arrays([some(later.texts, random, n - k), some(comments, random, k)])

        rows.append([f"500 reviews, {100 * share:.0f} % of them comments", *alarms(mixed, 500)])
    print(f"Profile of {before.n:,} reviews, level {USUAL_LEVEL:g}\n")
    print(table(["texts", "drift found", "most often in"], rows))


if __name__ == "__main__":
    main()
