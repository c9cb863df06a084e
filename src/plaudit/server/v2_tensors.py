"""The tensors of the Open Inference Protocol: texts out of a request, answers into a response.

https://github.com/kserve/open-inference-protocol (inference_rest.md), and its extension for binary tensor data as
Triton describes it: JSON first, as long as the header Inference-Header-Content-Length says, then each tensor's bytes;
of BYTES every element has its length before it, four bytes, the least first.
"""

from __future__ import annotations

import json
import struct
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from plaudit.models.answers import Answering
from plaudit.server.refusals import Refusal, json_response
from plaudit.server.schemas import OneError, parse
from plaudit.server.served_model import Loaded

INPUT, LABEL, PROBABILITIES = "text", "label", "probabilities"
LENGTH_HEADER = "Inference-Header-Content-Length"
Shape = Annotated[list[Annotated[int, Field(ge=0)]], OneError(), Field(min_length=1, max_length=2)]
Parameters = dict[str, Any]  # Any: JSON; what is not known is passed over, as the protocol has it


class InputTensor(BaseModel):
    """Texts: of shape [N] or [N, 1]."""

    name: str
    shape: Shape
    datatype: str = Field(json_schema_extra={"const": "BYTES"})
    parameters: Parameters | None = None
    data: Annotated[list[str | list[str]], OneError()] | None = None


class RequestedOutput(BaseModel):
    """A tensor that is wanted."""

    name: str
    parameters: Parameters | None = None


class InferRequest(BaseModel):
    """Texts to label, as tensors."""

    id: str | None = None
    parameters: Parameters | None = None
    inputs: Annotated[list[InputTensor], OneError(), Field(min_length=1, max_length=1)]
    outputs: Annotated[list[RequestedOutput], OneError(), Field(max_length=2)] | None = None


class OutputTensor(BaseModel):
    """Answers."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | None = None
    data: list[str] | list[float] | None = None


class InferResponse(BaseModel):
    """`label` BYTES [N] and `probabilities` FP64 [N, C]."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[OutputTensor]


def split_body(body: bytes, header: str | None) -> tuple[bytes, bytes]:
    """Return a body's JSON, and the binary tensors behind it.

    Args:
        body: The request's body.
        header: The value of `LENGTH_HEADER`; None: the body is JSON alone.

    Raises:
        Refusal: The header is no length of a part of the body (400).
    """
    if header is None:
        return body, b""
    if not (header.isascii() and header.isdigit() and len(header) < 16 and int(header) <= len(body)):
        raise Refusal(400, f"{LENGTH_HEADER}: expected a number from 0 to {len(body):,}, got {header[:20]!r}.")
    return body[: int(header)], body[int(header) :]


def read_request(head: bytes, tail: bytes, most: int) -> tuple[InferRequest, list[str]]:
    """Return what is asked, and the N texts.

    Args:
        head: The JSON.
        tail: The binary tensors.
        most: Texts that are taken; reading stops at one more.

    Raises:
        Refusal: It is no such request (400, 422).
    """
    asked = parse(head, InferRequest)
    tensor = asked.inputs[0]
    if tensor.datatype != "BYTES":
        raise Refusal(422, f"inputs.0: expected the datatype BYTES, got {tensor.datatype[:40]!r}.")
    size = (tensor.parameters or {}).get("binary_data_size")
    if (size is None) == (tensor.data is None):
        raise Refusal(422, "inputs.0: expected either data or the parameter binary_data_size.")
    texts = _flat(tensor.data) if tensor.data is not None else _elements(tail, size, most)
    if tail and size is None:
        raise Refusal(400, f"{len(tail):,} bytes after the JSON that belong to no input.")
    if tensor.shape != [len(texts)] and tensor.shape != [len(texts), 1]:
        raise Refusal(
            422, f"inputs.0: shape {tensor.shape} for {len(texts):,} texts; expected [{len(texts)}] or with 1."
        )
    return asked, texts


def _flat(data: list[str | list[str]]) -> list[str]:
    flat: list[str] = []
    for i, entry in enumerate(data):
        if isinstance(entry, str):
            flat.append(entry)
        elif len(entry) == 1:
            flat.append(entry[0])
        else:
            raise Refusal(422, f"inputs.0.data.{i}: expected one text, got {len(entry):,}.")
    return flat


