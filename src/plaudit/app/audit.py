"""One run of `plaudit audit`: look at a data set, print a table, write the findings and, if asked, cleaned rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from plaudit.app.errors_as_lines import errors_as_lines, plain
from plaudit.app.options import AsJson, Data, check_target, reads_data
from plaudit.app.terminal import make_console, print_next, print_table
from plaudit.config import DataSpec, TrainingConfig
from plaudit.data.publish import publish_file
from plaudit.errors import ConfigError, DataError, MissingExtraError, require
from plaudit.progress import doing

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from rich.console import Console

    from plaudit.audit import Audit, Cleaning, Corpus, Drop, Finding
    from plaudit.embeddings import EmbeddingTable


_LEAST_SIMILARITY = 0.5


@errors_as_lines
@reads_data
def audit(
    data: Data,
    test: Annotated[str | None, typer.Option(help="A file or folder of test texts. [the data's own, if any]")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the findings go. [audits/DATA]")] = None,
    write_clean: Annotated[
        Path | None, typer.Option(help="Write the training part without the rows that --drop names: csv, tsv, …")
    ] = None,
    drop: Annotated[
        str | None,
        typer.Option(
            help="For --write-clean, with commas between: duplicates, near, conflicts, noise, junk, leaks. "
            "[all but near; of sets of labels all but near and noise]"
        ),
    ] = None,
    similarity: Annotated[
        float, typer.Option(help="Share of word triples that nearly equal texts have in common, 0.5 to 1.")
    ] = 0.8,
    noise: Annotated[
        bool, typer.Option("--noise/--no-noise", help="Look for labels that are probably wrong; this takes longest.")
    ] = True,
    embedding: Annotated[
        str | None, typer.Option(help="Report how many of the words this embedding knows; a name or a path.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the search for wrong labels.")] = 0,
    as_json: AsJson = False,
    *,
    spec: DataSpec,
) -> None:
    """Audit a data set, print what was found, and write it.

    Raises:
        ConfigError: An option is wrong.
        DataError: The data cannot be read, or nothing of them would be left.
        MissingExtraError: Label noise is to be dropped, and what finds it is not installed.
    """
    from plaudit.audit import choose_rows, load_corpus, review, usual_drops
    from plaudit.audit.findings import REFUSED
    from plaudit.batch.encoding import SUFFIXES

    _check_numbers(similarity, seed)
    named = None if drop is None else _parse_drop(drop, write_clean, noise=noise)
    if write_clean is not None:
        check_target(write_clean, SUFFIXES)
    require("jinja2", extra="audit", purpose="Writing the page")
    console = make_console()
    progress = console.is_terminal and not as_json
    corpus = load_corpus(data, test=test, progress=progress, spec=spec)
    if write_clean is not None:
        corpus = _divided(corpus, write_clean, seed=seed, is_imdb=data == "imdb")
    output = output or Path("audits") / Path(data).resolve().stem
    _check_folder(output)
    with doing("Loading what finds wrong labels"):
        missing = _missing_extra() if noise else "not asked for"
    if missing and named is not None and "noise" in named:
        raise MissingExtraError(missing)
    result = review(
        corpus,
        table=None if embedding is None else _load(embedding, corpus, progress=progress),
        least_similarity=similarity,
        look_for_noise=not missing,
        without_noise=missing,
        seed=seed,
        say=lambda line: None if as_json else console.print(line, markup=False, style="dim"),
    )
    figures = result.to_dict()
    cleaning: Cleaning | None = None
    if write_clean is not None:
        chosen = named or usual_drops(corpus)
        cleaning = choose_rows(corpus, result.duplicates, result.findings, chosen)
        write_clean_rows(write_clean, corpus, cleaning, label_separator=spec.label_separator)
        kept = {"kept": len(cleaning.kept), "dropped": cleaning.counts()}
        figures["clean"] = {"file": str(write_clean), **kept, "drop": list(chosen)}
    _write_findings(output, result, figures, name=data)
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    if write_clean is None:
        refused = any(result.of_kind(kind) for kind in REFUSED)
        words = [data, *([] if test is None else ["--test", test]), *spec.flags()]
        words += ["--skip-invalid"] if refused and not spec.skip_invalid else []
    else:
        words = [str(write_clean), *_column_flags(spec)]
    command = ["plaudit", "train", *words]
    print_audit(console, result, output, cleaning=cleaning, target=write_clean, command=command)


def _check_numbers(similarity: float, seed: int) -> None:
    if not _LEAST_SIMILARITY <= similarity <= 1:
        raise ConfigError(f"--similarity {similarity}: expected a share from {_LEAST_SIMILARITY} to 1.")
    TrainingConfig(seed=seed)  # which checks it


def _parse_drop(words: str, target: Path | None, *, noise: bool) -> tuple[Drop, ...]:
    from plaudit.audit import DROPS

    names = [name.strip() for name in words.split(",") if name.strip()]
    unknown = [name for name in names if name not in DROPS]
    if unknown or not names:
        raise ConfigError(f"--drop {words}: expected names of {', '.join(DROPS)}, with commas between.")
    if target is None:
        raise ConfigError("--drop says what --write-clean leaves out: name a file for it.")
    if "noise" in names and not noise:
        raise ConfigError("--drop noise and --no-noise contradict each other.")
    return tuple(each for each in DROPS if each in names)


def _column_flags(spec: DataSpec) -> list[str]:
    """Return the options that a cleaned file, which is in a format of ours, still needs."""
    columns = DataSpec(
        text_column=spec.text_column, label_column=spec.label_column, label_separator=spec.label_separator
    )
    return columns.flags()


def _write_findings(output: Path, result: Audit, figures: dict[str, Any], *, name: str) -> None:
    """Write each finding as a row, the figures, and the page that says what to do."""
    from plaudit.batch.encoding import encode_table
    from plaudit.report import audit_page

    output.mkdir(parents=True, exist_ok=True)
    publish_file(output / "findings.csv", encode_table(findings_table(result.corpus, result.findings), ".csv"))
    publish_file(output / "audit.json", (json.dumps(figures, indent=2, ensure_ascii=False) + "\n").encode())
    publish_file(output / "audit.html", audit_page(result, name=name).encode())


def _divided(corpus: Corpus, target: Path, *, seed: int, is_imdb: bool) -> Corpus:
    """Divide a corpus as `plaudit train` would, whose test part stays whole; refuse to write over the data."""
    from plaudit.app.run.cleaning import divide_corpus

    for part in corpus.parts:
        source = Path(part.file)
        if source.exists() and target.exists() and source.samefile(target):
            raise ConfigError(f"--write-clean {target}: that is the {part.name} part itself; name another file.")
    return divide_corpus(corpus, seed=seed, is_imdb=is_imdb)


def _check_folder(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise ConfigError(f"{output} is a file, and the findings need a folder: name another one with -o.")


def _missing_extra() -> str:
    """Return what to install before label noise can be looked for; "" when it is there."""
    for package, extra in (("cleanlab", "audit"), ("numba", "train")):
        try:
            require(package, extra=extra, purpose="Looking for label noise")
        except MissingExtraError as error:
            return str(error)
    return ""


def _load(embedding: str, corpus: Corpus, *, progress: bool) -> EmbeddingTable:
    from plaudit.embeddings import load_embedding

    texts = corpus.parts[0].texts
    if not len(texts):
        raise DataError(f"{corpus.parts[0].file}: no texts.")
    return load_embedding(embedding, training_texts=texts, progress=progress)


def findings_table(corpus: Corpus, findings: Sequence[Finding]) -> pa.Table:
    """Return findings as columns of text and numbers, a row each.

    "row" is the line on which the row begins in its file, counted from 1 with the header; in Parquet the row, counted
    from 1; in a folder per class, and of imdb, the file.
    """
    import pyarrow as pa

    rows = [finding.row for finding in findings]
    text = pa.large_string()
    return pa.table(
        {
            "file": pa.array([corpus.parts[corpus.part_of[row]].file for row in rows], text),
            "row": pa.array([str(corpus.place(row)) for row in rows], text),
            "part": pa.array([corpus.parts[corpus.part_of[row]].name for row in rows], text),
            "kind": pa.array([finding.kind for finding in findings], text),
            "detail": pa.array([finding.detail for finding in findings], text),
            "group": pa.array([finding.group for finding in findings], pa.int64()),
            "given_label": pa.array([corpus.label_text(row) for row in rows], text),
            "suggested_label": pa.array([finding.suggested for finding in findings], text),
            "confidence": pa.array(
                [None if each.confidence is None else round(each.confidence, 4) for each in findings], pa.float64()
            ),
        }
    )


def write_clean_rows(target: Path, corpus: Corpus, cleaning: Cleaning, *, label_separator: str | None) -> None:
    """Write the training rows that stay, and ``TARGET.dropped.csv`` with the others; no other part loses a row.

    Every column is as it was; one more, ``plaudit_part``, says which part a row is of, so that `plaudit train` finds
    the same untouched test texts.

    Sets of labels that the source holds as lists are joined by `label_separator`, or a comma, where a cell is text.

    Raises:
        DataError: No row stays, or the format cannot hold a value.
    """
    import pyarrow as pa

    from plaudit.audit import KINDS
    from plaudit.batch.encoding import SUFFIXES, encode_table

    train = corpus.parts[0]
    if not len(cleaning.kept):
        raise DataError(f"{target}: no training row would be left; name fewer kinds with --drop.")
    suffix, separator = check_target(target, SUFFIXES), label_separator or ","
    labels = train.chosen.label
    holds_lists = any(pa.types.is_nested(train.table[label].type) for label in labels)
    if holds_lists and suffix in (".csv", ".tsv") and any(separator in name for name in corpus.classes):
        raise DataError(f"{target}: a label's name holds {separator!r}; write .jsonl or .parquet instead.")
    kept = _with_marks(corpus, cleaning.kept)
    publish_file(target, encode_table(kept, suffix, joined=labels, separator=separator))
    dropped = findings_table(corpus, cleaning.dropped)
    why = pa.array([str(KINDS[finding.kind].drop) for finding in cleaning.dropped], pa.large_string())
    texts = train.texts.take(pa.array([finding.row for finding in cleaning.dropped], pa.int64()))
    dropped = dropped.add_column(3, "dropped_as", why).append_column("text", texts)
    publish_file(target.with_name(f"{target.name}.dropped.csv"), encode_table(dropped, ".csv"))


def _with_marks(corpus: Corpus, kept: NDArray[np.int64]) -> pa.Table:
    """Return the training rows that stay and all rows of the other parts, each with the name of its part."""
    import numpy as np
    import pyarrow as pa

    from plaudit.data.columns import PART_COLUMN

    train = corpus.parts[0]
    tables: list[pa.Table] = []
    places: list[int] = []
    for part in corpus.parts:
        rows = kept if part is train else np.arange(len(part))
        table = part.table.take(pa.array(rows))
        if part.unit != "file":
            places += [int(part.places[row]) for row in rows.tolist()]
        names = dict(zip(part.chosen.text + part.chosen.label, train.chosen.text + train.chosen.label, strict=False))
        table = table.rename_columns([names.get(name, name) for name in table.column_names])
        if PART_COLUMN in table.column_names:
            table = table.drop_columns([PART_COLUMN])
        tables.append(table.append_column(PART_COLUMN, pa.array([part.name] * len(table), pa.large_string())))
    try:
        whole = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(f"{train.file}: its parts have columns of different types: {error}") from error
    if {part.file for part in corpus.parts} != {train.file} or train.unit == "file":
        return whole
    return whole.take(np.argsort(np.array(places), kind="stable"))  # one file's rows keep their order


_PLACES = {"line": "lines of the file, counted from 1, the header too", "row": "rows, counted from 1", "file": "files"}
_STYLES = {"fix": "bold red", "look": "yellow", "note": "dim"}


def print_audit(
    console: Console,
    audit: Audit,
    output: Path,
    *,
    cleaning: Cleaning | None,
    target: Path | None,
    command: Sequence[str],
) -> None:
    """Print how the data were read, what was found, what stays out of the cleaned file, and what to do next.

    `command` trains on the data, or on the cleaned file where one was written.
    """
    for part in audit.corpus.parts:
        console.print(f"{part.name:<10} {len(part):>9,} rows  {plain(part.file)}", markup=False)
        for line in part.said:
            console.print(f"  {plain(line)}", markup=False)
        for finding in part.findings:
            console.print(f"  note: {plain(finding.message)}", markup=False)
    console.print()
    print_table(console, _table(audit))
    if audit.without_noise:
        console.print(f"Label noise was not checked: {audit.without_noise}.", markup=False)
    if not audit.duplicates.is_complete:
        console.print("Near duplicates: so many texts are alike that each was compared with only some of the others.")
    for remark in audit.remarks:
        console.print(
            f"[{_STYLES[remark.gravity]}]{remark.gravity}[/]  {escape(plain(f'{remark.part}: {remark.title}'))}: "
            f"{escape(plain(remark.detail))}" + ("" if remark.gravity == "note" else f" ({remark.advice})")
        )
    units = sorted({part.unit for part in audit.corpus.parts})
    console.print(f"\nPlaces are {'; '.join(_PLACES[unit] for unit in units)}.")
    console.print(f"Findings: {output}\n  audit.html to read, findings.csv with every row, audit.json", markup=False)
    if cleaning is not None and target is not None:
        parts = ", ".join(f"{kind} {n:,}" for kind, n in cleaning.counts().items()) or "nothing"
        console.print(
            f"Clean: {target}, {len(cleaning.kept):,} of {audit.corpus.n_train:,} training rows. Dropped: {parts}; "
            f"{target.name}.dropped.csv says which and why. It also has the validation and test rows, unchanged and "
            "marked, so a model trained on it gets the same test as one trained on the original data.",
            markup=False,
        )
    print_next(console, *command)


def _table(audit: Audit) -> Table:
    from plaudit.audit import KINDS

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    table.add_column("what")
    for part in audit.corpus.parts:
        table.add_column(part.name, justify="right")
    table.add_column("share", justify="right")
    table.add_column("example")
    table.add_column("what to do")
    for kind, meaning in KINDS.items():
        found = audit.of_kind(kind)
        if not found:
            continue
        gravity, counts = audit.gravity(kind), audit.counts(kind)
        table.add_row(
            f"[{_STYLES[gravity]}]{gravity}[/]",
            escape(meaning.title),
            *(f"{n:,}" if n else "-" for n in counts),
            audit.share(kind),
            escape(plain(audit.corpus.where(found[0].row))),
            escape(meaning.advice),
        )
    if not table.row_count:
        table.add_row("", "nothing found in rows", *("-" for _ in audit.corpus.parts), "", "", "")
    return table
