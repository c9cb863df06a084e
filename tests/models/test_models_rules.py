"""Decision rules: what they answer, what they refuse."""

import json
import math
from typing import Any

import numpy as np
import pytest

from plaudit import DecisionRule
from plaudit.errors import ConfigError, ModelError
from plaudit.models.rules import rule_from_manifest


def test_a_threshold_decides_on_the_second_class() -> None:
    rule = DecisionRule(thresholds=(0.3,))
    assert rule.decide(np.array([[0.7, 0.3], [0.69, 0.31], [1, 0]])).tolist() == [0, 1, 0]
    assert rule.describe(("ham", "spam")) == "'spam' when its probability is above 0.3, else 'ham'"


def test_a_half_answers_as_no_rule_does() -> None:
    shares = np.array([[0.5, 0.5], [0.4, 0.6], [0.6, 0.4]])
    assert DecisionRule(thresholds=(0.5,)).decide(shares).tolist() == [0, 1, 0]


def test_sets_have_a_threshold_a_label() -> None:
    rule = DecisionRule(thresholds=(0.2, 0.9))
    given = rule.decide(np.array([[0.3, 0.8], [0.1, 0.95]]), multi_label=True)
    assert given.tolist() == [[1, 0], [0, 1]]
    assert "'a' above 0.2, 'b' above 0.9" in rule.describe(("a", "b"))


def test_costs_choose_the_cheapest_answer() -> None:
    """Of a text that is spam with 0.8: answering spam costs 0.2 x 10 = 2, ham 0.8 x 1."""
    rule = DecisionRule(costs=((0, 10), (1, 0)))
    assert rule.decide(np.array([[0.2, 0.8], [0.05, 0.95]])).tolist() == [0, 1]
    said = "the class with the least expected cost: 'spam' for 'ham' costs 10, any other mistake costs 1"
    assert rule.describe(("ham", "spam")) == said


def test_below_its_probability_there_is_no_answer() -> None:
    rule = DecisionRule(abstain_below=0.6)
    assert rule.decide(np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]])).tolist() == [-1, 1, 2]


@pytest.mark.parametrize(
    "rule",
    [DecisionRule(thresholds=(0.1, 1)), DecisionRule(costs=((0, 0.5), (2, 0))), DecisionRule(abstain_below=0.75)],
)
def test_a_rule_comes_back_from_its_json(rule: DecisionRule) -> None:
    stored = json.loads(json.dumps(rule.to_dict()))
    assert rule_from_manifest(stored, 2, multi_label=rule.thresholds is not None, where="here") == rule
    assert rule_from_manifest(None, 2, multi_label=False, where="here") is None


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([], "rule must be null or have one of abstain_below, abstain_by_class, costs"),
        ("thresholds", "rule must be null"),
        ({"__class__": 1}, "rule must be null"),
        ({}, "one of them at most, with or without unlike; got none"),
        ({"thresholds": [0.5], "abstain_below": 0.5}, "got thresholds and abstain_below"),
        ({"thresholds": []}, "a decision rule for 2 classes has 1 thresholds, got 0"),
        ({"thresholds": [0.5, 0.5]}, "has 1 thresholds, got 2"),
        ({"thresholds": 0.5}, "thresholds: expected numbers from 0 to 1, got 0.5"),
        ({"thresholds": "01"}, "thresholds: expected numbers"),
        ({"thresholds": [True]}, "thresholds: expected numbers"),
        ({"thresholds": [math.nan]}, "thresholds: expected numbers"),
        ({"thresholds": [-1]}, "thresholds: expected numbers"),
        ({"thresholds": [10**400]}, "thresholds: expected numbers"),
        ({"thresholds": [[0.5]]}, "thresholds: expected numbers"),
        ({"thresholds": {"0.5": 1}}, "thresholds: expected numbers"),
        ({"abstain_below": [0.5]}, "abstain_below: expected numbers"),
        ({"abstain_below": 1.5}, "abstain_below: expected numbers"),
        ({"costs": 3}, "costs: expected a row for each class"),
        ({"costs": []}, "costs: expected a row for each class"),
        ({"costs": [[0, 1]]}, "costs: expected a row for each class"),
        ({"costs": [[0, 1], [1]]}, "costs: expected a row for each class"),
        ({"costs": [[0, -1], [1, 0]]}, "costs: expected numbers from 0 to 1e\\+12"),
        ({"costs": [[0, math.inf], [1, 0]]}, "costs: expected numbers"),
        ({"costs": [[0, 1, 1]] * 3}, "has 2 rows of costs, got 3"),
        ({"costs": ["01", "10"]}, "costs: expected numbers"),
    ],
)
def test_a_hostile_rule_is_refused(stored: Any, message: str) -> None:
    with pytest.raises(ModelError, match=f"^here: damaged: .*{message}"):
        rule_from_manifest(stored, 2, multi_label=False, where="here")


def test_a_rule_for_other_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match="a threshold decides between two classes, and these are 3"):
        DecisionRule(thresholds=(0.5,)).check(3, multi_label=False)
    with pytest.raises(ConfigError, match="takes thresholds, one a label, and no other rule"):
        DecisionRule(abstain_below=0.5).check(3, multi_label=True)


def test_a_probability_for_each_class_answers_the_likeliest_or_none() -> None:
    rule = DecisionRule(abstain_by_class=(0.4, 0.9, 0.0))
    rule.check(3, multi_label=False)
    shares = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.05, 0.95, 0.0], [0.3, 0.3, 0.4]])
    assert rule.decide(shares).tolist() == [0, -1, 1, 2]
    assert rule.may_abstain
    assert "'b' 0.9" in rule.describe("abc")
    with pytest.raises(ConfigError, match="has 2 numbers, got 3"):
        rule.check(2, multi_label=False)


def test_equal_rules_have_one_version() -> None:
    assert DecisionRule(abstain_below=0.9).version == DecisionRule(abstain_below=0.9).version
    assert DecisionRule(abstain_below=0.9).version != DecisionRule(abstain_below=0.8).version
