"""Chat completions requests as tests send them."""

from __future__ import annotations

KEY = {"authorization": "Bearer sk-fakellm"}
"""What api.openai.com asks of every request."""
