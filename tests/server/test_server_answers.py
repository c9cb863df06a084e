"""What the routes answer: the model's own words, whatever the protocol."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import Running

import plaudit

TEXTS = [
    "joy joy warm film",
    "grim dull film",
    "",
    "  ",
    "😀 naïve",
    "two\nlines\x00",
    "joy joy warm film",
    "غريب 另一个",
]


def rows_of(answer: Any) -> list[list[float]]:
    return [list(one["probabilities"].values()) for one in answer["predictions"]]


@pytest.mark.parametrize("name", ["reviews", "topics", "moods", "unsure"])
def test_predict_answers_as_the_model_does(running: Running, folders: dict[str, Path], name: str) -> None:
    model = plaudit.load(folders[name])
    answer = running.predict(*TEXTS, model=name)
    np.testing.assert_allclose(rows_of(answer), model.predict_proba(TEXTS), rtol=1e-6)
    labels = [one["label"] for one in answer["predictions"]]
    predicted: Any = model.predict(TEXTS)
    expected = [list(s) for s in model.label_sets(predicted)] if model.multi_label_ else predicted.tolist()
    assert labels == expected
    assert list(answer["predictions"][0]["probabilities"]) == list(model.class_names)


def test_the_saved_rule_decides(running: Running) -> None:
    labels = [one["label"] for one in running.predict("joy joy warm film", "", model="unsure")["predictions"]]
    assert labels[1] is None


def test_every_protocol_says_which_rule_answered(running: Running, folders: dict[str, Path]) -> None:
    rule = plaudit.load(folders["unsure"]).rule_
    assert rule is not None
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["joy"]}
    for name, version in (("unsure", rule.version), ("reviews", None)):
        assert running.predict("joy", model=name)["rule_version"] == version
        v1 = running.http.post(f"/v1/models/{name}:predict", json={"instances": ["joy"]})
        assert v1.headers.get("Plaudit-Rule-Version") == version
        v2 = running.http.post(f"/v2/models/{name}/infer", json={"inputs": [tensor]}).json()
        assert v2.get("parameters", {}).get("rule_version") == version


def test_one_model_needs_no_name_and_several_do(running: Running, alone: Running) -> None:
    assert alone.predict("joy")["model"] == "reviews"
    refused = running.http.post("/predict", json={"texts": ["joy"]})
    assert refused.status_code == 422
    assert "several models are served (reviews, topics, moods, unsure)" in refused.json()["error"]


def test_no_texts_get_no_answers(alone: Running) -> None:
    assert alone.predict()["predictions"] == []
    assert alone.http.post("/explain", json={"texts": []}).json()["answers"] == []
    assert alone.http.post("/v1/models/reviews:predict", json={"instances": []}).json() == {"predictions": []}


def test_many_texts_come_back_in_order(alone: Running, folders: dict[str, Path]) -> None:
    texts = [f"{word} film {i}" for i in range(700) for word in ("joy", "grim")]
    expected = plaudit.load(folders["reviews"]).predict_proba(texts)
    np.testing.assert_allclose(rows_of(alone.predict(*texts)), expected, rtol=1e-6)


def test_tensorflow_servings_rows_and_columns(alone: Running) -> None:
    rows = alone.http.post(
        "/v1/models/reviews:predict", json={"signature_name": "serving_default", "instances": ["joy", {"text": "grim"}]}
    ).json()["predictions"]
    columns = alone.http.post("/v1/models/reviews:predict", json={"inputs": {"text": ["joy", "grim"]}}).json()[
        "outputs"
    ]
    assert columns == {
        "label": [row["label"] for row in rows], "probabilities": [row["probabilities"] for row in rows]
    }  # fmt: skip
    assert alone.http.post("/v1/models/reviews:predict", json={"inputs": ["joy", "grim"]}).json()["outputs"] == columns
    status = alone.http.get("/v1/models/reviews").json()["model_version_status"][0]
    assert status["state"] == "AVAILABLE"
    assert status["version"] == alone.predict("joy")["version"]


def test_v1_wants_one_of_rows_and_columns(alone: Running) -> None:
    for body in ({}, {"instances": ["a"], "inputs": ["a"]}):
        refused = alone.http.post("/v1/models/reviews:predict", json=body)
        assert (refused.status_code, refused.json()["error"]) == (
            422,
            "give either instances or inputs, a list of texts.",
        )


@pytest.mark.parametrize(("name", "n"), [("reviews", 1), ("topics", 1), ("unsure", 1)])
def test_shares_add_up(running: Running, name: str, n: int) -> None:
    text = "joy 😀 warm, unseenword film"
    (answer,) = running.http.post("/explain", json={"texts": [text], "model": name}).json()["answers"]
    assert len(answer["explanations"]) == n
    one = answer["explanations"][0]
    assert sum(w["share"] for w in one["words"]) == pytest.approx(one["logit"] - one["base_logit"], abs=1e-4)
    assert [text[w["start"] : w["end"]] for w in one["words"]] == [w["word"] for w in one["words"]]
    assert answer["probabilities"] == running.predict(text, model=name)["predictions"][0]["probabilities"]


def test_a_class_may_be_chosen_to_explain(running: Running) -> None:
    body = {"texts": ["joy"], "model": "topics", "label": "class 3"}
    (answer,) = running.http.post("/explain", json=body).json()["answers"]
    assert [one["label"] for one in answer["explanations"]] == ["class 3"]
    refused = running.http.post("/explain", json={**body, "label": "class 9"})
    assert refused.status_code == 422
    assert "not one of the model's classes" in refused.json()["error"]


def test_of_a_set_each_label_is_explained(running: Running) -> None:
    body = {"texts": ["joy joy warm warm film"], "model": "moods"}
    (answer,) = running.http.post("/explain", json=body).json()["answers"]
    assert [one["label"] for one in answer["explanations"]] == answer["label"] == ["calm", "glad"]


def csv_of(texts: list[str]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink).writerows([("id", "text"), *enumerate(texts)])
    return sink.getvalue().encode()


@pytest.mark.parametrize("name", ["reviews", "moods", "unsure"])
def test_a_file_comes_back_with_its_answers(running: Running, name: str) -> None:
    texts = [text.replace("\x00", "") for text in TEXTS]
    answer = running.http.post("/predict/file", params={"model": name}, content=csv_of(texts)).raise_for_status()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["text"] for row in rows] == texts
    assert [row["id"] for row in rows] == [str(i) for i in range(len(texts))]
    found = running.predict(*texts, model=name)["predictions"]
    if name == "moods":
        assert [row["prediction"] for row in rows] == [",".join(one["label"]) for one in found]
        assert float(rows[0]["probability_glad"]) == pytest.approx(found[0]["probabilities"]["glad"], rel=1e-6)
    else:
        assert [row["prediction"] for row in rows] == [one["label"] or "" for one in found]
        highest = [max(one["probabilities"].values()) for one in found]
        assert [float(row["probability"]) for row in rows] == pytest.approx(highest, rel=1e-6)


@pytest.mark.parametrize(
    ("content", "params", "message"),
    [
        (b"", {}, "the file: the file is empty"),
        (b"a,b,c\n1,2,3\n", {}, "the file"),
        (b"text\n", {}, "the file: no rows, only the columns text"),
        (b"text\nj\xffoy\n", {}, "UTF-8"),
        (b"PK\x03\x04" + bytes(100), {}, "the file: the zip file is truncated or damaged"),
        (b"text,prediction\njoy,pos\n", {}, "a column is named 'prediction' already"),
        (b"body\njoy\n", {"text_column": "review"}, "review"),
        (b"text\njoy\n", {"format": "parquet"}, "query.format"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(
    alone: Running, content: bytes, params: dict[str, str], message: str
) -> None:
    refused = alone.http.post("/predict/file", params=params, content=content)
    assert refused.status_code == 422
    assert message in refused.json()["error"]
    assert "/tmp" not in refused.json()["error"]


def test_the_models_are_listed(running: Running) -> None:
    listed = {one["name"]: one for one in running.http.get("/models").json()["models"]}
    assert list(listed) == ["reviews", "topics", "moods", "unsure"]
    assert listed["moods"]["multi_label"]
    assert listed["unsure"]["rule"] == "no answer when no class has a probability of at least 0.99"
    assert listed["topics"]["classes"] == [f"class {i}" for i in range(4)]


def test_metrics_count(alone: Running) -> None:
    before = metric(alone, 'plaudit_texts_total{model="reviews"}')
    alone.predict("joy", "grim", "dull")
    assert metric(alone, 'plaudit_texts_total{model="reviews"}') == before + 3
    assert metric(alone, 'plaudit_requests_total{method="POST",route="/predict",status="200"}') > 0
    assert metric(alone, "plaudit_queue_requests") == 0


def metric(running: Running, name: str) -> float:
    lines = running.http.get("/metrics").raise_for_status().text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)), 0.0)


def test_a_form_is_no_file_and_the_content_type_tells_the_format(running: Running) -> None:
    texts = ["joy", "gloom"]
    refused = running.http.post("/predict/file", params={"model": "reviews"}, files={"file": csv_of(texts)})
    assert refused.status_code == 415
    assert "--data-binary @FILE" in refused.json()["error"]
    lines = "".join(f'{{"text": "{text}"}}\n' for text in texts)
    kind = {"content-type": "application/x-ndjson"}
    answer = running.http.post("/predict/file", params={"model": "reviews"}, content=lines, headers=kind)
    assert [json.loads(line)["text"] for line in answer.raise_for_status().text.splitlines()] == texts
