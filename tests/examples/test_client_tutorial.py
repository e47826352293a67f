"""What a tutorial on AutoGen's client shows, with nothing but the imports changed, against a fake.

The blocks are those that such tutorials have in this order: keys, a client for OpenAI, one for any other API,
SiliconFlow, OpenRouter, create, counting, streaming. Each is run in the namespace of those before it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import textwrap
from pathlib import Path
from typing import Any

import pytest

from fakellm import FakeLLM

KEYS = """
    import os
    os.environ["OPENAI_API_KEY"] = "sk-from-code"
"""

DOTENV = """
    import os
    from dotenv import load_dotenv

    load_dotenv()
    api_key = os.getenv("OPENAI_API_KEY")
"""

OPENAI = """
    from fakellm.client import OpenAIChatCompletionClient

    openai_client = OpenAIChatCompletionClient(
        model="gpt-4o", base_url="https://api.openai.com/v1", api_key="your key"
    )
"""

INFO = """
        model_info={{
            "family": "qwen",
            "context_length": 8192,
            "max_output_tokens": 2048,
            "tool_choice_supported": {choice},
            "tool_choice_required": False,
            "structured_output": {structured},
            "vision": False,
            "function_calling": False,
            "json_output": True,
        }},
"""

OTHER = (
    """
    other_client = OpenAIChatCompletionClient(
        model="", base_url="", api_key="your key","""
    + INFO.format(choice=False, structured=False)
    + "    )\n"
)

SILICONFLOW = (
    """
    siliconflow_client = OpenAIChatCompletionClient(
        model="Qwen/Qwen3-8B", base_url="https://api.siliconflow.cn/v1", api_key=os.getenv("SILICONFLOW_API_KEY"),"""
    + INFO.format(choice=True, structured=True)
    + "    )\n"
)

OPENROUTER = (
    """
    openrouter_client = OpenAIChatCompletionClient(
        model="qwen/qwen3-14b:free",
        base_url="https://openrouter.ai/api/v1",
        api_key=os.getenv("OPENROUTER_API_KEY"),"""
    + INFO.format(choice=True, structured=True)
    + "    )\n"
)

CREATE = """
    from fakellm.models import UserMessage

    result = await siliconflow_client.create([
        UserMessage(content="请介绍一下AutoGen框架。", source="user")
    ])
    print(result)
    await siliconflow_client.close()
"""

COUNT = """
    from fakellm.models import UserMessage

    num = openrouter_client.count_tokens([UserMessage(content="你好，AutoGen！", source="user")])
    print(num)
"""

COUNT_SEVERAL = """
    messages = [
        UserMessage(content="你好", source="user"),
        UserMessage(content="请介绍一下AutoGen。", source="user")
    ]
    num = openrouter_client.count_tokens(messages)
    print(num)
"""

COUNT_TEXT = """
    num = openrouter_client.count_tokens("你好，世界")
    print(num)
"""

STREAM = """
    messages = [UserMessage(content="请详细介绍AutoGen框架。", source="user")]

    async for chunk in openrouter_client.create_stream(messages):
        print(chunk, end="")
"""

PROPERTIES = """
    print(openrouter_client.model_info)
    print(openrouter_client.capabilities)
"""


class Notebook:
    """Runs blocks one after the other in one namespace, ``await`` at the top level included.

    path: the file that the blocks seem to be in, beside which load_dotenv looks.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        self._path = str(path)
        self.names: dict[str, Any] = {}

    def run(self, *blocks: str) -> None:
        async def play() -> None:
            for block in blocks:
                code = compile(textwrap.dedent(block), self._path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                outcome = eval(code, self.names)  # the blocks above
                if inspect.isawaitable(outcome):
                    await outcome

        asyncio.run(play())


@pytest.fixture
def notebook(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "before")  # put back afterwards
    monkeypatch.setenv("SILICONFLOW_API_KEY", "sk-siliconflow")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-openrouter")
    return Notebook(tmp_path / "notebook.py")


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


def test_keys_from_code(notebook):
    notebook.run(KEYS)

    assert notebook.names["os"].environ["OPENAI_API_KEY"] == "sk-from-code"


def test_keys_from_a_file(notebook, monkeypatch, tmp_path):
    pytest.importorskip("dotenv")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-from-file\n")
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.chdir(tmp_path)  # where a worker of xdist, which has no main file, looks

    notebook.run(DOTENV)

    assert notebook.names["api_key"] == "sk-from-file"


def test_clients_are_built(notebook):
    notebook.run(KEYS, OPENAI, OTHER, SILICONFLOW, OPENROUTER)

    assert notebook.names["openai_client"].model_info["family"] == "gpt-4o"
    assert notebook.names["other_client"].model_info["context_length"] == 8192


def test_create(notebook, llm, capsys):
    llm.reply("AutoGen 是一个框架。")

    notebook.run(KEYS, OPENAI, SILICONFLOW, CREATE)

    assert capsys.readouterr().out.startswith("finish_reason='stop' content='AutoGen 是一个框架。' usage=RequestUsage(")
    assert llm.calls[0].model == "Qwen/Qwen3-8B"
    assert llm.calls[0].last_user == "请介绍一下AutoGen框架。"


# The tutorial prints 27 and 38: an older release added the 12 tokens of tools where there were none.
@pytest.mark.parametrize(("block", "printed"), [(COUNT, "15\n"), (COUNT_SEVERAL, "26\n"), (COUNT_TEXT, "6\n")])
def test_counting(block, printed, notebook, capsys, caplog):
    notebook.run(KEYS, OPENAI, OPENROUTER, "from fakellm.models import UserMessage", block)

    assert capsys.readouterr().out == printed
    assert caplog.messages == ["Model qwen/qwen3-14b:free not found. Using cl100k_base encoding."]


def test_create_stream(notebook, llm, capsys):
    llm.reply("AutoGen 是一个框架。")

    notebook.run(KEYS, OPENAI, OPENROUTER, "from fakellm.models import UserMessage", STREAM)

    printed = capsys.readouterr().out
    assert printed.startswith("AutoGen 是一个框架。finish_reason='stop' content='AutoGen 是一个框架。'")


def test_properties(notebook, capsys):
    with pytest.warns(DeprecationWarning, match="capabilities is deprecated"):
        notebook.run(KEYS, OPENAI, OPENROUTER, PROPERTIES)

    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert "'context_length': 8192" in first
