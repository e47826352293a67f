"""A function call that a model asks for, and its result."""

from dataclasses import dataclass

from fakellm.models._lazy import LazyModel


@dataclass
class FunctionCall:
    """The model's wish to have one function run.

    `id`: how the result refers back to this call; `arguments`: JSON text exactly as the model wrote it, so it
    may be invalid; `name`: the function. Built directly nothing is checked; arriving as a dict inside a
    message the three must be strings.
    """

    id: str
    arguments: str
    name: str


class FunctionExecutionResult(LazyModel):
    """The outcome of one function call, as text for the model.

    `content`: what the function returned, or the error text; `name`: the function; `call_id`: the `id` of the
    `FunctionCall` answered; `is_error`: whether it failed, None when not said.
    """

    content: str
    name: str
    call_id: str
    is_error: bool | None = None
