"""The Open Inference Protocol, spoken by Triton's own client and by hand."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from serving import Running

import plaudit

TEXTS = ["joy joy warm film", "grim dull film", "", "😀 naïve", "joy\x00grim"]


def tensor(*texts: str, **more: Any) -> dict[str, Any]:
    return {"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": list(texts), **more}


def infer(running: Running, body: object, name: str = "reviews") -> Any:  # Any: JSON
    return running.http.post(f"/v2/models/{name}/infer", json=body)


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("shape", [[5], [5, 1]])
def test_tritons_client_is_served(
    running: Running, folders: dict[str, Path], is_binary: bool, shape: list[int]
) -> None:
    triton = pytest.importorskip("tritonclient.http", reason="needs the extra serve-tests")
    client = triton.InferenceServerClient(f"127.0.0.1:{running.port}")
    try:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("topics")
        assert client.get_server_metadata()["name"] == "plaudit"
        facts = client.get_model_metadata("topics")
        assert [output["name"] for output in facts["outputs"]] == ["label", "probabilities"]
        texts = triton.InferInput("text", shape, "BYTES")
        texts.set_data_from_numpy(np.array([t.encode() for t in TEXTS], object).reshape(shape), binary_data=is_binary)
        names = ("label", "probabilities")
        wanted = [triton.InferRequestedOutput(name, binary_data=is_binary) for name in names]
        found = client.infer("topics", [texts], outputs=wanted, request_id="a request")
        model = plaudit.load(folders["topics"])
        np.testing.assert_allclose(found.as_numpy("probabilities"), model.predict_proba(TEXTS), rtol=1e-6)
        labels = [t.decode() if isinstance(t, bytes) else t for t in found.as_numpy("label").tolist()]
        assert labels == model.predict(TEXTS).tolist()
        assert found.get_response()["id"] == "a request"
        assert client.infer("topics", [texts]).as_numpy("probabilities").shape == (5, 4)
    finally:
        client.close()


def test_outputs_come_as_they_are_asked_for(running: Running) -> None:
    answer = infer(running, {"inputs": [tensor("joy")], "outputs": [{"name": "probabilities"}]}).json()
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]
    assert "id" not in answer
    mixed = [{"name": "probabilities", "parameters": {"binary_data": True}}, {"name": "label"}]
    response = infer(running, {"inputs": [tensor("joy")], "outputs": mixed})
    n = int(response.headers["Inference-Header-Content-Length"])
    head = json.loads(response.content[:n])
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 16}
    assert struct.unpack("<2d", response.content[n:]) == tuple(answer["outputs"][0]["data"])


def test_no_answer_is_an_empty_label_and_a_set_is_a_json_list(running: Running) -> None:
    assert infer(running, {"inputs": [tensor("")]}, "unsure").json()["outputs"][0]["data"] == [""]
    labels = infer(running, {"inputs": [tensor("joy joy warm warm film", "film")]}, "moods").json()["outputs"][0]
    assert json.loads(labels["data"][0]) == ["calm", "glad"]


def test_a_version_is_the_manifests(running: Running) -> None:
    version = running.http.get("/v2/models/reviews").json()["versions"][0]
    assert running.http.get(f"/v2/models/reviews/versions/{version}/ready").json() == {"name": "reviews", "ready": True}
    assert infer(running, {"inputs": [tensor("joy")]}, f"reviews/versions/{version}").status_code == 200
    refused = infer(running, {"inputs": [tensor("joy")]}, "reviews/versions/1")
    assert refused.status_code == 404
    assert refused.json()["error"] == f"the model 'reviews' answers as version {version}, not '1'."


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 422, "inputs: field required"),
        ({"inputs": []}, 422, "inputs"),
        ({"inputs": [tensor("a"), tensor("b")]}, 422, "inputs"),
        ({"inputs": [tensor("a", datatype="FP32")]}, 422, "expected the datatype BYTES, got 'FP32'"),
        ({"inputs": [tensor("a", shape=[2])]}, 422, "shape [2] for 1 texts"),
        ({"inputs": [tensor("a", shape=[1, 2])]}, 422, "shape [1, 2] for 1 texts"),
        ({"inputs": [tensor("a", shape=[-1])]}, 422, "inputs.0.shape"),
        ({"inputs": [tensor("a", data=[["a", "b"]])]}, 422, "expected one text, got 2"),
        ({"inputs": [tensor("a", data=None)]}, 422, "expected either data or the parameter binary_data_size"),
        ({"inputs": [tensor("a", parameters={"binary_data_size": 5})]}, 422, "expected either data or"),
        ({"inputs": [tensor("a")], "outputs": [{"name": "logits"}]}, 422, "there is no 'logits'"),
        ({"inputs": [tensor(*["a"] * 10_001)]}, 422, "10,001 texts in a request; at most 10,000 are accepted"),
    ],
)
def test_what_is_wrong_is_said(running: Running, body: object, status: int, message: str) -> None:
    refused = infer(running, body)
    assert refused.status_code == status
    assert message in refused.json()["error"]


def binary(tail: bytes, size: object, header: str | None = None) -> tuple[bytes, dict[str, str]]:
    head = json.dumps({"inputs": [
        {"name": "text", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": size}}
    ]}).encode()  # fmt: skip
    return head + tail, {"Inference-Header-Content-Length": header or str(len(head))}


@pytest.mark.parametrize(
    ("body", "headers", "status", "message"),
    [
        (*binary(b"", 4), 400, "binary_data_size 4, but 0 bytes follow"),
        (*binary(b"\x01\x00", 2), 400, "end within a length"),
        (*binary(b"\xff\xff\xff\xffab", 6), 400, "text 0 has 4,294,967,295 bytes, but 2 are left"),
        (*binary(b"\x01\x00\x00\x00\xff", 5), 422, "text 0 is not UTF-8"),
        (*binary(b"\x01\x00\x00\x00a", "5"), 400, "binary_data_size 5"),
        (*binary(b"\x01\x00\x00\x00a", 5, "-1"), 400, "expected a number from 0"),
        (*binary(b"\x01\x00\x00\x00a", 5, "99999"), 400, "expected a number from 0"),
        (*binary(b"\x01\x00\x00\x00a\x00\x00\x00\x00", 9), 422, "shape [1] for 2 texts"),
    ],
)
def test_broken_binary_tensors_are_refused(
    running: Running, body: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    refused = running.http.post("/v2/models/reviews/infer", content=body, headers=headers)
    assert refused.status_code == status
    assert message in refused.json()["error"]


def test_an_unknown_model_is_named(running: Running) -> None:
    for path in ("", "/ready", "/versions/1"):
        refused = running.http.get(f"/v2/models/nope{path}")
        assert (refused.status_code, refused.json()["error"]) == (
            404, "there is no model 'nope'; there are reviews, topics, moods, unsure."
        )  # fmt: skip
