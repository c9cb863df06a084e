"""One run of `plaudit audit`: look at a data set, print a table, write the findings and, if asked, cleaned rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from plaudit.app.audit_files import findings_table, write_clean_rows
from plaudit.app.audit_lines import print_audit
from plaudit.app.cleaning import divide_corpus
from plaudit.app.table_files import check_target, write_whole
from plaudit.app.terminal import make_console
from plaudit.audit import DROPS, Cleaning, Corpus, Drop, choose_rows, load_corpus, review
from plaudit.batch.encoding import encode_table
from plaudit.config import DataSpec, TrainingConfig
from plaudit.embeddings import EmbeddingTable, load_embedding
from plaudit.errors import ConfigError, DataError, MissingExtraError, require
from plaudit.report import audit_page

_LEAST_SIMILARITY = 0.5


def run_audit(
    data: str,
    *,
    test: str | None,
    output: Path | None,
    write_clean: Path | None,
    drop: str | None,
    similarity: float,
    noise: bool,
    embedding: str | None,
    seed: int,
    as_json: bool,
    spec: DataSpec,
) -> None:
    """Audit a data set; see `audit_options` for the arguments.

    Raises:
        ConfigError: An option is wrong.
        DataError: The data cannot be read, or nothing of them would be left.
        MissingExtraError: Label noise is to be dropped, and what finds it is not installed.
    """
    if not _LEAST_SIMILARITY <= similarity <= 1:
        raise ConfigError(f"--similarity {similarity}: expected a share from {_LEAST_SIMILARITY} to 1.")
    TrainingConfig(seed=seed)  # which checks it
    named = None if drop is None else _parse_drop(drop)
    if named is not None and write_clean is None:
        raise ConfigError("--drop says what --write-clean leaves out: name a file for it.")
    if write_clean is not None:
        check_target(write_clean)
    if named is not None and "noise" in named and not noise:
        raise ConfigError("--drop noise and --no-noise contradict each other.")
    require("jinja2", extra="audit", purpose="Writing the page")
    console = make_console()
    corpus = load_corpus(data, test=test, progress=console.is_terminal and not as_json, spec=spec)
    if write_clean is not None:
        _check_apart(write_clean, corpus)
        corpus = divide_corpus(corpus, seed=seed, is_imdb=data == "imdb")
    output = output or Path("audits") / Path(data).resolve().stem
    _check_folder(output)
    missing = ""
    if noise:
        missing = _missing_extra()
        if missing and named is not None and "noise" in named:
            raise MissingExtraError(missing)
    result = review(
        corpus,
        table=None if embedding is None else _load(embedding, corpus, progress=console.is_terminal and not as_json),
        least_similarity=similarity,
        look_for_noise=noise and not missing,
        without_noise=missing or "not asked for",
        seed=seed,
        say=lambda line: None if as_json else console.print(line, markup=False, style="dim"),
    )
    chosen: tuple[Drop, ...] = named or tuple(
        each for each in DROPS if each != "near" and not (each == "noise" and corpus.multi_label)
    )
    cleaning: Cleaning | None = None
    if write_clean is not None:
        cleaning = choose_rows(corpus, result.duplicates, result.findings, chosen)
        write_clean_rows(write_clean, corpus, cleaning, label_separator=spec.label_separator)
    figures = result.to_dict()
    if cleaning is not None:
        figures["clean"] = {
            "file": str(write_clean),
            "kept": len(cleaning.kept),
            "dropped": cleaning.counts(),
            "drop": list(chosen),
        }
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / "findings.csv", encode_table(findings_table(result.corpus, result.findings), ".csv"))
    write_whole(output / "audit.json", (json.dumps(figures, indent=2, ensure_ascii=False) + "\n").encode())
    write_whole(output / "audit.html", audit_page(result, name=data).encode())
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    columns = DataSpec(
        text_column=spec.text_column, label_column=spec.label_column, label_separator=spec.label_separator
    )
    print_audit(console, result, output, cleaning=cleaning, target=write_clean, flags=columns.flags())


def _parse_drop(words: str) -> tuple[Drop, ...]:
    names = [name.strip() for name in words.split(",") if name.strip()]
    unknown = [name for name in names if name not in DROPS]
    if unknown or not names:
        raise ConfigError(f"--drop {words}: expected names of {', '.join(DROPS)}, with commas between.")
    return tuple(each for each in DROPS if each in names)


def _check_apart(target: Path, corpus: Corpus) -> None:
    """Refuse to write over the data."""
    for part in corpus.parts:
        source = Path(part.file)
        if source.exists() and target.exists() and source.samefile(target):
            raise ConfigError(f"--write-clean {target}: that is the {part.name} part itself; name another file.")


def _check_folder(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise ConfigError(f"{output} is a file; the findings are a folder: name another place with -o.")


def _missing_extra() -> str:
    """Return what to install before label noise can be looked for; "" when it is there."""
    for package, extra in (("cleanlab", "audit"), ("numba", "train")):
        try:
            require(package, extra=extra, purpose="Looking for label noise")
        except MissingExtraError as error:
            return str(error)
    return ""


def _load(embedding: str, corpus: Corpus, *, progress: bool) -> EmbeddingTable:
    texts = corpus.parts[0].texts
    if not len(texts):
        raise DataError(f"{corpus.parts[0].file}: no texts.")
    return load_embedding(embedding, training_texts=texts, progress=progress)
