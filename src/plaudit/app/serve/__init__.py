"""The options of `plaudit serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.app.errors_as_lines import errors_as_lines


@errors_as_lines
def serve(
    models: Annotated[list[str], typer.Argument(help="Model folders; NAME=FOLDER names one.")],
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; each holds the models. One that dies is replaced.")
    ] = 1,
    api_key_file: Annotated[
        Path | None, typer.Option(help="A file with API keys, one a line; also PLAUDIT_API_KEY. [no key is asked]")
    ] = None,
    max_body: Annotated[int, typer.Option(min=1024, help="Bytes in a request.")] = 10 * 1024 * 1024,
    max_texts: Annotated[int, typer.Option(min=1, help="Texts in a request.")] = 10_000,
    max_characters: Annotated[int, typer.Option(min=1, help="Characters in a text.")] = 100_000,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that an answer may take.")] = 30.0,
    queue: Annotated[int, typer.Option(min=1, help="Requests that may wait, in each process.")] = 256,
    per_client: Annotated[int, typer.Option(min=1, help="Requests that one client may have open.")] = 128,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="A name that requests may call the server by, without port; may be repeated. [on a loopback address "
            "without keys localhost, 127.0.0.1 and [::1]; else any]"
        ),
    ] = None,
    map_files: Annotated[
        bool, typer.Option("--map", help="Map models' files instead of reading them: never change them in place then.")
    ] = False,
    grace: Annotated[int, typer.Option(min=1, help="Seconds to finish what was taken, when told to stop.")] = 30,
) -> None:
    """Answer requests over HTTP, and a page to try: docs/operations.md."""
    from plaudit.app.serve.serving import serve as serve_models
    from plaudit.server.settings import Limits

    limits = Limits(
        body_bytes=max_body, texts=max_texts, text_characters=max_characters, timeout_s=timeout, queue=queue,
        client_requests=per_client,
    )  # fmt: skip
    serve_models(
        models, host=host, port=port, workers=workers, api_key_file=api_key_file, grace_s=grace, limits=limits,
        allowed_hosts=allowed_host or (), is_mapped=map_files,
    )  # fmt: skip
