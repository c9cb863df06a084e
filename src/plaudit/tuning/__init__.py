"""Search the recipes' settings: what can be searched, the search within a time, and what came of it."""

from plaudit.tuning.journal import TrialJournal
from plaudit.tuning.search import SearchResult, Task, search
from plaudit.tuning.space import make_spaces, run_config
from plaudit.tuning.trials import Result, Trial, best_trial, pareto_front

__all__ = [
    "Result",
    "SearchResult",
    "Task",
    "Trial",
    "TrialJournal",
    "best_trial",
    "make_spaces",
    "pareto_front",
    "run_config",
    "search",
]