def _elements(tail: bytes, size: object, most: int) -> list[str]:
    """Return the texts of a BYTES tensor in its binary form."""
    if type(size) is not int or size != len(tail):
        raise Refusal(400, f"inputs.0: binary_data_size {str(size)[:20]}, but {len(tail):,} bytes follow the JSON.")
    texts: list[str] = []
    at = 0
    while at < size:
        if at + 4 > size:
            raise Refusal(400, "inputs.0: the binary data end within a length.")
        (length,) = struct.unpack_from("<I", tail, at)
        at += 4
        if at + length > size:
            raise Refusal(400, f"inputs.0: text {len(texts):,} has {length:,} bytes, but {size - at:,} are left.")
        try:
            texts.append(tail[at : at + length].decode())
        except UnicodeDecodeError as error:
            raise Refusal(422, f"inputs.0: text {len(texts):,} is not UTF-8 ({error.reason}).") from None
        at += length
        if len(texts) > most:
            raise Refusal(422, f"more than {most:,} texts in a request; at most so many are accepted.", reason="texts")
    return texts


def write_response(loaded: Loaded, asked: InferRequest, found: Answering) -> Response:
    """Return the tensors that were asked for, in that order, in JSON or in the binary form, as asked.

    Raises:
        Refusal: One is asked for that there is not (422).
    """
    wanted = asked.outputs or [RequestedOutput(name=LABEL), RequestedOutput(name=PROBABILITIES)]
    is_binary = bool((asked.parameters or {}).get("binary_data_output", False))
    outputs, tails = [], []
    for output in wanted:
        tensor = _tensor(loaded, output.name, found)
        if (output.parameters or {}).get("binary_data", is_binary) is True:
            tail = _binary(tensor.pop("data"), output.name)
            tensor["parameters"] = {"binary_data_size": len(tail)}
            tails.append(tail)
        outputs.append(tensor)
    answer: dict[str, Any] = {"model_name": loaded.name, "model_version": loaded.version, "outputs": outputs}
    if asked.id is not None:
        answer["id"] = asked.id
    if loaded.rule_version is not None:
        answer["parameters"] = {"rule_version": loaded.rule_version}
    if not tails:
        return json_response(answer)
    head = to_json(answer)
    return Response(
        b"".join([head, *tails]), media_type="application/octet-stream", headers={LENGTH_HEADER: str(len(head))}
    )


def _tensor(loaded: Loaded, name: str, found: Answering) -> dict[str, Any]:
    n = len(found.labels)
    if name == LABEL:
        return {"name": name, "shape": [n], "datatype": "BYTES", "data": _label_texts(loaded, found)}
    if name == PROBABILITIES:
        shape = [n, found.probabilities.shape[1]]
        return {"name": name, "shape": shape, "datatype": "FP64", "data": found.probabilities.ravel().tolist()}
    raise Refusal(422, f"outputs: there is no {name[:40]!r}; there are {LABEL} and {PROBABILITIES}.")


def _label_texts(loaded: Loaded, found: Answering) -> list[str]:
    """Return each answer as a text: a class's name, "" for no answer, multi-label a JSON list of names."""
    names = loaded.classifier.class_names
    if not loaded.classifier.multi_label_:
        return [names[number] if number >= 0 else "" for number in found.numbers.tolist()]
    rows = ([names[i] for i, has in enumerate(row) if has] for row in found.numbers.tolist())
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def _binary(data: list[Any], name: str) -> bytes:
    if name == PROBABILITIES:
        return struct.pack(f"<{len(data)}d", *data)
    encoded = [text.encode() for text in data]
    return b"".join(struct.pack("<I", len(text)) + text for text in encoded)


def metadata_of(loaded: Loaded) -> dict[str, Any]:
    """Return what the protocol tells of a model: its tensors, and their meaning as parameters."""
    names = list(loaded.classifier.class_names)
    return {
        "name": loaded.name,
        "versions": [loaded.version],
        "platform": f"plaudit_{loaded.classifier.kind}",
        "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": LABEL, "datatype": "BYTES", "shape": [-1]},
            {"name": PROBABILITIES, "datatype": "FP64", "shape": [-1, len(names)], "parameters": {"classes": names}},
        ],
        "parameters": {"multi_label": loaded.classifier.multi_label_},
    }
