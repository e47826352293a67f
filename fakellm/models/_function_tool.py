"""A Python function as a tool: its schema from its signature, its source as its configuration."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, get_type_hints

from pydantic import BaseModel, Field, create_model

from fakellm._errors import UsageError
from fakellm.models._cancellation import CancellationToken
from fakellm.models._code import Import, import_statement
from fakellm.models._component import Component
from fakellm.models._lazy import LazyModel
from fakellm.models._tools import BaseTool, _without_annotations

_TOKEN = "cancellation_token"
_EXECUTES_CODE = (
    "loading a FunctionTool executes the imports and the source code in its configuration; load only what you trust"
)


class FunctionToolConfig(LazyModel):
    """A function tool written down: the function's `source_code` and what has to be imported for it."""

    source_code: str
    name: str
    description: str
    global_imports: Sequence[Import]
    has_cancellation_support: bool


class FunctionTool(BaseTool[BaseModel, BaseModel], Component[FunctionToolConfig]):
    """Offers a function, sync or async, to a model.

    Every parameter needs an annotation; `Annotated[str, "what it is"]` describes it to the model, otherwise
    its name does. A parameter called `cancellation_token` is not shown to the model but filled in. A sync
    function runs in a worker thread of the event loop.

    >>> def add(a: int, b: int) -> int: return a + b
    >>> FunctionTool(add, description="Add two numbers").schema["parameters"]["required"]
    ['a', 'b']
    """

    component_provider_override = "fakellm.models.FunctionTool"
    component_config_schema = FunctionToolConfig

    def __init__(
        self,
        func: Callable[..., Any],
        description: str,
        name: str | None = None,
        global_imports: Sequence[Import] = [],
        strict: bool = False,
    ) -> None:
        """Wrap `func`; `name` replaces its own, `global_imports` go into the dumped configuration.

        Raises: UsageError for a parameter without an annotation; ValueError for an annotation whose first
        extra is not a text.
        """
        self._func = func
        self._global_imports = global_imports
        parameters, return_type = _signature(func)
        self._parameter_names = tuple(parameters)
        self._has_cancellation_support = _TOKEN in parameters
        tool_name = name or _name(func)
        args_type = _args_model(f"{tool_name}args", parameters)
        super().__init__(args_type, return_type, tool_name, description, strict)

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> Any:
        """Call the function with the validated arguments. Raises: whatever the function raises."""
        kwargs = {name: getattr(args, name) for name in self._parameter_names if hasattr(args, name)}
        if self._has_cancellation_support:
            kwargs[_TOKEN] = cancellation_token
        if inspect.iscoroutinefunction(self._func):
            return await self._func(**kwargs)
        return await self._run_in_thread(kwargs, cancellation_token)

    async def _run_in_thread(self, kwargs: dict[str, Any], cancellation_token: CancellationToken) -> Any:
        import asyncio  # only needed when a tool runs

        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(None, functools.partial(self._func, **kwargs))
        # A function that takes the token decides itself what cancelling means.
        if not self._has_cancellation_support:
            cancellation_token.link_future(future)
        return await future

    def _to_config(self) -> FunctionToolConfig:
        return FunctionToolConfig(
            source_code=_source(self._func),
            global_imports=self._global_imports,
            name=self.name,
            description=self.description,
            has_cancellation_support=self._has_cancellation_support,
        )

    @classmethod
    def _from_config(cls, config: FunctionToolConfig) -> Self:
        """Execute the imports and the source, and wrap the function that comes out; warns that it does so."""
        import warnings

        warnings.warn(_EXECUTES_CODE, UserWarning, stacklevel=2)
        namespace: dict[str, Any] = {}
        for wanted in config.global_imports:
            _execute_import(import_statement(wanted), namespace)
        func = _execute_function(config.source_code, namespace)
        return cls(func, config.description, name=config.name, global_imports=config.global_imports)


def _name(func: Callable[..., Any]) -> str:
    named: Any = func.func if isinstance(func, functools.partial) else func
    name: str = named.__name__
    return name


def _signature(func: Callable[..., Any]) -> tuple[Mapping[str, inspect.Parameter], Any]:
    """Give the parameters, annotations resolved, and the return annotation."""
    hints = get_type_hints(func.func if isinstance(func, functools.partial) else func, include_extras=True)
    parameters = inspect.signature(func).parameters
    for name in parameters:
        if name not in hints:
            raise UsageError(
                f"parameter {name!r} of {_name(func)!r} has no annotation to tell the model its type; "
                f"write {name}: str, or whatever it is"
            )
    typed = {name: parameter.replace(annotation=hints[name]) for name, parameter in parameters.items()}
    return typed, hints.get("return", inspect.Signature.empty)


def _args_model(name: str, parameters: Mapping[str, inspect.Parameter]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        key: (_without_annotations(parameter.annotation), _field(parameter))
        for key, parameter in parameters.items()
        if key != _TOKEN
    }
    return create_model(name, **fields)


def _field(parameter: inspect.Parameter) -> Any:
    description = _description(parameter)
    if parameter.default is inspect.Parameter.empty:
        return Field(description=description)
    return Field(default=parameter.default, description=description)


def _description(parameter: inspect.Parameter) -> str:
    extras = getattr(parameter.annotation, "__metadata__", (parameter.name,))
    if not isinstance(extras[0], str):
        raise ValueError(
            f"the first extra in the annotation of parameter {parameter.name!r} is {extras[0]!r}; it "
            f'has to be a text that describes it: Annotated[int, "how many"]'
        )
    return extras[0]


def _source(func: Callable[..., Any]) -> str:
    from textwrap import dedent

    source = inspect.getsource(func)
    if source.startswith("@"):  # the decorator's name is not known where the source is loaded
        source = source.partition("\n")[2]
    return dedent(source)


def _execute_import(statement: str, namespace: dict[str, Any]) -> None:
    try:
        exec(statement, namespace)
    except ImportError as err:  # the class is kept: ModuleNotFoundError says more than ImportError
        raise type(err)(f"the function tool needs {statement!r}, which fails: {err}") from err
    except Exception as err:  # whatever the imported module raises while it runs
        raise RuntimeError(f"the function tool needs {statement!r}, which fails: {err!r}") from err


def _execute_function(source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    try:
        exec(source, namespace)
        name = source.split("def ", 1)[1].split("(", 1)[0]
    except Exception as err:  # whatever the source raises while it runs
        raise ValueError(f"the source code of the function tool does not define a function: {err!r}") from err
    func: Callable[..., Any] = namespace[name]
    if not callable(func):
        raise TypeError(f"the source code of the function tool defines {name!r} as {func!r}")
    return func
