"""Cassette files as text, for tests that write them."""

import textwrap

CHAT = "https://api.openai.com/v1/chat/completions"


def cassette(*interactions: str) -> str:
    """Return a vcrpy file with these interactions."""
    items = "".join(f"- {textwrap.indent(item, '  ')[2:]}" for item in interactions)
    return f"interactions:\n{items}version: 1\n" if items else "interactions: []\nversion: 1\n"


def interaction(
    *,
    method: str = "POST",
    uri: str = CHAT,
    request: str = "body: '{}'",
    response: str = "body: {string: ok}",
    status: str = "status: {code: 200, message: OK}",
) -> str:
    """Return one interaction; request and response are lines of YAML that say more about either."""
    return (
        f"request:\n  method: {method}\n  uri: {uri}\n{textwrap.indent(request, '  ')}\n"
        f"response:\n  {status}\n{textwrap.indent(response, '  ')}\n"
    )


def chat_exchange(question: str, answer: str) -> str:
    """Return an interaction in which a user asks and the model answers."""
    asked = f'{{"model": "gpt-4o", "messages": [{{"role": "user", "content": "{question}"}}]}}'
    return interaction(
        request=f"body: '{asked}'",
        response=f"headers: {{content-type: [text/plain]}}\nbody: {{string: {answer}}}",
    )


def chat_body(question: str) -> dict[str, object]:
    """Return the body that asks this question."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
