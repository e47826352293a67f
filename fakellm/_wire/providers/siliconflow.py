"""SiliconFlow: the usage so far on every chunk, asked for or not.

Source: users' reports, 2025 and 2026; nothing recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

from fakellm._wire.completion import Completion
from fakellm._wire.providers.provider import Json, Provider, ends

__all__ = ["SILICONFLOW"]


class _SiliconFlow(Provider):
    __slots__ = ()

    def chunks(self, chunks: Iterator[Json], completion: Completion, *, include_usage: bool) -> Iterator[Json]:
        written = 0
        whole = self.usage(completion)
        for chunk in super().chunks(chunks, completion, include_usage=include_usage):
            if not chunk["choices"]:
                continue
            if completion.sends_usage:
                chunk["usage"] = whole if ends(chunk) else _so_far(whole, min(written, completion.token_count))
            written += 1
            yield chunk


def _so_far(usage: Json, written: int) -> Json:
    """Return the counts while so many tokens of the answer are written."""
    prompt = usage.get("prompt_tokens")
    total = prompt + written if isinstance(prompt, int) else usage.get("total_tokens")
    return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": total}


SILICONFLOW = _SiliconFlow(
    name="siliconflow",
    has_null_texts=True,
    message_omits=frozenset({"annotations", "refusal"}),
    usage_details=frozenset(),
)
