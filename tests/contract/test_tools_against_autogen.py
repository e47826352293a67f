"""Tools of `fakellm.models` against AutoGen's, on functions of every kind of signature."""

import asyncio
import functools
import io
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

import fakellm.models as ours

autogen_core = pytest.importorskip("autogen_core")
theirs = pytest.importorskip("autogen_core.tools")
ImportFromModule = pytest.importorskip("autogen_core.code_executor").ImportFromModule


def outcome(action: Callable[[], Any]) -> Any:
    """Give what an action returns, or what it raises."""
    try:
        return action()
    except Exception as err:
        return type(err)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    """A place."""

    x: int
    y: int = Field(0, description="height")


class Path3(BaseModel):
    points: list[Point] = Field(description="corners")
    first: Point = Field(description="dropped beside the reference")


class Strict(BaseModel, extra="forbid"):
    x: int


class Open(BaseModel, extra="allow"):
    x: int


def nothing() -> None: ...
def plain(a: int, b: str) -> str: ...  # type: ignore[empty-body]
def defaults(a: int = 1, b: str | None = None, c: float = 0.5) -> float: ...  # type: ignore[empty-body]
def annotated(a: Annotated[int, "how many"], b: Annotated[str, "which", 5] = "x") -> str: ...  # type: ignore[empty-body]
def containers(a: list[int], b: dict[str, float], c: tuple[int, str], d: set[str]) -> Any: ...
def literals(a: Literal["x", "y"], b: Color = Color.RED) -> Any: ...
def models(a: Point, b: list[Point], c: Path3 | None = None) -> Any: ...
def unions(a: int | str, b: int | list[str] | None) -> Any: ...
def token(a: int, cancellation_token: ours.CancellationToken) -> Any: ...
def variadic(*args: int, **kwargs: str) -> Any: ...
def keywords(a: int, *, b: str = "x") -> Annotated[str, "text"]: ...  # type: ignore[empty-body]
def anything(a: Any, b: object = None) -> Any: ...
def returns_nothing_said(a: int): ...  # type: ignore[no-untyped-def]
async def asynchronous(a: "int") -> "str": ...  # type: ignore[empty-body]


class Callee:
    def method(self, a: int) -> int: ...  # type: ignore[empty-body]


def unannotated(a, b: int) -> int: ...  # type: ignore[no-untyped-def, empty-body]
def wrong_extra(a: Annotated[int, 5]) -> int: ...  # type: ignore[empty-body]
def unknown_type(a: Callable[[int], io.StringIO]) -> int: ...  # type: ignore[empty-body]
def recursive(a: "Node") -> int: ...  # type: ignore[empty-body]


class Node(BaseModel):
    children: list["Node"] = []


FUNCTIONS = [
    nothing, plain, defaults, annotated, containers, literals, models, unions, token, variadic, keywords,
    anything, returns_nothing_said, asynchronous, Callee().method, functools.partial(plain, b="x"),
    wrong_extra, unknown_type,
]  # fmt: skip


def tool_facts(module: Any, function: Any, **arguments: Any) -> Any:
    tool = module.FunctionTool(function, "does it", **arguments)
    return (
        tool.schema,
        tool.args_type().__name__,
        tool.return_type(),
        tool.state_type(),
        isinstance(tool, module.Tool),
    )


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: getattr(f, "__name__", "partial"))
def test_function_tools_have_the_same_schema(function: Any, strict: bool) -> None:
    expected = outcome(lambda: tool_facts(theirs, function, strict=strict, name="tool"))

    assert outcome(lambda: tool_facts(ours, function, strict=strict, name="tool")) == expected


@pytest.mark.parametrize("function", [plain, functools.partial(plain, b="x"), Callee().method])
def test_function_tools_take_the_same_names(function: Any) -> None:
    mine, real = ours.FunctionTool(function, "d"), theirs.FunctionTool(function, "d")

    assert (mine.name, mine.args_type().__name__) == (real.name, real.args_type().__name__)


def test_unannotated_parameters_fail_in_both() -> None:
    with pytest.raises(KeyError):
        theirs.FunctionTool(unannotated, "d")
    with pytest.raises(Exception, match="parameter 'a' of 'unannotated' has no annotation"):
        ours.FunctionTool(unannotated, "d")


def test_recursive_arguments_fail_here_where_the_schema_is_made() -> None:
    with pytest.raises(ValueError, match="'Node' contains itself"):
        ours.FunctionTool(recursive, "d").schema  # noqa: B018  # the property is what raises


class Doubler:
    """Builds the same BaseTool subclass on either side."""

    def __new__(cls, module: Any, args: type[BaseModel], strict: bool = False) -> Any:
        class Tool(module.BaseTool[BaseModel, BaseModel]):  # type: ignore[misc, name-defined]
            async def run(self, args: Any, cancellation_token: Any) -> Any:
                return args.x * 2

        return Tool(args, Annotated[int, "doubled"], "double", "Double it", strict)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("args", [Point, Strict, Open, Path3])
def test_base_tools_agree(args: type[BaseModel], strict: bool) -> None:
    def facts(module: Any) -> Any:
        tool = Doubler(module, args, strict)
        return tool.name, tool.description, tool.schema, tool.return_type(), tool.args_type()

    assert outcome(lambda: facts(ours)) == outcome(lambda: facts(theirs))


@pytest.mark.parametrize("args", [{"x": 2}, {"x": "2"}, {"x": "a"}, {}, {"x": 2, "z": 1}])
def test_tools_run_alike(args: dict[str, Any]) -> None:
    def run(module: Any, token: Any) -> Any:
        return asyncio.run(Doubler(module, Point).run_json(args, token, call_id="c"))

    assert outcome(lambda: run(ours, ours.CancellationToken())) == outcome(
        lambda: run(theirs, autogen_core.CancellationToken())
    )


@pytest.mark.parametrize("value", [Point(x=1), 5, "a", None, [1], {"a": 1}, {"a": Color.RED}])
def test_returned_values_render_alike(value: Any) -> None:
    assert Doubler(ours, Point).return_value_as_string(value) == Doubler(theirs, Point).return_value_as_string(value)


def add(a: int, b: int = 2) -> int:
    return a + b


def test_dumped_function_tools_agree() -> None:
    mine = ours.FunctionTool(add, "Add", global_imports=["math", ours.ImportFromModule("os", ["path"])])
    real = theirs.FunctionTool(add, "Add", global_imports=["math", ImportFromModule("os", ["path"])])

    dumped, expected = mine.dump_component().model_dump(), real.dump_component().model_dump()

    assert dumped["config"] == expected["config"]
    assert dumped["provider"] == "fakellm.models.FunctionTool"
    for key in ("component_type", "version", "component_version", "label"):
        assert dumped[key] == expected[key]


def test_a_tool_dumped_there_loads_and_runs_here() -> None:
    dumped = theirs.FunctionTool(add, "Add").dump_component().model_dump()

    with pytest.warns(UserWarning, match="executes"):
        tool = ours.FunctionTool.load_component(dumped)

    assert asyncio.run(tool.run_json({"a": 1}, ours.CancellationToken())) == 3
