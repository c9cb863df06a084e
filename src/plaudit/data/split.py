"""Hold texts out of training, and find the texts that two sets share.

This module knows nothing of files. The decision to question: a whole number as the size takes the first rows
as they stand, without shuffling. The tutorial does so with the first 10,000 of IMDB, whose order is a shuffle
already, and a reader can check it by eye; a fraction draws at random, and keeps texts together that are equal except
for case and punctuation: a text that was trained on says nothing about texts to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.data.dataset import Dataset
from plaudit.data.grouping import join_groups, number_rows
from plaudit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class HoldOut:
    """The two sides of a split; unpacks as ``train, held_out``.

    Attributes:
        train: What is left to learn from, in the data set's order.
        held_out: What was taken away, in the data set's order.
    """

    train: Dataset
    held_out: Dataset

    def __iter__(self) -> Iterator[Dataset]:
        return iter((self.train, self.held_out))


@dataclass(frozen=True)
class SharedTexts:
    """Which texts of one set are, after normalising, also in another.

    Attributes:
        count: How many of the second set's texts are in the first; repeats count each time.
        positions: int64 [count], their positions in the second set, ascending.
        first_pair: (position in the first set, position in the second) of the first of them, or None.
    """

    count: int
    positions: NDArray[np.int64]
    first_pair: tuple[int, int] | None


def hold_out(
    dataset: Dataset,
    size: int | float,
    *,
    seed: int,
    group_by: str | None = None,
    stratify: bool = True,
    keep_equal: bool = True,
    together: NDArray[np.int64] | None = None,
) -> HoldOut:
    """Split a data set in two.

    Without `group_by`, an int takes the first `size` rows (neither `seed`, `stratify` nor `keep_equal` matters), a
    float draws that share of the texts: with `stratify` and labels, each class gives its share to within one text,
    and a class never gives its last one; with several labels a text, each label gives about its share, and never
    its last text (`_draw_multi_label`). A text that occurs several times is drawn once, and its rows go with it,
    but where nothing could be held out so: then each class is one text over and over, and rows are drawn. With
    `group_by`, groups are drawn until the held-out side is as close to the size as whole groups allow; classes are
    then not stratified, since a group holds several.

    Args:
        dataset: N texts.
        size: Rows to hold out (1 to N-1), or the share of rows (between 0 and 1).
        seed: Of NumPy's PCG64; the same seed and data give the same split.
        group_by: An extra column; rows with equal values stay on one side.
        stratify: Whether a float keeps the classes' shares.
        keep_equal: Whether rows whose texts are equal after normalising stay on one side; with `group_by` groups that
            share a text are then one.
        together: int64 [N]; rows of one number stay on one side too. None for no further such groups.

    Raises:
        DataError: The size leaves one side empty, the column is missing or has nulls, or a class has no text
            left to train on.
    """
    is_held = held_rows(
        dataset, size, seed=seed, group_by=group_by, stratify=stratify, keep_equal=keep_equal, together=together
    )
    return HoldOut(dataset.take(np.flatnonzero(~is_held)), dataset.take(np.flatnonzero(is_held)))


def held_rows(
    dataset: Dataset,
    size: int | float,
    *,
    seed: int,
    group_by: str | None = None,
    stratify: bool = True,
    keep_equal: bool = True,
    together: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Return which rows `hold_out` holds out, bool [N]; the arguments and errors are its own."""
    n_held = _count(dataset, size)
    random = np.random.Generator(np.random.PCG64(seed))
    groups = together
    if keep_equal and (group_by is not None or isinstance(size, float)):
        alike = dataset.text_numbers()
        groups = alike if groups is None else join_groups(groups, alike)
    is_held = np.zeros(len(dataset), dtype=np.bool_)
    if group_by is not None:
        given = _group_numbers(dataset, group_by)
        whole = given if groups is None else join_groups(given, groups)
        is_held[_draw_groups(whole, min(n_held, len(dataset) - 1), random)] = True
    elif isinstance(size, int):
        is_held[:n_held] = True
    else:
        numbers = np.arange(len(dataset)) if groups is None else number_rows(groups)
        firsts = np.unique(numbers, return_index=True)[1]
        drawn = np.zeros(len(firsts), np.bool_)
        labels = None if dataset.labels is None or not stratify else dataset.labels[firsts]
        drawn[_draw(labels, len(firsts), len(dataset.classes), size, random)] = True
        is_held = drawn[numbers]
        _give_back_last(dataset, is_held, numbers)
        if not is_held.any() and together is None:  # each class is one text over and over: only its rows can be divided
            labels = dataset.labels if stratify else None
            is_held[_draw(labels, len(dataset), len(dataset.classes), size, random)] = True
    if is_held.all() or not is_held.any():
        side = "to train on" if is_held.all() else "held out"
        raise DataError(f"{dataset.name}: holding out {size} of {len(dataset):,} texts leaves nothing {side}.")
    _check_classes_remain(dataset, is_held)
    return is_held


