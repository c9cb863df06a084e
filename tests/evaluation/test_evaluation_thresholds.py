"""A rule is chosen on texts, and what it reaches there is told."""

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import plaudit
from plaudit import DecisionRule, NetworkClassifier, NgramClassifier, choose_rule
from plaudit.data import Dataset
from plaudit.errors import ConfigError, DataError
from plaudit.evaluation import wilson_interval
from plaudit.evaluation.costs import label_costs
from plaudit.evaluation.reached import sets_reached, two_classes_reached
from plaudit.evaluation.repeats import Repeats
from plaudit.evaluation.threshold_table import Step, tabulate
from plaudit.evaluation.thresholds import RuleChoice


@pytest.fixture(scope="module")
def model(reviews: Dataset) -> NgramClassifier:
    return NgramClassifier(min_texts=1).fit(reviews.texts, reviews.label_names())


def seconds(model: NgramClassifier, dataset: Dataset) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the second class's probabilities, and which texts are of it."""
    assert dataset.labels is not None
    return model.predict_proba(dataset.texts)[:, 1], dataset.labels == 1


def figures(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return precision, recall and F1."""
    both = (found & truth).sum()
    return both / max(found.sum(), 1), both / truth.sum(), 2 * both / (found.sum() + truth.sum())


def every(model: NgramClassifier, dataset: Dataset) -> list[tuple[float, float, float]]:
    scores, truth = seconds(model, dataset)
    return [figures(scores >= limit, truth) for limit in np.unique(scores)]


def threshold(choice: RuleChoice) -> float:
    assert choice.rule.thresholds is not None
    return choice.rule.thresholds[0]


def test_no_threshold_has_a_better_f1(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, f1=True)
    scores, truth = seconds(model, more_reviews)
    assert figures(scores > threshold(choice), truth)[2] == pytest.approx(
        max(f1 for _, _, f1 in every(model, more_reviews))
    )
    assert (choice.of, choice.n) == ("panned", 30)


@pytest.mark.parametrize("least", [0.5, 0.8, 1.0])
def test_recall_is_reached_with_the_best_precision(model: NgramClassifier, more_reviews: Dataset, least: float) -> None:
    choice = choose_rule(model, more_reviews, recall=least)
    scores, truth = seconds(model, more_reviews)
    precision, recall, _ = figures(scores > threshold(choice), truth)
    assert recall >= least
    assert precision == pytest.approx(max(p for p, r, _ in every(model, more_reviews) if r >= least))


def test_precision_is_reached_with_the_best_recall(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, precision=0.9)
    scores, truth = seconds(model, more_reviews)
    precision, recall, _ = figures(scores > threshold(choice), truth)
    assert precision >= 0.9
    assert recall == pytest.approx(max(r for p, r, _ in every(model, more_reviews) if p >= 0.9))


def test_the_first_class_can_be_meant(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, recall=1.0, of="liked")
    model.set_rule(choice.rule)
    try:
        found = model.predict(more_reviews.texts) == "liked"
    finally:
        model.set_rule(None)
    _, truth = seconds(model, more_reviews)
    assert found[~truth].all()
    assert choice.reached["recall"].value == 1
    assert choice.reached["precision"].value == pytest.approx((~truth)[found].mean())


def test_what_is_reached_is_what_evaluate_finds(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, recall=0.9)
    before = plaudit.evaluate(model, more_reviews)
    found = plaudit.evaluate(model.set_rule(choice.rule), more_reviews)
    model.set_rule(None)
    assert isinstance(found, plaudit.Metrics)
    assert isinstance(before, plaudit.Metrics)
    for name, now, was in (
        ("precision", found.precision[1], before.precision[1]),
        ("recall", found.recall[1], before.recall[1]),
        ("F1", found.f1, before.f1),
        ("accuracy", found.accuracy, before.accuracy),
    ):
        reached = choice.reached[name]
        assert [reached.value, reached.before] == pytest.approx([now, was])
        assert reached.interval is not None
        assert now is not None
        assert reached.interval.low <= now <= reached.interval.high
    assert choice.reached["accuracy"].interval == wilson_interval(round(found.accuracy * 30), 30)


def test_the_most_answers_are_kept_that_are_right_often_enough(model: NgramClassifier, more_reviews: Dataset) -> None:
    shares = model.predict_proba(more_reviews.texts)
    top, right = shares.max(axis=1), shares.argmax(axis=1) == more_reviews.labels
    most = max((top >= limit).sum() for limit in top if right[top >= limit].mean() == 1)
    choice = choose_rule(model, more_reviews, abstain=1)
    answered = choice.rule.decide(shares) >= 0
    assert answered.sum() == most < 30
    assert right[answered].all()
    assert choice.reached["coverage"].value == pytest.approx(most / 30)
    assert choice.reached["accuracy of the answers"].value == pytest.approx(right[answered].mean())


def test_where_all_answers_are_right_often_enough_all_are_given(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, abstain=0.1)
    assert choice.rule == DecisionRule(abstain_below=0.0)
    assert choice.notes[0].startswith("No rule is needed: ")


def test_costs_are_taken_by_name(model: NgramClassifier, more_reviews: Dataset) -> None:
    choice = choose_rule(model, more_reviews, costs={"liked": {"panned": 5}})
    assert choice.rule == DecisionRule(costs=((0, 5), (1, 0)))
    scores, truth = seconds(model, more_reviews)
    found = scores > 5 / 6  # Elkan 2001, "The foundations of cost-sensitive learning", equation 2
    paid = np.where(found & ~truth, 5, found != truth)
    assert choice.reached["mean cost"].value == pytest.approx(paid.mean())
    assert choice.reached["mean cost"].before == pytest.approx(
        np.where((scores > 0.5) & ~truth, 5, (scores > 0.5) != truth).mean()
    )


def test_many_classes_have_costs_and_abstaining(topics: Dataset) -> None:
    model = NgramClassifier(min_texts=1).fit(topics.texts, topics.label_names())
    costs = {"class 0": {"class 1": 0, "class 2": 3}}
    rule = choose_rule(model, topics, costs=costs).rule
    assert rule.costs is not None
    assert rule.costs[0] == (0, 0, 3, 1)
    assert rule.costs[3] == (1, 1, 1, 0)
    assert choose_rule(model, topics, abstain=0.9).rule.abstain_below is not None
    with pytest.raises(ConfigError, match="a threshold decides between two classes, and these are 4: use abstain or"):
        choose_rule(model, topics, f1=True)


def test_sets_get_the_threshold_with_the_best_f1_each(moods: Dataset) -> None:
    model = NgramClassifier(min_texts=1, regularisation=20).fit(moods.texts, moods.label_names())
    choice = choose_rule(model, moods, f1=True)
    shares, truth = model.predict_proba(moods.texts), moods.labels
    assert truth is not None
    assert choice.rule.thresholds is not None
    for column, limit in enumerate(choice.rule.thresholds):
        scores, is_so = shares[:, column], truth[:, column] == 1
        best = max(figures(scores >= x, is_so)[2] for x in np.unique(scores))
        assert figures(scores > limit, is_so)[2] == pytest.approx(best)
    before = plaudit.evaluate(model, moods)
    after = plaudit.evaluate(model.set_rule(choice.rule), moods)
    assert isinstance(before, plaudit.MultiLabelMetrics)
    assert isinstance(after, plaudit.MultiLabelMetrics)
    for name in ("macro", "micro"):
        reached = choice.reached[f"{name}-F1"]
        assert reached.value == pytest.approx(getattr(after, f"f1_{name}"))
        assert reached.before == pytest.approx(getattr(before, f"f1_{name}"))
    assert choice.reached["accuracy"].value == pytest.approx(after.accuracy)
    assert (after.f1_macro or 0) > (before.f1_macro or 1)


def test_a_label_that_no_text_has_keeps_a_half(mood_network: NetworkClassifier, moods: Dataset) -> None:
    assert moods.labels is not None
    labels = moods.labels.copy()
    labels[:, 1] = 0
    choice = choose_rule(mood_network, dataclasses.replace(moods, labels=labels), f1=True)
    assert choice.rule.thresholds is not None
    assert choice.rule.thresholds[1] == 0.5
    assert choice.notes == (
        "No text here has glad: 0.5 stays.",
        "Warning: judged by only 29 texts with 'sad'; under 30, figures are mostly chance.",
    )


def test_no_interval_of_what_is_reached_collapses(model: NgramClassifier, more_reviews: Dataset) -> None:
    for goal in ({"f1": True}, {"precision": 0.5}, {"costs": {"liked": {"panned": 2}}}):
        for figure in choose_rule(model, more_reviews, **goal).reached.values():
            assert figure.interval is None or figure.interval.high - figure.interval.low > 0.01
    sets = np.eye(3, dtype=np.int64)[np.arange(30) % 3]
    reached = sets_reached(sets, sets, sets, Repeats.of(None, 30))
    assert reached["micro-F1"].value == reached["macro-F1"].value == 1
    for figure in reached.values():
        assert figure.interval is not None
        assert 0.7 < figure.interval.low < 0.95
    few = sets_reached(sets[:3], sets[:3], sets[:3], Repeats.of(None, 3))
    assert few["micro-F1"].interval is None


def test_where_nothing_is_found_there_is_no_precision() -> None:
    is_positive, nothing = np.arange(30) < 10, np.zeros(30, np.bool_)
    reached = two_classes_reached(is_positive, nothing, nothing, Repeats.of(None, 30))
    assert (reached["precision"].value, reached["precision"].before, reached["recall"].value) == (None, None, 0)


def test_costs_of_sets_of_labels_are_thresholds(mood_network: NetworkClassifier, moods: Dataset) -> None:
    names = mood_network.class_names
    costs = {"missed": 4, names[0]: {"wrong": 3, "missed": 1}}
    choice = choose_rule(mood_network, moods, costs=costs)
    assert choice.rule.thresholds == pytest.approx((3 / 4, *[1 / 5] * (len(names) - 1)))
    assert not choice.is_chosen
    shares, truth = mood_network.predict_proba(moods.texts), moods.labels
    assert truth is not None
    given = choice.rule.decide(shares, multi_label=True)
    paid = [
        (1 if column else 3) * np.mean((given > truth)[:, column])
        + (4 if column else 1) * np.mean((given < truth)[:, column])
        for column in range(len(names))
    ]
    assert choice.reached["mean cost"].value == pytest.approx(sum(paid))


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({"cross": {"mised": 3}}, "'mised' is not a kind of mistake"),
        ({"glum": {"missed": 3}}, "'glum' is not one of the model's labels"),
        ({"missed": -1}, "costs: expected numbers from 0"),
        ({"cross": {"missed": "5"}}, "costs: expected numbers from 0"),
        ({"cross": {"missed": 0, "wrong": 0}}, "both cost 0"),
        ([1], "expected {"),
        ({"cross": {"glad": 3}}, "'glad' is not a kind of mistake"),
    ],
)
def test_costs_of_labels_that_say_nothing_are_refused(costs: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        label_costs(costs, ("cross", "glad", "sad"))


def test_scores_that_are_neighbours_among_the_floats_are_told_apart() -> None:
    from plaudit.evaluation.candidates import Candidates

    low = 0.5
    high = float(np.nextafter(low, 1))
    found = Candidates.of(np.array([False, True, True]), np.array([low, high, 1.0]))
    assert (np.array([low, high]) > found.thresholds[1]).tolist() == [False, True]
    assert found.right.tolist() == [2, 2, 1]
    assert len(Candidates.of(np.array([True]), np.array([0.0])).thresholds) == 0


@pytest.mark.parametrize(
    ("goal", "error", "message"),
    [
        ({}, ConfigError, "choose one goal: f1, recall, precision, abstain or costs"),
        ({"f1": True, "recall": 0.5}, ConfigError, "choose one goal"),
        ({"recall": 0.0}, ConfigError, "recall: expected a share above 0 and at most 1, got 0.0"),
        ({"recall": float("nan")}, ConfigError, "got nan"),
        ({"precision": 95}, ConfigError, "precision: expected a share above 0 and at most 1, got 95"),
        ({"f1": True, "of": "mixed"}, ConfigError, "'mixed' is not one of the model's classes: liked, panned"),
        ({"abstain": 0.9, "of": "liked"}, ConfigError, "a class is named for f1, recall or precision"),
        ({"costs": {"mixed": {}}}, ConfigError, "costs: 'mixed' is not one of the model's classes"),
        ({"costs": {"liked": {"mixed": 1}}}, ConfigError, "costs: 'mixed' is not one of"),
        ({"costs": {"liked": 3}}, ConfigError, 'costs: expected {"true class"'),
        ({"costs": [1]}, ConfigError, 'costs: expected {"true class"'),
        ({"costs": {"liked": {"panned": "5"}}}, ConfigError, "costs: expected numbers from 0"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(
    model: NgramClassifier, more_reviews: Dataset, goal: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        choose_rule(model, more_reviews, **goal)


def test_what_no_threshold_reaches_is_told_with_the_most_that_one_does(model: NgramClassifier) -> None:
    texts = pa.array(["good joy warm", "bad grim cold"], pa.large_string())
    upside_down = Dataset(texts, np.array([1, 0], np.int32), ("liked", "panned"), "upside down")
    with pytest.raises(
        DataError, match=r"no threshold reaches a precision of 0.9 of 'panned' on these 2 texts; the most is 0.5"
    ):
        choose_rule(model, upside_down, precision=0.9)
    with pytest.raises(
        DataError, match=r"no part of the answers to these 2 texts reaches an accuracy of 0.9; the most is 0.0"
    ):
        choose_rule(model, upside_down, abstain=0.9)
    one_class = dataclasses.replace(upside_down, labels=np.array([0, 0], np.int32))
    with pytest.raises(DataError, match="none of these 2 texts is 'panned'"):
        choose_rule(model, one_class, f1=True)
    with pytest.raises(DataError, match="there are no texts to choose a rule on"):
        choose_rule(model, upside_down.take(np.zeros(0, int)), f1=True)


def test_sets_of_labels_take_thresholds_alone(mood_network: NetworkClassifier, moods: Dataset) -> None:
    goals: list[dict[str, Any]] = [{"abstain": 0.9}]
    for goal in goals:
        with pytest.raises(ConfigError, match="takes f1, recall, precision or costs, of each"):
            choose_rule(mood_network, moods, **goal)
    with pytest.raises(ConfigError, match="in sets of labels each has its own"):
        choose_rule(mood_network, moods, recall=0.9, per_class=True)


@pytest.mark.parametrize("goal", ["recall", "precision"])
def test_each_label_reaches_the_share_with_the_best_of_the_other(goal: str, moods: Dataset) -> None:
    model = NgramClassifier(min_texts=1, regularisation=20).fit(moods.texts, moods.label_names())
    asked: dict[str, Any] = {goal: 0.9}
    choice = choose_rule(model, moods, **asked)
    shares, truth = model.predict_proba(moods.texts), moods.labels
    assert truth is not None
    assert choice.rule.thresholds is not None
    for column, limit in enumerate(choice.rule.thresholds):
        scores, is_so = shares[:, column], truth[:, column] == 1
        names = ("precision", "recall", "f1")
        own = dict(zip(names, figures(scores > limit, is_so), strict=True))
        assert own[goal] >= 0.9
        others = [dict(zip(names, figures(scores >= x, is_so), strict=True)) for x in np.unique(scores)]
        other = "precision" if goal == "recall" else "recall"
        assert own[other] == pytest.approx(max(each[other] for each in others if each[goal] >= 0.9))
    given = model.set_rule(choice.rule).predict(moods.texts)
    assert choice.reached["recall"].value == pytest.approx((given & truth).sum() / truth.sum())
    assert choice.reached["precision"].value == pytest.approx((given & truth).sum() / given.sum())


def test_a_label_that_reaches_no_precision_is_never_given(moods: Dataset) -> None:
    model = NgramClassifier(min_texts=1).fit(moods.texts, moods.label_names())
    assert moods.labels is not None
    labels = moods.labels.copy()
    labels[:, 0] = 0
    labels[int(model.predict_proba(moods.texts)[:, 0].argmin()), 0] = 1  # the least likely one alone has it
    choice = choose_rule(model, dataclasses.replace(moods, labels=labels), precision=0.9)
    assert choice.rule.thresholds is not None
    assert choice.rule.thresholds[0] == 1
    assert f"Never given, because no threshold reaches a precision of 0.9: {moods.classes[0]}." in choice.notes
    wrong = dataclasses.replace(moods, labels=(1 - moods.labels).astype(np.uint8))
    with pytest.raises(DataError, match=r"no label reaches a precision of 1.0 on these"):
        choose_rule(model, wrong, precision=1.0)


def test_classes_have_their_own_limits_by_precision_and_recall(topics: Dataset) -> None:
    model = NgramClassifier(min_texts=1, regularisation=50).fit(topics.texts, topics.label_names())
    by_precision = choose_rule(model, topics, precision=0.9, per_class=True)
    assert by_precision.rule == choose_rule(model, topics, abstain=0.9, per_class=True).rule
    by_recall = choose_rule(model, topics, recall=0.5, per_class=True)
    answers, truth = by_recall.rule.decide(model.predict_proba(topics.texts)), topics.labels
    plain = model.predict_proba(topics.texts).argmax(axis=1)
    for number in range(len(topics.classes)):
        own = truth == number
        reached = (answers[own] == number).mean()
        assert reached >= 0.5 or reached == (plain[own] == number).mean()
    assert (answers < 0).any()  # the highest such limit, which leaves texts out
    with pytest.raises(ConfigError, match="or precision or recall per class"):
        choose_rule(model, topics, recall=0.5)


def test_tables_repeat_nothing_and_count_whole_sets() -> None:
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    found = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    (half,) = (step for step in tabulate(truth, found, of=None, multi_label=True) if step.threshold == 0.5)
    assert half == Step(0.5, 4 / 8, 2 / 4, 3 / 4, 3 / 4)
    steps = tabulate(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), of=None, multi_label=False)
    assert all(step.precision is None for step in steps)


def test_a_rule_that_changes_nothing_is_not_needed_and_few_answers_are_warned_of(topics: Dataset) -> None:
    assert topics.labels is not None
    model = NgramClassifier(min_texts=1).fit(topics.texts, topics.label_names())
    logits = 9.0 * np.eye(len(topics.classes))[topics.labels]
    choice = choose_rule(model, topics, abstain=0.5, logits=logits)
    assert choice.rule.is_needless
    assert choice.rule.describe(topics.classes) == "the most probable class is always answered"
    assert choice.notes == ("No rule is needed: 1.0000 of all answers are right as it is.",)
    logits[:, 0] = -9.0
    choice = choose_rule(model, topics, abstain=0.9, per_class=True, logits=logits)
    assert choice.notes[0].startswith("Never the most probable class of these texts")
    assert choice.notes[-1].startswith("Warning: judged by only ")
