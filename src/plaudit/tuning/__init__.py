"""Search the recipes' settings: what can be searched, the search within a time, and what came of it."""

from plaudit.tuning.journal import Journal
from plaudit.tuning.search import Finding, Task, search
from plaudit.tuning.space import make_spaces, run_config
from plaudit.tuning.trials import Result, Trial, best_trial, pareto_front

__all__ = [
    "Finding",
    "Journal",
    "Result",
    "Task",
    "Trial",
    "best_trial",
    "make_spaces",
    "pareto_front",
    "run_config",
    "search",
]
