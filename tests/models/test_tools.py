import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, RootModel, TypeAdapter, ValidationError

from fakellm.models import BaseTool, CancellationToken, Tool, ToolSchema


class Place(BaseModel):
    """A place on the map."""

    city: str
    country: str = "France"


class Trip(BaseModel):
    stops: list[Place] = Field(description="in order")
    end: Place = Field(description="lost beside the reference")


class Country(BaseModel):
    name: str
    neighbours: list["Country"] = []


class Open(BaseModel, extra="allow"):
    city: str


class Weather(BaseTool[BaseModel, BaseModel]):
    def __init__(self, args: type[BaseModel] = Place, strict: bool = False) -> None:
        super().__init__(args, Annotated[str, "text"], "weather", "Tell the weather", strict)  # type: ignore[arg-type]

    async def run(self, args: Any, cancellation_token: CancellationToken) -> Any:
        return f"18 °C in {args.city}"


class DuckTool:
    """Has the attributes of a tool, and no base class."""

    name = "duck"
    description = "Quack"
    schema: ToolSchema = {"name": "duck"}  # read only

    def args_type(self) -> type[BaseModel]:
        return BaseModel

    def return_type(self) -> type[Any]:
        return str

    def state_type(self) -> None:
        return None

    def return_value_as_string(self, value: Any) -> str:
        return str(value)

    async def run_json(
        self, args: Mapping[str, Any], cancellation_token: CancellationToken, call_id: str | None = None
    ) -> Any:
        return "quack"

    async def save_state_json(self) -> Mapping[str, Any]:
        return {}

    async def load_state_json(self, state: Mapping[str, Any]) -> None: ...


def test_anything_with_the_attributes_is_a_tool() -> None:
    tool: Tool = DuckTool()

    assert isinstance(tool, Tool)
    assert isinstance(Weather(), Tool)
    assert not isinstance({"name": "weather"}, Tool)


def test_schema_has_the_arguments() -> None:
    assert Weather().schema == {
        "name": "weather",
        "description": "Tell the weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"title": "City", "type": "string"},
                "country": {"default": "France", "title": "Country", "type": "string"},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": False,
    }


def test_schema_has_no_references() -> None:
    place = {
        "description": "A place on the map.",
        "properties": {
            "city": {"title": "City", "type": "string"},
            "country": {"default": "France", "title": "Country", "type": "string"},
        },
        "required": ["city"],
        "title": "Place",
        "type": "object",
    }

    assert Weather(Trip).schema["parameters"]["properties"] == {
        "stops": {"description": "in order", "items": place, "title": "Stops", "type": "array"},
        "end": place,
    }


def test_arguments_that_contain_themselves_have_no_schema() -> None:
    with pytest.raises(ValueError, match="'Country' contains itself"):
        Weather(Country).schema  # noqa: B018  # the property is what raises


def test_strict_tool_has_no_optional_arguments() -> None:
    with pytest.raises(ValueError, match=r"tool 'weather' is strict, but its arguments \['country'\] have defaults"):
        Weather(Place, strict=True).schema  # noqa: B018  # as above


def test_strict_tool_has_no_additional_arguments() -> None:
    with pytest.raises(ValueError, match="tool 'weather' is strict, but allows additional arguments"):
        Weather(Open, strict=True).schema  # noqa: B018  # as above


def test_strictness_is_told() -> None:
    class City(BaseModel):
        city: str

    assert Weather(City, strict=True).schema["strict"] is True


def test_types_are_told() -> None:
    tool = Weather()

    assert (tool.name, tool.description) == ("weather", "Tell the weather")
    assert (tool.args_type(), tool.return_type(), tool.state_type()) == (Place, str, None)


def test_arguments_are_validated_before_running() -> None:
    with pytest.raises(ValidationError, match="city"):
        asyncio.run(Weather().run_json({}, CancellationToken()))


def test_run_is_logged_as_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="autogen_core.events"):
        result = asyncio.run(Weather().run_json({"city": "Paris"}, CancellationToken(), call_id="c1"))

    assert result == "18 °C in Paris"
    assert [json.loads(str(record.msg)) for record in caplog.records] == [
        {
            "type": "ToolCall",
            "tool_name": "weather",
            "arguments": {"city": "Paris"},
            "result": "18 °C in Paris",
            "agent_id": None,
        }
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Place(city="Zürich"), '{"city": "Z\\u00fcrich", "country": "France"}'),
        (RootModel[list[int]]([1, 2]), "[1, 2]"),
        ({"a": 1}, "{'a': 1}"),
        (None, "None"),
        ("text", "text"),
    ],
)
def test_returned_value_is_rendered_as(value: object, text: str) -> None:
    assert Weather().return_value_as_string(value) == text


def test_tool_keeps_no_state() -> None:
    async def body() -> Mapping[str, Any]:
        tool = Weather()
        await tool.load_state_json({"a": 1})
        return await tool.save_state_json()

    assert asyncio.run(body()) == {}


def test_schema_can_be_a_field_of_a_model() -> None:
    assert TypeAdapter(ToolSchema).validate_python({"name": "f"}) == {"name": "f"}
