"""Functions offered to a model: the interface of a tool, and a base class for writing one."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    NotRequired,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    runtime_checkable,
)

from pydantic import BaseModel
from typing_extensions import TypedDict  # typing's TypedDict fails in pydantic fields before 3.12

from fakellm.models._cancellation import CancellationToken
from fakellm.models._component import ComponentBase

ArgsT = TypeVar("ArgsT", bound=BaseModel, contravariant=True)
ReturnT = TypeVar("ReturnT", bound=BaseModel, covariant=True)


class ParametersSchema(TypedDict):
    """The JSON Schema of a tool's arguments; `properties` maps each argument's name to its own schema."""

    type: str
    properties: dict[str, Any]
    required: NotRequired[Sequence[str]]
    additionalProperties: NotRequired[bool]


class ToolSchema(TypedDict):
    """The description of a tool for a model; `strict`: whether its arguments must follow `parameters` exactly."""

    parameters: NotRequired[ParametersSchema]
    name: str
    description: NotRequired[str]
    strict: NotRequired[bool]


@runtime_checkable
class Tool(Protocol):
    """Anything with these attributes is a tool; nothing has to be inherited."""

    @property
    def name(self) -> str:
        """The name the model calls it by."""
        ...

    @property
    def description(self) -> str:
        """Its purpose, in words for the model."""
        ...

    @property
    def schema(self) -> ToolSchema:
        """Its description for the model."""
        ...

    def args_type(self) -> type[BaseModel]:
        """Give the model of its arguments."""
        ...

    def return_type(self) -> type[Any]:
        """Give the type of what it returns."""
        ...

    def state_type(self) -> type[BaseModel] | None:
        """Give the model of its state, None when it keeps none."""
        ...

    def return_value_as_string(self, value: Any) -> str:
        """Render a returned value as text for the model."""
        ...

    async def run_json(
        self, args: Mapping[str, Any], cancellation_token: CancellationToken, call_id: str | None = None
    ) -> Any:
        """Run it on decoded JSON arguments."""
        ...

    async def save_state_json(self) -> Mapping[str, Any]:
        """Give its state as JSON values."""
        ...

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take over a state that `save_state_json` gave."""
        ...


class BaseTool(ABC, Tool, Generic[ArgsT, ReturnT], ComponentBase[BaseModel]):
    """A tool whose arguments are a pydantic model; subclasses define `run`."""

    component_type = "tool"

    def __init__(
        self,
        args_type: type[ArgsT],
        return_type: type[ReturnT],
        name: str,
        description: str,
        strict: bool = False,
    ) -> None:
        """Describe the tool; `strict` promises that every argument is required and no other allowed."""
        self._args_type = args_type
        self._return_type: type[Any] = _without_annotations(return_type)
        self._name = name
        self._description = description
        self._strict = strict

    @property
    def name(self) -> str:
        """The name the model calls it by."""
        return self._name

    @property
    def description(self) -> str:
        """Its purpose, in words for the model."""
        return self._description

    @property
    def schema(self) -> ToolSchema:
        """Its description for the model, without references.

        Raises: ValueError when a strict tool has optional or additional arguments, or when the arguments
        contain themselves, which no schema without references can say.
        """
        parameters = _parameters(self._args_type.model_json_schema())
        if self._strict:
            _check_strict(self._name, parameters)
        return ToolSchema(name=self._name, description=self._description, parameters=parameters, strict=self._strict)

    def args_type(self) -> type[BaseModel]:
        """Give the model of its arguments."""
        return self._args_type

    def return_type(self) -> type[Any]:
        """Give the type of what it returns."""
        return self._return_type

    def state_type(self) -> type[BaseModel] | None:
        """Give None: a tool keeps no state unless it says so."""
        return None

    def return_value_as_string(self, value: Any) -> str:
        """Render a pydantic object as JSON and anything else with `str`."""
        if not isinstance(value, BaseModel):
            return str(value)
        dumped: object = value.model_dump()  # a RootModel's is whatever its root is
        return json.dumps(dumped) if isinstance(dumped, dict) else str(dumped)

    @abstractmethod
    async def run(self, args: ArgsT, cancellation_token: CancellationToken) -> ReturnT:
        """Do the work."""

    async def run_json(
        self, args: Mapping[str, Any], cancellation_token: CancellationToken, call_id: str | None = None
    ) -> Any:
        """Run it on decoded JSON arguments and log the call at INFO on `autogen_core.events`.

        Raises: ValidationError for arguments that do not fit; whatever the tool raises.
        """
        value = await self.run(self._args_type.model_validate(args), cancellation_token)
        _log_call(self._name, dict(args), self.return_value_as_string(value))
        return value

    async def save_state_json(self) -> Mapping[str, Any]:
        """Give the state of a tool without one: nothing."""
        return {}

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take over nothing."""


class _ToolCallEvent:
    """A log record's message: renders as JSON, and only when a handler asks."""

    def __init__(self, **fields: Any) -> None:
        self.kwargs = fields

    def __str__(self) -> str:
        return json.dumps(self.kwargs)


def _log_call(name: str, arguments: dict[str, Any], result: str) -> None:
    import logging  # only needed when a tool runs

    event = _ToolCallEvent(type="ToolCall", tool_name=name, arguments=arguments, result=result, agent_id=None)
    logging.getLogger("autogen_core.events").info(event)


def _without_annotations(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _parameters(schema: dict[str, Any]) -> ParametersSchema:
    resolved: dict[str, Any] = _inline(schema, schema.get("$defs", {}), inside=())
    return ParametersSchema(
        type="object",
        properties=resolved["properties"],
        required=resolved.get("required", []),
        additionalProperties=resolved.get("additionalProperties", False),
    )


def _inline(node: Any, definitions: Mapping[str, Any], *, inside: tuple[str, ...]) -> Any:
    """Replace each `$ref` by what it names; keys beside a `$ref` are dropped, as AutoGen does."""
    if isinstance(node, list):
        return [_inline(item, definitions, inside=inside) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return _referenced(node["$ref"].rpartition("/")[2], definitions, inside=inside)
    return {key: _inline(value, definitions, inside=inside) for key, value in node.items() if key != "$defs"}


def _referenced(name: str, definitions: Mapping[str, Any], *, inside: tuple[str, ...]) -> Any:
    if name in inside:
        raise ValueError(f"the tool's argument type {name!r} contains itself, which a tool's schema cannot say")
    return _inline(definitions[name], definitions, inside=(*inside, name))


def _check_strict(name: str, parameters: ParametersSchema) -> None:
    optional = sorted(set(parameters["properties"]) - set(parameters.get("required", ())))
    if optional:
        raise ValueError(
            f"tool {name!r} is strict, but its arguments {optional} have defaults; remove them or strict=True"
        )
    if parameters.get("additionalProperties"):
        raise ValueError(f"tool {name!r} is strict, but allows additional arguments; forbid them or remove strict=True")
