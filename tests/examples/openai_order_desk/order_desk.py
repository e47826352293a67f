"""A shop's order desk on the openai SDK: answers questions about orders, with tools, streamed or at once."""

import json
from collections.abc import AsyncIterator, Iterator

from openai import APIError, AsyncOpenAI, OpenAI
from pydantic import BaseModel

MODEL = "gpt-4o-mini"
INSTRUCTIONS = "You are the order desk of a bicycle shop. Look up orders before you answer."
ORDERS = {"A-17": "shipped on Monday", "B-42": "waiting for a saddle"}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look_up_order",
            "description": "Return the state of an order.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string"}},
                "required": ["order_id"],
            },
        },
    }
]
MOST_STEPS = 5

client = OpenAI()
async_client = AsyncOpenAI()


class Complaint(BaseModel):
    order_id: str
    is_urgent: bool


def look_up_order(order_id: str) -> str:
    return ORDERS.get(order_id, f"there is no order {order_id}")


def answer(question: str) -> str:
    """Answer a question, looking up as many orders as the model wants to."""
    messages = _conversation(question)
    for _ in range(MOST_STEPS):
        completion = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
        message = completion.choices[0].message
        if not message.tool_calls:
            return message.content
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": _run(call)})
    return "Please call the shop."


def stream_answer(question: str) -> Iterator[str]:
    """Yield the pieces of an answer as they arrive."""
    with client.chat.completions.create(model=MODEL, messages=_conversation(question), stream=True) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


async def stream_answer_async(question: str) -> AsyncIterator[str]:
    """Do the same for a web handler."""
    messages = _conversation(question)
    async with await async_client.chat.completions.create(model=MODEL, messages=messages, stream=True) as stream:
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


def read_complaint(mail: str) -> Complaint | None:
    """Return what a mail complains of, or None where the model declines to read it."""
    completion = client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": mail}], response_format=Complaint
    )
    return completion.choices[0].message.parsed


def answer_or_apologise(question: str) -> str:
    """Answer a question; never raise, whatever the API does."""
    try:
        return answer(question)
    except APIError:
        return "We are sorry, please try again later."


def _conversation(question: str) -> list:
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": question}]


def _run(call) -> str:
    try:
        return look_up_order(**json.loads(call.function.arguments))
    except (ValueError, TypeError) as err:
        return f"error: {err}"
