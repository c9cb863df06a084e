"""The options of `plaudit advise`."""

from __future__ import annotations

from plaudit.app.errors_as_lines import errors_as_lines
from plaudit.app.options import AsJson, Data, Language, reads_data
from plaudit.config import DataSpec


@errors_as_lines
@reads_data
def advise(
    data: Data,
    as_json: AsJson = False,
    language: Language = None,
    *,
    spec: DataSpec,
) -> None:
    """Say which recipe suits a data set, why, and how long training it takes here."""
    from plaudit.app.advise.advice import advise as advise_on

    advise_on(data, as_json=as_json, spec=spec, language=language)
