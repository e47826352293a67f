import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from fakellm._errors import UsageError
from fakellm.models import Alias, CancellationToken, FunctionTool, FunctionToolConfig, ImportFromModule


def add(a: int, b: Annotated[int, "what to add"] = 2) -> int:
    return a + b


async def add_later(a: int) -> int:
    return a + 1


def stop(a: int, cancellation_token: CancellationToken) -> bool:
    return cancellation_token.is_cancelled()


async def stop_later(cancellation_token: CancellationToken) -> bool:
    return cancellation_token.is_cancelled()


class Counter:
    def count(self, a: int) -> int:
        return a


def run(tool: FunctionTool, token: CancellationToken | None = None, **arguments: Any) -> Any:
    return asyncio.run(tool.run_json(arguments, token or CancellationToken()))


def test_schema_comes_from_the_signature() -> None:
    assert FunctionTool(add, "Add two numbers").schema == {
        "name": "add",
        "description": "Add two numbers",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {"description": "a", "title": "A", "type": "integer"},
                "b": {"default": 2, "description": "what to add", "title": "B", "type": "integer"},
            },
            "required": ["a"],
            "additionalProperties": False,
        },
        "strict": False,
    }


def test_name_can_be_given() -> None:
    tool = FunctionTool(add, "Add", name="plus")

    assert (tool.name, tool.args_type().__name__) == ("plus", "plusargs")


def test_return_type_is_that_of_the_annotation() -> None:
    assert FunctionTool(add, "Add").return_type() is int


def test_token_is_not_shown_to_the_model() -> None:
    assert list(FunctionTool(stop, "Stop").schema["parameters"]["properties"]) == ["a"]


def test_partial_takes_the_name_of_its_function() -> None:
    tool = FunctionTool(functools.partial(add, b=5), "Add five")

    assert (tool.name, run(tool, a=1)) == ("add", 6)


def test_method_can_be_a_tool() -> None:
    assert run(FunctionTool(Counter().count, "Count"), a=3) == 3


def test_sync_function_runs_in_another_thread() -> None:
    def where() -> int:
        return threading.get_ident()

    assert run(FunctionTool(where, "Where")) != threading.get_ident()


def test_async_function_is_awaited() -> None:
    assert run(FunctionTool(add_later, "Add"), a=1) == 2


@pytest.mark.parametrize("function", [stop, stop_later])
def test_function_that_takes_the_token_gets_it(function: Callable[..., Any]) -> None:
    token = CancellationToken()
    token.cancel()

    assert run(FunctionTool(function, "Stop"), token, a=1) is True


def test_cancelled_token_calls_off_a_sync_function() -> None:
    token = CancellationToken()
    token.cancel()

    with pytest.raises(asyncio.CancelledError):
        run(FunctionTool(add, "Add"), token, a=1)


def test_parameter_without_annotation_is_a_usage_error() -> None:
    def half(a, b: int) -> int:  # type: ignore[no-untyped-def]
        return b

    with pytest.raises(UsageError, match=r"parameter 'a' of 'half' has no annotation .* write a: str"):
        FunctionTool(half, "Half")


def test_first_extra_of_an_annotation_has_to_be_a_text() -> None:
    def wrong(a: Annotated[int, 5]) -> int:
        return a

    with pytest.raises(ValueError, match=r"parameter 'a' is 5; it has to be a text .*Annotated\[int, \"how many\"\]"):
        FunctionTool(wrong, "Wrong")


def test_dump_holds_the_source() -> None:
    tool = FunctionTool(add, "Add", global_imports=["math", ImportFromModule("os", ("path",)), Alias("sys", "s")])

    dumped = tool.dump_component()

    assert (dumped.provider, dumped.component_type, dumped.label) == (
        "fakellm.models.FunctionTool",
        "tool",
        "FunctionTool",
    )
    assert dumped.config == {
        "source_code": 'def add(a: int, b: Annotated[int, "what to add"] = 2) -> int:\n    return a + b\n',
        "name": "add",
        "description": "Add",
        "global_imports": ["math", {"module": "os", "imports": ("path",)}, {"name": "sys", "alias": "s"}],
        "has_cancellation_support": False,
    }


def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


@decorator
def decorated(a: int) -> int:
    return a


def test_dump_leaves_out_the_decorator() -> None:
    assert FunctionTool(decorated, "Same").dump_component().config["source_code"].startswith("def decorated")


def test_load_executes_the_imports_and_the_source() -> None:
    tool = FunctionTool(
        add,
        "Add",
        name="plus",
        global_imports=[ImportFromModule("typing", ("Annotated",)), Alias("math", "m")],
    )

    with pytest.warns(UserWarning, match="executes the imports and the source code"):
        loaded = FunctionTool.load_component(tool.dump_component())

    assert (loaded.name, loaded.description, run(loaded, a=1)) == ("plus", "Add", 3)


def config(**changes: Any) -> FunctionToolConfig:
    given = {
        "source_code": "def f(a: int) -> int:\n    return a\n",
        "name": "f",
        "description": "F",
        "global_imports": [],
        "has_cancellation_support": False,
    }
    return FunctionToolConfig.model_validate({**given, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        (
            {"global_imports": ["no_such_module"]},
            ModuleNotFoundError,
            "needs 'import no_such_module', which fails",
        ),
        (
            {"global_imports": [{"module": "math", "imports": ["tau_squared"]}]},
            ImportError,
            "needs 'from math import tau_squared', which fails",
        ),
        ({"global_imports": ["1"]}, RuntimeError, "needs 'import 1', which fails: SyntaxError"),
        ({"source_code": "def f(:"}, ValueError, "does not define a function: SyntaxError"),
        ({"source_code": "f = 5"}, ValueError, "does not define a function: IndexError"),
        ({"source_code": "f = 5  # def f("}, TypeError, "defines 'f' as 5"),
    ],
)
def test_configuration_that_does_not_load_says_why(
    changes: dict[str, Any], error: type[Exception], reason: str
) -> None:
    with (
        pytest.warns(UserWarning, match="executes"),
        pytest.raises(error, match=reason),
    ):
        FunctionTool._from_config(config(**changes))


def test_tool_with_a_model_as_argument_runs() -> None:
    class Point(BaseModel):
        x: int

    def double(point: Point) -> int:
        return point.x * 2

    double.__annotations__["point"] = Point

    assert run(FunctionTool(double, "Double"), point={"x": 4}) == 8
