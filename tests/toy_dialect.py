"""The API of a company of our own, which no library speaks: all that a test has to write to have it served.

``POST /talk`` takes ``{"whom": model, "said": [[who, text], ...], "tools": [...], "live": bool}`` and is answered with
``{"says": text, "wants": [[tool, arguments], ...], "paid": [in, out]}``, or the same in events that end with ``over``.
"""

import json
import re

from fakellm import dialects as d

OVER = re.compile(rb"(?m)^event: over\ndata:[^\n]*\s*\Z")
ROLES = {"me": "user", "house": "system", "you": "assistant", "tool": "tool"}


class Toy(d.Dialect):
    endpoint = "toy"
    spoken_at = "…/talk"
    call_ids = ("want-", 8)
    marks = d.Marks(end=OVER, chunk=(b'{"says":', b' "', b'?"}'), event="bit", error_event="bad")

    def __init__(self):
        self._reader = d.Reader(self, model_of=lambda body, wire: str(body["whom"]), check=check, to_chat=to_chat)

    def claims(self, wire):
        return d.Claim("toy") if wire.method == "POST" and wire.path.endswith("/talk") else None

    def read(self, wire, claim, strictness, provider):
        return self._reader.read(wire, claim, strictness, provider)

    def say(self, answer, asked):
        choice, request_id = answer.choices[0], ("x-request-id", answer.request_id)
        wants = [[call.name, call.arguments] for call in choice.tool_calls]
        paid = {"paid": [answer.usage["prompt_tokens"], answer.usage["completion_tokens"]]}
        if not asked.stream:
            body = {"says": choice.text or "", "wants": wants, **paid}
            return [*d.json_answer(json.dumps(body).encode(), request_id, answer.headers)]
        bits = [{"says": ""}, *({"says": piece} for piece in choice.pieces or ()), *({"wants": [w]} for w in wants)]
        events = [d.Data(d.encode_event(json.dumps(bit).encode(), event="bit")) for bit in bits]
        end = d.Data(d.encode_event(json.dumps(paid).encode(), event="over"))
        return [d.stream_head(request_id, answer.headers), *events, end]

    def hear(self, body):
        bits = [json.loads(event.data) for event in d.SSEDecoder().feed(body)] or [json.loads(body)]
        paid = next((bit["paid"] for bit in bits if "paid" in bit), None)
        usage = paid and {"prompt_tokens": paid[0], "completion_tokens": paid[1], "total_tokens": sum(paid)}
        wants = [tuple(want) for bit in bits for want in bit.get("wants", ())]
        error = next((bit["sorry"] for bit in bits if "sorry" in bit), "")
        return d.Heard("".join(bit.get("says", "") for bit in bits), wants, error, usage)

    def envelope(self, error, status, provider):
        return {"sorry": error.message}


def check(body, model, strictness, provider, **known):
    if strictness.strict and not body.get("said"):
        raise d.Rejected(d.ErrorBody("nothing was said"))


def to_chat(body):
    messages = [{"role": ROLES[who], "content": text} for who, text in body.get("said", ())]
    tools = [{"type": "function", "function": {"name": name}} for name in body.get("tools", ())]
    return {"model": body["whom"], "messages": messages, "tools": tools, "stream": bool(body.get("live"))}
