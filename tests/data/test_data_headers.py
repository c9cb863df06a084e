"""Whether the first row names the columns: on evidence from its other cells and from the rows below."""

import csv
import io

import pytest

from plaudit.data.readers.dialect import find_dialect

TEXTS = ["my parcel never arrived", "i was charged twice", "where is my order now", "the app does not open",
         "please cancel my plan", "you sent the wrong size"]  # fmt: skip


def has_header(first: list[str], *columns: list[str]) -> bool:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([first, *zip(*columns, strict=True)])
    return find_dialect(out.getvalue(), is_whole=True, own=",", delimiter=None, header=None, where="f").has_header


def labels(*names: str) -> list[str]:
    return [names[i % len(names)] for i in range(6)]


NUMBERS = [str(i) for i in range(1, 7)]
DATES = [f"3/{i}/2024 10:0{i}" for i in range(1, 7)]
CHINESE = ["包裹一直没有收到怎么办", "我被重复扣款了两次", "订单现在在哪里呢", "应用打不开了怎么办"]
CHINESE += ["请取消我的套餐", "寄错了尺码给我"]


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        (["text", "toxic"], [TEXTS, labels("toxic", "clean")]),
        (["message", "refund"], [TEXTS, labels("refund", "other")]),
        (["review", "positive"], [TEXTS, labels("positive", "negative")]),
        (["Nachricht", "dringend"], [TEXTS, labels("dringend", "normal")]),
        (["comment", "bug"], [TEXTS, labels("bug", "wish")]),
        (["id", "text", "refund"], [NUMBERS, TEXTS, labels("refund", "other")]),
        (["id", "what they wrote", "refund"], [NUMBERS, TEXTS, labels("refund", "other")]),
        (["text", "label", "email"], [TEXTS, labels("a", "b"), labels("email", "phone")]),
        (["user", "text", "label"], [labels("user", "agent"), TEXTS, labels("a", "b")]),
        (["Timestamp", "What is your problem with us?", "Which team?"], [DATES, TEXTS, labels("x", "y")]),
        (["Zeitstempel", "Was ist passiert, und wann war das?", "Team?"], [DATES, TEXTS, labels("x", "y")]),
        (["Please describe the issue you had", "Category of issue"], [TEXTS, labels("x", "y")]),
        (["ID", "Please say what happened to you", "Which topic fits?"], [NUMBERS, TEXTS, labels("x", "y")]),
        (["客户反馈内容", "问题类别"], [CHINESE, labels("物流", "付款")]),
        (["お問い合わせ内容", "担当部署"], [CHINESE, labels("配送", "支払")]),
        (["", "text", "spam"], [NUMBERS, TEXTS, labels("spam", "ham")]),
        (["Ticket"], [TEXTS]),
        (["Customer message"], [TEXTS]),
        (["评论"], [CHINESE]),
        (["客户反馈内容"], [CHINESE]),
    ],
)  # fmt: skip
def test_a_header(first: list[str], columns: list[list[str]]) -> None:
    assert has_header(first, *columns)


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        (["my card does not work", "billing"], [TEXTS, labels("billing", "orders")]),
        (["Thanks", "Billing team"], [TEXTS, labels("Billing team", "Orders team")]),
        (["7", "my card does not work", "5 stars"], [NUMBERS, TEXTS, labels("5 stars", "1 star")]),
        (["My parcel is late"], [["Hello there bob", "Where is it now", "No answer yet", "I am still here"]]),
        (["Thanks!"], [["Very late again", "Not what I ordered", "Please call me", "Hello"]]),
        (["你好"], [["在哪里", "谢谢", "再见", "没有"]]),
        (["Добрый день"], [["где мой заказ", "не пришло письмо", "спасибо вам", "верните деньги"]]),
        (["7", "Great service"], [NUMBERS, ["Thanks a lot", "Very slow", "Good food", "Bad", "Fine", "Never again"]]),
        (["my card does not work at all today", "x9"], [[f"{text} at all today" for text in TEXTS], NUMBERS[:0] or
                                                         ["a1", "b2", "c3", "d4", "e5", "f6"]]),
    ],
)  # fmt: skip
def test_a_row(first: list[str], columns: list[list[str]]) -> None:
    assert not has_header(first, *columns)


def test_a_mark_that_ends_lines_is_no_delimiter() -> None:
    head = "Great product!\nBad product!\nGood service!\n"
    found = find_dialect(head, is_whole=True, own=",", delimiter=None, header=None, where="f")
    assert (found.delimiter, found.has_header) == (",", False)
