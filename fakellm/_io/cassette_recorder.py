"""A recorder with the file that its interactions go into."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from fakellm._cassette.recorded import credentials
from fakellm._cassette.redact import make_redactor
from fakellm._cassette.save import save_cassette
from fakellm._cassette.secrets import environment_secrets
from fakellm._errors import UsageError
from fakellm._io.recorder import Recorder
from fakellm._wire.table import Table

__all__ = ["CassetteRecorder"]


class CassetteRecorder(Recorder):
    """Records into a cassette file, when ``save`` says so and not before.

    dialects: they say what asks a model. places: hosts with ports that the file holds. replaces_before: what was
    written before that moment is dropped; None for nothing. redact: texts and patterns that are secret besides what
    looks so.
    """

    def __init__(
        self,
        path: str,
        *,
        dialects: Table,
        places: Iterable[tuple[str, int | None]],
        replaces_before: float | None,
        redact: Iterable[str | re.Pattern[str]] = (),
    ) -> None:
        super().__init__(dialects, places=places)
        if not path.endswith((".yaml", ".yml")):
            raise UsageError(
                f"cannot record to {path}: cassettes are written as YAML\n  type: {os.path.splitext(path)[0]}.yaml"
            )
        self._path = os.path.abspath(path)  # the code under test may change the working directory
        self._replaces_before = replaces_before
        self._redact = list(redact)
        self._environment = environment_secrets(os.environ)

    def save(self) -> bool:
        """Write what was recorded since the last time, redacted; return whether the file has changed.

        Raises:
            UnredactedSecretError: something that looks like a secret is left; nothing is written.
            CassetteFormatError: the file is damaged; it is left as it is.
        """
        interactions = self.interactions()
        if not interactions:
            return False
        secrets = [
            *(text for text in self._redact if isinstance(text, str)),
            *self._environment,
            *environment_secrets(os.environ),  # what the test itself has set meanwhile
            *credentials(interaction.request for interaction in interactions),
        ]
        redactor = make_redactor(self._redact, secrets)
        has_changed = save_cassette(
            self._path, interactions, secrets=secrets, redactor=redactor, replaces_before=self._replaces_before
        )
        self.clear()
        self._replaces_before = None
        return has_changed
