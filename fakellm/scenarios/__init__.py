"""Named situations: what the model says, and what a correct client must report for it.

A test that takes one of the fixtures ``llm_create_scenario``, ``llm_stream_scenario``, ``llm_usage_scenario``,
``llm_finish_reason_scenario`` or ``llm_error_scenario`` runs once for each member of that family. Without pytest:

>>> import httpx
>>> from fakellm import scenarios
>>> with scenarios.get("length").play() as scenario:
...     answer = httpx.post(
...         "https://api.openai.com/v1/chat/completions",
...         headers={"authorization": "Bearer sk-fakellm"},
...         json=scenario.request,
...     ).json()
>>> answer["choices"][0]["finish_reason"] == scenario.expected.finish_reason == "length"
True
"""

from fakellm.scenarios._expected import Expected
from fakellm.scenarios._files import load
from fakellm.scenarios._library import family, get, register
from fakellm.scenarios._scenario import Scenario

__all__ = ["Expected", "Scenario", "family", "get", "load", "register"]
