"""Which names are those of secrets, wherever a name stands beside a value.

A name is judged by its words, split at signs, blanks and capitals: ``openaiApiKey``, ``x-goog-api-key`` and
``DB_PASSWORD`` end with what is secret. ``max_tokens``, ``tokenizer`` and ``prompt_cache_key`` do not. A word in front
may take the secret away (``page_token``), one behind may leave it (``API_KEY_PROD``) or make it something about the
secret (``token_type``, ``password_hint``).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

__all__ = ["REDACTED", "is_secret_name", "is_secret_parameter", "is_secret_variable", "stems"]

REDACTED = "REDACTED"
"""Text that stands where a secret was."""


def _table(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SECRETS = _table(
    """
    secret secrets password passwords passwd passwds pwd passphrase passphrases passcode credential credentials
    creds authorization cookie cookies token jwt apikey apikeys apitoken apisecret appkey appsecret accesskey
    accesstoken accountkey authkey authtoken bearertoken bottoken clientsecret dbpassword dbpasswd dbpwd idtoken
    masterkey privatekey refreshtoken secretaccesskey secretkey securitytoken servicekey sessionkey sessiontoken
    sharedaccesskey sharedkey signingkey subscriptionkey userpassword usertoken xapikey connectionstring
    presharedkey pgpassword mysqlpassword redispassword redisclipassword
    """
)
"""Words that are secret whatever comes before them, but for what ``_SPENT`` says of tokens."""

_SPENT = _table(
    """
    page next prev previous continuation pagination scroll cursor sync delta resume resumption change watch
    cancel cancellation max min num total count each per single average first last start end stop begin eos bos
    pad unk sep cls mask special eot eom prompt completion input output generated predicted draft accepted
    rejected reasoning thinking cached text image audio video word line newline logprob lexer syntax keyword
    string comment design color theme
    """
)
"""Words that make a token no secret when they come before it.

Where a list goes on, which is of use only to who may read the list anyhow; what ends a wait, in code; what is counted
and what a model reads or says; what a parser or a style sheet calls so.
"""

_KEYS = _table(
    """
    api access account admin app application auth authentication client crypto decryption deploy encrypt
    encryption function functions hmac aes jwt license licence master preshared private rsa secret
    security service session shared sign signing ssh gpg pgp storage subscription vault webhook write
    """
)
"""Kinds of keys that are secret; keys of databases, caches and keyboards are not."""

_ISSUERS = _table(
    """
    ai ai21 airtable algolia amazon anthropic assemblyai aws azure bing brave cerebras claude cloudflare cohere
    confluent databricks datadog deepgram deepinfra deepseek digitalocean discord docker elastic elevenlabs exa
    fal figma firecrawl fireworks gcp gemini github gitlab google grafana groq helicone heroku hf huggingface
    ibm jina jira langchain langfuse langsmith linear llm mailgun minimax mistral mongodb moonshot npm notion
    nvidia ollama open openai openrouter perplexity pinecone postmark pypi qdrant qwen replicate sendgrid sentry
    serpapi serper shopify slack square stability stripe supabase tavily telegram together twilio vercel vertex
    voyage voyageai weaviate xai zhipu
    """
)
"""Companies whose name beside a key says that it opens their door: ``openaiKey``, ``API_KEY_OPENAI``."""

_LOGINS = _table(
    "db database user username smtp imap mail email admin root redis mysql pg postgres ftp proxy"
    " become sudo ssh ldap bind login auth ansible default keystore store"
)

_PHRASES = frozenset(
    {
        ("auth", "code"),
        ("authorization", "code"),
        ("code", "verifier"),
        ("client", "assertion"),
        ("connection", "string"),
        ("access", "signature"),  # shared access signature
        ("secret", "string"),  # of AWS Secrets Manager
        ("key", "data"),  # client-key-data of kubectl, which is a private key
        ("secret", "id"),  # the half of a login at Vault that is kept
        *((kind, key) for kind in _KEYS | _ISSUERS for key in ("key", "keys")),
        *((login, "pass") for login in _LOGINS),
        *((kind, "tokens") for kind in ("access", "api", "auth", "bearer", "refresh", "session", "bot")),
    }
)
"""Two words that are secret together."""

_NEUTRAL = _table(
    """
    value values str text plain plaintext raw base prod production dev development test testing stage staging
    live default primary secondary main backup fallback old new current previous header hash b64 base64 hex
    encoded encrypted confirm confirmation repeat again
    """
)
"""Words behind a secret that leave it one, as do numbers and the companies."""

_CLAIMS = _table("is has had no needs need requires require required use uses show hide forgot lost allow")
"""First words of a name whose value says something about a secret."""

_PARAMETERS = _table("key sig signature code auth pass hmac assertion")
"""Names that are secret in URLs and forms, where nothing else is called so."""

_SIGNED = (("x", "amz"), ("x", "goog"))
"""First words of the parameters with which a store signs its URLs."""

_VARIABLES = frozenset((word,) for word in ("key", "keys", "auth", "dsn", "pass", "pat"))
"""Last words that are secret in the name of an environment variable: a program gets its keys there, not its data's."""

