"""What the container's files say agrees with what the program does; the image itself is built elsewhere."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from plaudit.app.cli import app

yaml = pytest.importorskip("yaml", reason="reads compose.yaml")
ROOT = Path(__file__).parent.parent
DOCKERFILE = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.M)


@pytest.fixture
def service() -> Any:  # Any: YAML
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["plaudit"]


def test_the_entry_point_is_a_command_that_exists() -> None:
    command = json.loads(instructions("ENTRYPOINT")[0])
    assert command[:2] == ["plaudit", "serve"]
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    assert all(word in shown for word in command if word.startswith("--"))


def test_the_health_check_asks_the_port_that_is_served() -> None:
    port = json.loads(instructions("ENTRYPOINT")[0])[-1]
    check = instructions("HEALTHCHECK")[0]
    assert f"http://127.0.0.1:{port}/v2/health/ready" in check
    assert instructions("EXPOSE") == [port]
    code = json.loads(check[check.index("[") :])[2]
    compile(code, "HEALTHCHECK", "exec")


def test_it_runs_as_nobody_in_particular_and_writes_nowhere(service: Any) -> None:
    assert instructions("USER")[-1] == "10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_compose_waits_longer_than_the_server_does(service: Any) -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"]).output
    grace = re.search(r"--grace.*?default: (\d+)", shown, re.S)
    assert grace is not None
    assert int(service["stop_grace_period"].rstrip("s")) > int(grace[1])


def test_what_is_copied_is_let_in() -> None:
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in instructions("COPY"):
        if not line.startswith("--from"):
            for source in shlex.split(line)[:-1]:
                assert (ROOT / source).exists()
                assert f"!{source.removeprefix('./')}" in let_in


def locked(path: Path) -> dict[str, str]:
    """Return the versions of a file of requirements by the packages' names, each of which must have hashes."""
    found: dict[str, str] = {}
    for entry in re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8")).splitlines():
        name, _, rest = entry.partition("==")
        version, *hashes = rest.split()
        assert hashes, entry
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), entry
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


@pytest.mark.parametrize("name", ["serve", "serve-encoder"])
def test_what_the_image_installs_is_what_the_tests_pass_with(name: str) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    pinned = {re.sub(r"[-_.]+", "-", each).lower(): version for each, version in pinned.items()}
    found = locked(ROOT / "requirements" / f"{name}.txt")
    assert {each: version for each, version in found.items() if pinned.get(each, version) != version} == {}
    assert {"numpy", "pyarrow", "safetensors", "tokenizers", "fastapi", "uvicorn", "prometheus-client"} <= set(found)


def test_the_image_takes_packages_by_their_hashes() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert (ROOT / "requirements" / f"{instructions('ARG')[0].partition('=')[2]}.txt").is_file()
