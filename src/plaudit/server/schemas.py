"""The bodies of requests and responses, as OpenAPI describes them.

Requests are checked by pydantic from the bytes, in one pass: broken UTF-8, deep nesting and half surrogate pairs are
errors of the parser, not of what comes after it.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from plaudit.server.refusals import Refusal

Label = str | int | bool


class OneError(FailFast):
    """Of a million wrong entries one error; hashable, as a part of a union must be."""

    __hash__ = object.__hash__


Texts = Annotated[list[str], OneError()]
Body = TypeVar("Body", bound=BaseModel)
_SHOWN = 200  # characters of a message that may quote the request


class PredictRequest(BaseModel):
    """Texts to label."""

    # `parse` refuses what is unknown: pydantic would make an error of each of a million names.
    model_config = ConfigDict(
        extra="allow",
        strict=True,
        json_schema_extra={"additionalProperties": False, "examples": [{"texts": ["A warm and funny film."]}]},
    )

    texts: Texts = Field(description="The texts, in any language; an empty one is a text.")
    model: str | None = Field(None, description="Which model; optional if only one is served.")


class ExplainRequest(PredictRequest):
    """Texts to explain."""

    label: Label | None = Field(None, description="The class to explain; by default the one that is predicted.")


class Prediction(BaseModel):
    """The answer to a text."""

    label: Label | list[Label] | None = Field(
        description="The label; a list of them where a text may have several; null for no answer."
    )
    probabilities: dict[str, float] = Field(description="Each class's, 0 to 1.")
    reason: str | None = Field(None, description="Why there is no answer, or no reliable one; usually absent.")


class PredictResponse(BaseModel):
    """An answer to each text, in order."""

    model: str
    version: str
    rule_version: str | None = Field(description="Which decision rule answered; null: the most probable class.")
    predictions: list[Prediction]


class WordShare(BaseModel):
    """A word of a text."""

    word: str
    start: int = Field(description="Its first character, counted in code points from 0.")
    end: int = Field(description="The character after its last.")
    share: float = Field(description="What it adds to the logit.")
    unseen: bool = Field(description="The model knows no part of it.")
    unread: bool = Field(description="It lies in a part that the model does not read.")


class ClassExplanation(BaseModel):
    """Why a text has a class's logit."""

    label: Label = Field(description="The class that a share above 0 speaks for.")
    against: Label | None = Field(description="The class that a share below 0 speaks for; null: any other.")
    probability: float
    logit: float
    base_logit: float = Field(description="The logit that the shares are counted from.")
    completeness_error: float = Field(description="By how much the shares miss logit - base_logit.")
    method: str
    words: list[WordShare]


class Explained(Prediction):
    """The answer to a text, and why."""

    explanations: list[ClassExplanation] = Field(description="One; of a text with several labels one for each.")


class ExplainResponse(BaseModel):
    """An explained answer to each text, in order."""

    model: str
    version: str
    answers: list[Explained]


class ModelFacts(BaseModel):
    """A model that is served."""

    name: str
    version: str | None = Field(description="null: not loaded yet.")
    kind: str | None
    classes: list[Label]
    multi_label: bool
    rule: str | None = Field(description="The decision rule in words; null: the most probable class.")


class ModelList(BaseModel):
    """The models that are served."""

    models: list[ModelFacts]


class V1Text(BaseModel):
    """A text by the name of its input."""

    text: str


class V1Texts(BaseModel):
    """Texts by the name of their input."""

    text: Texts


class V1Request(BaseModel):
    """TensorFlow Serving's request: texts by row (`instances`) or by column (`inputs`)."""

    signature_name: Literal["serving_default", ""] | None = None
    instances: Annotated[list[str | V1Text], OneError()] | None = Field(None, description='Texts, or {"text": …} each.')
    inputs: Texts | V1Texts | None = Field(None, description='Texts, or {"text": [texts]}.')


class V1Row(BaseModel):
    """The answer to a text."""

    label: Label | list[Label] | None
    probabilities: list[float] = Field(description="In the order of the model's classes.")


class V1Columns(BaseModel):
    """The answers by column."""

    label: list[Label | list[Label] | None]
    probabilities: list[list[float]]


class V1Response(BaseModel):
    """`predictions` for `instances`, `outputs` for `inputs`."""

    predictions: list[V1Row] | None = None
    outputs: V1Columns | None = None


def parse(body: bytes, kind: type[Body]) -> Body:
    """Return a request's JSON body as what it must be.

    Raises:
        Refusal: It is no JSON (400), or not that kind of body (422).
    """
    try:
        value = kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    else:
        if value.model_extra:
            known = ", ".join(kind.model_fields)
            raise Refusal(422, f"{next(iter(value.model_extra))[:_SHOWN]!r}: no such field; expected {known}.")
        return value
    if first["type"] == "json_invalid":
        if _has_half_pair(body):
            raise Refusal(422, "the body: an escape is half of a surrogate pair, which is not a character.")
        raise Refusal(400, f"the body: {first['msg'].lower()[:_SHOWN]}.")
    where = ".".join(map(str, first["loc"])) or "the body"
    raise Refusal(422, f"{where[:_SHOWN]}: {first['msg'].lower()[:_SHOWN]}.")


def _has_half_pair(body: bytes) -> bool:
    r"""Say whether a body that pydantic takes for broken is JSON except for an escape as ``\ud800``."""
    if b"\\u" not in body:
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def body_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return OpenAPI's description of a JSON body that `parse` reads; `app.openapi` resolves the reference."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
