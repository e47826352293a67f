"""A small project of a user of the plugin, for the inner runs of pytester."""

from __future__ import annotations

from pathlib import Path

import pytest

__all__ = ["AGENT", "write_cassette", "write_ini"]

AGENT = """
import httpx

CHAT = "https://api.openai.com/v1/chat/completions"
KEY = {"authorization": "Bearer sk-fakellm"}

def ask(question, **more):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], **more}
    return httpx.post(CHAT, json=body, headers=KEY).json()["choices"][0]["message"]["content"]

def ask_and_swallow(question, **more):
    try:
        return ask(question, **more)
    except Exception:
        return "sorry"
"""

_INTERACTION = """
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    body: '{{"model": "gpt-4o", "messages": [{{"role": "user", "content": "{question}"}}]}}'
    headers: {{}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{content-type: [application/json]}}
    body: {{string: '{{"choices": [{{"message": {{"content": "{answer}"}}}}]}}'}}
"""


def write_cassette(path: Path, *questions: str) -> Path:
    """Write a recording in which each question was answered with "recorded"."""
    interactions = [_INTERACTION.format(question=question, answer="recorded") for question in questions or ("hi",)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("interactions:" + "".join(interactions) + "version: 1\n")
    return path


INI = """
[pytest]
addopts = -p pytest_fakellm.plugin -p no:cacheprovider --strict-markers {addopts}
pythonpath = .
{more}
"""


def write_ini(project: pytest.Pytester, *, addopts: str = "", more: str = "") -> None:
    """Write the ini of the inner project. more: further lines."""
    project.makeini(INI.format(addopts=addopts, more=more))
