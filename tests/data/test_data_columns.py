"""Which column is the text and which the label: by name, in the languages of names, then by what columns hold."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data.column_names import LABEL_NAMES, TEXT_NAMES, is_header, is_known_name, is_other_name, plain_name
from plaudit.data.columns import ChosenColumns, choose_columns
from plaudit.errors import DataError

TEXTS = [f"the parcel number {i} came late and nobody said a word" for i in range(40)]
TEAMS = ["billing", "repairs", "orders", "billing"] * 10
OTHERS: dict[str, list[Any]] = {
    "id": list(range(40)),
    "date": [f"2024-03-{1 + i % 28:02}" for i in range(40)],
    "url": [f"https://shop.example/{i}" for i in range(40)],
    "email": [f"a{i}@shop.example" for i in range(40)],
    "language": ["en", "de"] * 20,
}


def choose(columns: Mapping[str, Sequence[Any]], *, is_label_needed: bool = True, **given: Any) -> ChosenColumns:
    return choose_columns(list(columns), columns, is_label_needed=is_label_needed, where="f.csv", **given)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("text", "label"), ("TEXT", "Labels"), ("review_body", "stars"), ("reviewText", "overall"),
        ("Nachricht", "Kategorie"), ("texto", "etiqueta"), ("texte", "étiquette"), ("testo", "etichetta"),
        ("mensagem", "categoria"), ("bericht", "onderwerp"), ("Meddelande", "Ämne"), ("treść", "dział"),
        ("yorum", "duygu"), ("Açıklama", "SINIF"), ("комментарий", "Тональность"), ("评论", "标签"),
        ("レビュー", "カテゴリ"), ("body", "queue"), ("message", "team"), ("comment", "tags"),
        ("customer_message", "ticket-category"), ("Customer Message", "ticketCategory"),
        ("email body", "class_name"), ("commentaire client", "catégorie"), ("tweet", "airline_sentiment"),
        ("sentence", "gold_label"),
    ],
)  # fmt: skip
def test_names_of_many_languages_are_known_whatever_stands_beside(text: str, label: str) -> None:
    columns = {**OTHERS, label: TEAMS, "remark": ["-"] * 40, text: TEXTS}
    assert choose(columns).text == (text,)
    assert choose(columns).label == (label,)


def test_plain_names_are_said_too_but_not_what_the_user_named() -> None:
    plain = "text: column 'text'; label: column 'label' (3 values)"
    assert choose({**OTHERS, "text": TEXTS, "label": TEAMS}).said == plain
    assert choose({"text": TEXTS, "label": TEAMS}, text=("text",), label=("label",)).said == ""
    assert choose({"text": TEXTS, "label": TEAMS}, is_label_needed=False).said == ""


@pytest.mark.parametrize("name", [*TEXT_NAMES, *LABEL_NAMES])
def test_every_listed_name_is_found_in_capitals_and_with_marks_between(name: str) -> None:
    """None is hidden by its accents, or by a word that means something else."""
    for written in (name.upper(), name.replace(" ", "_"), f" {name} "):
        assert is_known_name(written) or "ß" in name.casefold()
    assert not is_other_name(name)


def test_names_that_mean_something_else_are_neither() -> None:
    for name in (
        "text_id",
        "label_id",
        "review_date",
        "user_name",
        "message_count",
        "sentiment_confidence",
        "body_url",
    ):
        assert not is_known_name(name), name


@pytest.mark.parametrize(
    "row", [["positive", "a lovely film"], ["spam", "win a prize"], ["question", "what is it?"], ["1", "2"], [""]]
)
def test_ordinary_rows_are_no_header(row: list[str]) -> None:
    assert not is_header(row)


@pytest.mark.parametrize("row", [["text", "x"], ["message", "spam"], ["question", "topic"], ["v1", "Kategorie"]])
def test_headers_are(row: list[str]) -> None:
    assert is_header(row)


def test_content_tells_and_is_said() -> None:
    found = choose({**OTHERS, "a": TEAMS, "b": TEXTS})
    assert (found.text, found.label) == (("b",), ("a",))
    assert found.said == "text: column 'b' (longest text); label: column 'a' (3 values)"


def test_the_text_is_said_first() -> None:
    said = choose({**OTHERS, "x": TEXTS, "y": TEAMS}).said
    assert said == "text: column 'x' (longest text); label: column 'y' (by its name; 3 values)"


def test_a_file_without_names_is_told_by_content() -> None:
    found = choose({"column 1": TEAMS, "column 2": TEXTS})
    assert (found.text, found.label) == (("column 2",), ("column 1",))
    assert "'column 2'" in found.said
    assert "'column 1'" in found.said


def test_single_words_beside_a_label_are_the_texts() -> None:
    found = choose({"a": [f"w{i}x" for i in range(40)], "b": TEAMS})
    assert (found.text, found.label) == (("a",), ("b",))
    assert "text: column 'a'" in found.said


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": TEXTS, "b": TEXTS[::-1], "label": TEAMS}, "could be the text: 'a' .*'b' .*--text-column a or"),
        ({"text": TEXTS, "k1": TEAMS, "k2": TEAMS[::-1]}, r"label: 'k1' \(3 values\).*--label-column k1 or"),
        ({"text": TEXTS, "status": TEAMS, "priority": TEAMS}, r"could be the label: 'status'.*'priority'"),
        ({"question1": TEXTS, "question2": TEXTS, "label": TEAMS}, r"could be the text: 'question1'.*'question2'"),
        ({"text": TEXTS, "tag_1": TEAMS, "tag_2": TEAMS}, r"could be the label: 'tag_1'.*'tag_2'"),
        ({"text": TEXTS, "k": TEAMS, "flag": [0, 1] * 20}, r"could be the label: 'k'.*'flag'"),
    ],
)  # fmt: skip
def test_columns_equally_good_are_listed_with_their_flags(columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        choose(columns)


def test_for_prediction_labels_equally_good_do_not_matter() -> None:
    assert choose({"text": TEXTS, "k1": TEAMS, "k2": TEAMS}, is_label_needed=False).text == ("text",)
    assert choose({"text": TEXTS, "tag_1": TEAMS, "tag_2": TEAMS}, is_label_needed=False).text == ("text",)


@pytest.mark.parametrize("name", list(OTHERS))
def test_identifiers_dates_and_addresses_are_neither_text_nor_label(name: str) -> None:
    values = OTHERS[name]
    for columns in ({name: values, "text": TEXTS}, {"a": values, "b": values, "text": TEXTS}):
        if name != "language":  # which is a label where nothing else is
            with pytest.raises(DataError, match="no label column found"):
                choose(columns)
    with pytest.raises(DataError, match="no text column found"):
        choose({name: values, "label": TEAMS}, is_label_needed=False)


@pytest.mark.parametrize(
    "name",
    ["What went well this time?", "Please describe your user experience", "user_message", "email_text", "Ticket name",
     "phone call notes", "Version notes", "name", "date_text"],
)  # fmt: skip
def test_a_word_in_its_name_does_not_rule_the_only_texts_out(name: str) -> None:
    assert choose({name: TEXTS, "Category": TEAMS}).text == (name,)


@pytest.mark.parametrize("name", ["label_id", "topic id", "country", "key", "year", "Which team at this time?"])
def test_a_word_in_its_name_does_not_rule_the_only_labels_out(name: str) -> None:
    assert choose({"text": TEXTS, name: TEAMS}).label == (name,)


def test_names_of_people_are_no_texts() -> None:
    people = [f"Jo Smith{i}" for i in range(len(TEXTS))]
    with pytest.raises(DataError, match="no text column found"):
        choose({"id": list(range(len(TEXTS))), "author": people, "label": TEAMS})


def test_names_that_contradict_what_they_hold() -> None:
    numbers = list(range(40))
    found = choose({"text": numbers, "answer": TEXTS, "label": TEAMS})
    assert (found.text, "longest text" in found.said) == (("answer",), True)
    found = choose({"text": [str(i) for i in numbers], "label": TEAMS})
    odd = "text: column 'text', by its name, though it holds numbers; label: column 'label' (3 values)"
    assert (found.text, found.said) == (("text",), odd)
    found = choose({"text": ["ok"] * 40, "answer": TEXTS, "label": TEAMS})
    assert "column 'answer' holds longer texts" in found.said
    found = choose({"subject": ["hi there"] * 40, "answer": TEXTS, "label": TEAMS})
    assert found.text == ("answer",)
    found = choose({"text": TEXTS, "target_value": [i / 7 for i in numbers], "k": TEAMS})
    assert found.label == ("k",)


def test_a_second_good_label_name_is_told() -> None:
    found = choose({"text": TEXTS, "category": TEAMS, "sentiment": TEAMS})
    said = "text: column 'text'; label: column 'category' (3 values), not 'sentiment'"
    assert (found.label, found.said) == (("category",), said)


@pytest.mark.parametrize("values", [(0, 1), ("0", "1"), (False, True), ("False", "True"), (0.0, 1.0)])
def test_several_columns_of_0_and_1_are_an_indicator(values: tuple[Any, Any]) -> None:
    rows = [[values[(i >> k) % 2] for i in range(40)] for k in range(3)]
    found = choose({"id": OTHERS["id"], "text": TEXTS, "calm": rows[0], "glad": rows[1], "sad": rows[2]})
    assert found.label == ("calm", "glad", "sad")
    assert "0 or 1" in found.said
    assert choose({"text": TEXTS, "label_pos": rows[0], "label_neg": rows[1]}).label == ("label_pos", "label_neg")
    toxic = ("toxic", "severe_toxic", "obscene")
    assert choose({"comment_text": TEXTS, **dict(zip(toxic, rows, strict=True))}).label == toxic


def test_columns_of_lists_are_labels_too() -> None:
    lists = [["a"], ["a", "b"], [], ["b"]] * 10
    assert choose({"id": OTHERS["id"], "b": TEXTS, "a": lists}).label == ("a",)
    assert choose({"id": OTHERS["id"], "b": TEXTS, "a": [str(each) for each in lists]}).label == ("a",)


def test_given_names() -> None:
    columns: dict[str, Sequence[Any]] = {"Title": TEXTS, "body": TEXTS, "k": TEAMS}
    found = choose(columns, text=("title", "body"), label=("K",))
    assert (found.text, found.label, found.said) == (("Title", "body"), ("k",), "")
    for given_, message in (
        ({"text": ("x",)}, "--text-column x: no such column"),
        ({"text": ("body",), "label": ("body",)}, "both set to column 'body'"),
        ({"text": ("body", "Body"), "label": ("k",)}, "--text-column body: named twice"),
        ({"text": ("body",), "label": ("k", "k")}, "--label-column k: named twice"),
    ):
        with pytest.raises(DataError, match=message):
            choose(columns, **given_)
    with pytest.raises(DataError, match="differ from it only in case"):
        choose({"Ab": TEXTS, "aB": TEXTS, "label": TEAMS}, text=("ab",))


def test_a_single_column_is_the_text_but_no_training_data() -> None:
    assert choose({"words": TEXTS}, is_label_needed=False).text == ("words",)
    with pytest.raises(DataError, match=r"only one column \('words'\)"):
        choose({"words": TEXTS})


def test_large_cells_and_many_columns_cost_little() -> None:
    hard = ["1." + "1" * 1_000_000 + "x", " " * 1_000_000, "a" * 1_000_000 + "@", "0-" * 500_000, "[" * 1_000_000]
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    started = time.process_time()
    choose({"a": hard * 20, "text": TEXTS, "b": [deep] * 40, "label": TEAMS, "c": [10**5000] * 40})
    choose({**{f"column {i}": ["x"] * 40 for i in range(20_000)}, "text": TEXTS, "label": TEAMS})
    assert time.process_time() - started < 20


def _cells() -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    return plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=5), plain, max_size=2)


@given(
    st.dictionaries(st.text(max_size=12), st.lists(_cells(), min_size=4, max_size=4), min_size=1, max_size=5),
    st.booleans(),
)
def test_whatever_columns_there_are_the_choice_is_among_them_or_refused(
    columns: dict[str, list[Any]], needs: bool
) -> None:
    try:
        found = choose_columns(list(columns), columns, is_label_needed=needs, where="f.csv")
    except DataError:
        return
    assert set(found.text) | set(found.label) <= set(columns)
    assert found.text
    assert not set(found.text) & set(found.label)
    assert bool(found.label) or not needs


@given(st.text(max_size=40))
def test_plain_names_have_single_spaces_and_no_capitals(name: str) -> None:
    plain = plain_name(name)
    assert plain == " ".join(plain.split())
    assert plain == plain.lower()
    is_header([name])