_NOT_VARIABLES = frozenset({("pwd",), ("oldpwd",)})  # where a shell stands
_OPEN = frozenset({("public",), ("publishable",)})

_LONGEST = 80  # longer is no name
_NAME = r"(?a:[\w.\-\[\] $@]+)"
_WORD = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
_MOST_WORDS = 8  # more are a sentence


def is_secret_name(name: str) -> bool:
    """Whether the value of a JSON member, header, option, field or setting of that name is secret.

    >>> is_secret_name("openaiApiKey"), is_secret_name("max_tokens")
    (True, False)
    """
    return len(name) <= _LONGEST and _judged(name)[0]


def is_secret_parameter(name: str) -> bool:
    """Whether the value of a parameter of a URL, or of a field of a form, is secret."""
    return len(name) <= _LONGEST and _judged(name)[1]


# Of some hundred names a session knows; no name is ever judged otherwise.
@lru_cache(maxsize=4096)
def _judged(name: str) -> tuple[bool, bool]:
    """Return whether a name is secret in general, and whether it is in a URL."""
    words = _words(name)
    is_secret = _is_secret(words)
    return is_secret, is_secret or (len(words) == 1 and words[0] in _PARAMETERS) or words[:2] in _SIGNED


def is_secret_variable(name: str) -> bool:
    """Whether the value of an environment variable is secret."""
    words = _words(name) if len(name) <= _LONGEST else ()
    if words in _NOT_VARIABLES:
        return False
    return _is_secret(words) or (words[-1:] in _VARIABLES and words[-2:-1] not in _OPEN)


def _words(name: str) -> tuple[str, ...]:
    """Return the words of a name in small letters, without those behind that change nothing; none for a sentence."""
    words = [word.lower() for word in re.findall(_WORD, name)] if re.fullmatch(_NAME, name) else []
    if len(words) > _MOST_WORDS:
        return ()
    while len(words) > 1 and (words[-1] in _NEUTRAL or words[-1] in _ISSUERS or words[-1].isdigit()):
        del words[-1]
    return tuple(words)


def _is_secret(words: tuple[str, ...]) -> bool:
    if not words or words[0] in _CLAIMS:
        return False
    if words[-2:] in _PHRASES:
        return True
    *before, last = words
    return last in _SECRETS and not (last == "token" and before and before[-1] in _SPENT)


@cache
def stems() -> tuple[str, ...]:
    """Return short texts one of which is in every secret name, in small letters: without any, there is no such name."""
    found: list[str] = []
    for word in sorted({*_SECRETS, "key", "pass", "auth", "connection"}, key=lambda word: (len(word), word)):
        if not any(stem in word for stem in found):
            found.append(word)
    for phrase in sorted(_PHRASES):
        if not any(stem in word for stem in found for word in phrase):
            found.append(max(phrase, key=len))
    return tuple(found)
