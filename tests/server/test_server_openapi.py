"""The OpenAPI description is true: requests made up from it get an answer that it describes, and never a fault."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from serving import Running, serving

KEY = "a-key-of-many-letters"
# Left out: that whatever the schema allows is accepted. A schema cannot say that a tensor's shape fits its data.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="needs the extra serve-tests")
def test_requests_made_up_from_the_description_get_what_it_says(folders: dict[str, Path], tmp_path: Path) -> None:
    with serving({name: folders[name] for name in ("reviews", "moods")}) as server:
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--no-color", "--seed", "1",
            "--max-examples", "3", "--checks", ",".join(CHECKS), "--warnings", "off",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=400)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert "Tested: 16" in done.stdout
        assert server.predict("joy", model="reviews")["predictions"][0]["label"] == "liked"


def test_the_description_names_bodies_errors_and_keys(running: Running, folders: dict[str, Path]) -> None:
    document = running.http.get("/openapi.json").json()
    predict = document["paths"]["/predict"]["post"]
    assert predict["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/PredictRequest"
    }
    assert {"200", "400", "404", "413", "422", "429", "503", "504"} <= predict["responses"].keys()
    assert "security" not in document
    with serving({"reviews": folders["reviews"]}, keys=(KEY,)) as locked:
        assert locked.http.get("/openapi.json").json()["security"] == [{"bearer": []}, {"header": []}]
