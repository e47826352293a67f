"""The files of a user's project that docs/pytest.md shows."""

from __future__ import annotations

import re
from pathlib import Path

from plugin_project import write_cassette

PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"

MY_PROJECT = """
import time
import httpx

def my_agent(question):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}]}
    headers = {"authorization": "Bearer sk-fakellm"}
    while True:
        answer = httpx.post("https://api.openai.com/v1/chat/completions", json=body, headers=headers)
        if answer.status_code == 200:
            content = answer.json()["choices"][0]["message"]["content"]
            return f"{content} in Paris" if "Paris" in question else content
        time.sleep(float(answer.headers["retry-after"]))
"""


def test_example_files_run(project):
    blocks = re.findall(r"^```python\n# (\w+)\.py\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    write_cassette(Path(project.path, "cassettes", "test_agent", "test_weather.yaml"), "weather in Paris?")

    project.makepyfile(my_project=MY_PROJECT, **dict(blocks))

    assert sorted(name for name, _ in blocks) == ["conftest", "test_agent"]
    project.runpytest().assert_outcomes(passed=2)
