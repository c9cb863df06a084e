"""Another version of a model takes the place of the one that answers, and no request fails."""

import logging
import shutil
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from serving import Running, serving

from plaudit.data import Dataset
from plaudit.errors import ConfigError, ModelError
from plaudit.models import NgramClassifier, load
from plaudit.server import served_model
from plaudit.server.served_model import ServedModel, name_models


@pytest.fixture
def place(folders: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders["reviews"], tmp_path / "model"))


@pytest.fixture(scope="module")
def other(reviews: Dataset) -> NgramClassifier:
    return NgramClassifier(n_max=1, regularisation=1).fit(reviews.texts, reviews.label_names())


def until_version_is_not(running: Running, version: str) -> str:
    until = time.monotonic() + 60
    while (found := str(running.predict("joy")["version"])) == version:
        assert time.monotonic() < until, "the new version was not taken"
        time.sleep(0.05)
    return found


def test_a_new_version_is_taken_without_a_failed_request(place: Path, other: NgramClassifier) -> None:
    first = load(place)
    texts = [f"joy film {i}" for i in range(40)]
    expected = {True: first.predict_proba(texts).tolist(), False: other.predict_proba(texts).tolist()}
    failures: list[object] = []
    versions: list[str] = []
    stop = threading.Event()
    with serving({"m": place}) as server:
        old = str(server.predict("joy")["version"])

        def ask() -> None:
            while not stop.is_set():
                response = server.http.post("/predict", json={"texts": texts})
                if response.status_code != 200:
                    failures.append(response.text)
                    continue
                answer = response.json()
                rows = [list(one["probabilities"].values()) for one in answer["predictions"]]
                wanted = expected[answer["version"] == old]
                if any(
                    abs(a - b) > 1e-6
                    for row, want in zip(rows, wanted, strict=True)
                    for a, b in zip(row, want, strict=True)
                ):
                    failures.append("an answer of two versions")
                versions.append(answer["version"])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for model in (other, first, other, first):
                version = str(server.predict("joy")["version"])
                model.save(place)
                until_version_is_not(server, version)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert len(set(versions)) == 2


def test_a_broken_version_is_told_and_the_old_one_goes_on(
    place: Path, other: NgramClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    with serving({"m": place}) as server, caplog.at_level(logging.ERROR, "plaudit.server"):
        version = server.predict("joy")["version"]
        (place / "model.json").write_text("{", encoding="utf-8")
        until = time.monotonic() + 60
        while not caplog.records and time.monotonic() < until:
            time.sleep(0.05)
        assert caplog.records[0].message == "model not loaded"
        assert "damaged" in str(caplog.records[0].__dict__["reason"])
        assert server.predict("joy")["version"] == version
        assert server.http.get("/v2/health/ready").status_code == 200
        shutil.rmtree(place)
        time.sleep(1.2)
        assert server.predict("joy")["version"] == version
        other.save(place)
        until_version_is_not(server, version)
        assert 'plaudit_model_loads_total{model="m",outcome="failed"}' in server.http.get("/metrics").text


def test_a_model_that_is_not_there_yet_is_waited_for(tmp_path: Path, other: NgramClassifier) -> None:
    with serving({"m": tmp_path / "later"}) as server:
        assert server.http.get("/v2/health/live").status_code == 200
        for path in ("/v2/health/ready", "/v2/models/m/ready"):
            assert server.http.get(path).status_code == 503
        refused = server.http.post("/predict", json={"texts": ["joy"]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert server.http.get("/models").json()["models"][0]["version"] is None
        other.save(tmp_path / "later")
        until = time.monotonic() + 60
        while server.http.get("/v2/health/ready").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert server.predict("joy")["predictions"][0]["label"] == "liked"


def test_a_broken_model_is_tried_less_and_less_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    clock = SimpleNamespace(monotonic=lambda: now)  # this module's alone: loops of servers that run would wait for ever
    monkeypatch.setattr(served_model, "time", clock)
    model = ServedModel("m", tmp_path)
    tried = []
    for second in range(200):
        now = float(second)
        if model.poll() is None:
            tried.append(second)
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_loading_what_is_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is not a model: it holds no model\.json"):
        ServedModel("m", tmp_path).load()


def test_names_are_the_folders_unless_given(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    named = name_models([str(tmp_path / "reviews"), f"two={tmp_path / 'reviews'}", f"three={tmp_path}/a=b"])
    assert list(named) == ["reviews", "two", "three"]
    assert named["three"] == tmp_path / "a=b"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a/m", "b/m"], "two models are named 'm'; give one another name: NAME=b/m"),
        (["a b/c d"], "a model's name is letters, digits and - _ ., got 'c d'"),
        (["=folder"], "got ''; give one: NAME=folder"),
        (["..=folder"], "got '..'"),
    ],
)
def test_names_that_cannot_be_are_refused(given: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        name_models(given)
    assert message in str(caught.value)