def _draw(
    labels: NDArray[np.integer] | None, n: int, n_classes: int, share: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return about a share of `n` positions, stratified by `labels` where there are any."""
    n_held = round(n * share)
    if labels is None:
        return random.permutation(n)[:n_held]
    if labels.ndim == 2:
        return _draw_multi_label(labels, n_held, share, random)
    return _draw_stratified(labels, n_classes, n_held, share, random)


def _give_back_last(dataset: Dataset, is_held: NDArray[np.bool_], numbers: NDArray[np.int64]) -> None:
    """Return to training, in place, a text of each class that only texts labelled differently had left there."""
    if dataset.labels is None:
        return
    find = _classes_of_sets if dataset.multi_label else np.unique
    for lost in np.setdiff1d(find(dataset.labels), find(dataset.labels[~is_held])).tolist():
        has = dataset.labels[:, lost] > 0 if dataset.multi_label else dataset.labels == lost
        is_held[numbers == numbers[int(np.flatnonzero(has)[0])]] = False


def shared_texts(a: Dataset, b: Dataset) -> SharedTexts:
    """Find the texts of `b` that equal a text of `a` after normalising.

    Normalising is that of `dataset.normalise_texts`. Empty sets share nothing.
    """
    matches = pc.index_in(b.normalised, value_set=a.normalised)
    positions = np.flatnonzero(matches.is_valid().to_numpy(zero_copy_only=False)).astype(np.int64)
    if not len(positions):
        return SharedTexts(0, positions, None)
    first = int(positions[0])
    return SharedTexts(len(positions), positions, (int(matches[first].as_py()), first))


def _count(dataset: Dataset, size: int | float) -> int:
    """Return how many rows `size` asks for."""
    n = len(dataset)
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise DataError(f"{dataset.name}: expected a number of texts or a share to hold out, got {size!r}.")
    if isinstance(size, int):
        if not 0 < size < n:
            raise DataError(f"{dataset.name}: cannot hold out {size:,} of {n:,} texts; expected 1 to {n - 1:,}.")
        return size
    if not 0 < size < 1:
        raise DataError(f"{dataset.name}: expected a share between 0 and 1 to hold out, got {size}.")
    return round(n * size)


def _draw_stratified(
    labels: NDArray[np.integer], n_classes: int, n_held: int, share: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return positions whose classes have the whole's shares.

    Each class gives its share rounded down; what is then missing comes one by one from the classes with the
    largest remainders (Hamilton's method), the lower class first among equals.
    """
    counts = np.bincount(labels, minlength=n_classes)
    quotas = counts * share
    given = np.minimum(np.floor(quotas).astype(np.int64), np.maximum(counts - 1, 0))
    missing = max(n_held - int(given.sum()), 0)
    may_give = np.flatnonzero((counts - given > 1) & (quotas > given))
    given[may_give[np.argsort(-(quotas - given)[may_give], kind="stable")[:missing]]] += 1
    drawn = [random.permutation(np.flatnonzero(labels == c))[: given[c]] for c in range(n_classes)]
    return np.concatenate(drawn)


def _draw_multi_label(
    indicator: NDArray[np.integer], n_held: int, share: float, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return positions whose labels have about the whole's shares, of an indicator [N, C].

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, "On the Stratification of Multi-Label Data"), a
    label at a time: the label with the fewest texts that are not yet placed goes first, and of these as many are
    drawn as its share of held-out texts still lacks, but never all, so that every label keeps a text to train on.
    "No label" counts as a label. What rounding leaves missing is filled with texts whose labels training still has.
    """
    labels = np.column_stack([indicator, ~indicator.any(axis=1)]).astype(np.int64)
    wanted = np.rint(labels.sum(axis=0) * share).astype(np.int64)
    is_held, is_open = np.zeros(len(labels), np.bool_), np.ones(len(labels), np.bool_)
    while (left := labels[is_open].sum(axis=0)).any():
        rarest = int(np.argmin(np.where(left > 0, left, len(labels) + 1)))
        texts = random.permutation(np.flatnonzero(is_open & (labels[:, rarest] > 0)))
        lacking = int(wanted[rarest] - labels[is_held, rarest].sum())
        is_held[texts[: max(min(lacking, len(texts) - 1), 0)]] = True
        is_open[texts] = False
    kept = labels[~is_held].sum(axis=0)
    for text in random.permutation(np.flatnonzero(~is_held)).tolist():
        if is_held.sum() >= n_held:
            break
        if (kept[labels[text] > 0] > 1).all():
            is_held[text] = True
            kept -= labels[text]
    return np.flatnonzero(is_held)


def _group_numbers(dataset: Dataset, column: str) -> NDArray[np.int64]:
    """Return each row's group as a number: int64 [N], 0 to G-1 in order of first appearance."""
    if column not in dataset.extra.column_names:
        names = ", ".join(dataset.extra.column_names) or "none"
        raise DataError(f"{dataset.name}: no column {column!r} to group by; the extra columns are: {names}.")
    values = dataset.extra[column].combine_chunks()
    if values.null_count:
        raise DataError(f"{dataset.name}: {values.null_count:,} texts have no {column!r} to group by.")
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    groups: NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return groups


def _draw_groups(groups: NDArray[np.int64], n_held: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Return the rows of randomly drawn groups, about `n_held`, at least one group a side.

    Groups are visited in random order and taken while they fit; at the end the smallest group left goes along
    if that comes closer.
    """
    sizes = np.bincount(groups)
    is_taken = np.zeros(len(sizes), dtype=np.bool_)
    room = n_held
    for group in random.permutation(len(sizes)).tolist():
        if sizes[group] <= room:
            is_taken[group] = True
            room -= int(sizes[group])
    left = np.flatnonzero(~is_taken)
    if len(left) > 1:
        smallest = left[np.argmin(sizes[left])]
        if not is_taken.any() or sizes[smallest] - room < room:
            is_taken[smallest] = True
    return np.flatnonzero(is_taken[groups])


def _classes_of_sets(indicator: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the numbers of the classes that some row of an indicator has."""
    return np.flatnonzero(indicator.any(axis=0))


def _check_classes_remain(dataset: Dataset, is_held: NDArray[np.bool_]) -> None:
    if dataset.labels is None:
        return
    find = _classes_of_sets if dataset.multi_label else np.unique
    lost = np.setdiff1d(find(dataset.labels), find(dataset.labels[~is_held]))
    if len(lost):
        raise DataError(
            f"{dataset.name}: holding out {int(is_held.sum()):,} of {len(dataset):,} texts leaves none of "
            f"class {dataset.classes[lost[0]]!r} to train on. Are the rows sorted by class? Then hold out a "
            "share (0.2), which is drawn at random."
        )
