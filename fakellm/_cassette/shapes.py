"""Secrets that their own shape gives away: the keys and tokens of those who issue them, as a table.

A shape is a prefix that nobody else uses, with the letters and the length that its issuer uses; what merely begins so
(``hf_raise_for_status``, ``gsk_render_node_ref``, ``sk-toggleable__content``) is none. Lengths are what is needed to be
sure, not what is issued today. Looking is linear: a prefix is searched for, what follows is tried once, and a part
without a bound is the last one or begins where no other can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["PEM", "SHAPES", "SHORTEST", "Shape", "find_shapes", "holds_shape", "replace_shapes"]


class Shape(NamedTuple):
    """The form of a secret.

    issuer: who gives it out. prefix: what it begins with, or holds. rest: the pattern of what follows. source: whose
    documentation shows it. before: the pattern of what comes before the prefix. left: what may not come before all of
    it, or the prefix would be one by chance; of base64 the last line may be as long as a key. keeps_prefix: the prefix
    says where it leads and is no secret.
    """

    issuer: str
    prefix: str
    rest: str
    source: str
    before: str = ""
    left: str = "[A-Za-z0-9]"
    keeps_prefix: bool = False


_ALNUM, _HEX, _URL_SAFE = "[A-Za-z0-9]", "[0-9a-fA-F]", "[A-Za-z0-9_-]"
_UUID = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"

SHAPES = (
    # Models
    Shape("OpenAI, Anthropic, DeepSeek, OpenRouter, Langfuse", "sk-", r"[\w*-]{10,}", "platform.openai.com/docs"),
    Shape("OpenAI, of a realtime session", "ek_", rf"{_ALNUM}{{16,}}", "platform.openai.com/docs/guides/realtime"),
    Shape("OpenAI, of a browser", "sess-", rf"{_ALNUM}{{40}}", "platform.openai.com/docs"),
    Shape("OpenAI, who the customer is", "org-", rf"{_ALNUM}{{16,}}", "platform.openai.com/docs"),
    Shape("OpenAI, which project it is", "proj_", rf"{_ALNUM}{{16,}}", "platform.openai.com/docs"),
    Shape("Groq", "gsk_", rf"{_ALNUM}{{20,}}", "console.groq.com/docs"),
    Shape("Cerebras", "csk-", rf"{_ALNUM}{{20,}}", "inference-docs.cerebras.ai"),
    Shape("Hugging Face", "hf_", rf"{_ALNUM}{{20,}}", "huggingface.co/docs/hub/security-tokens"),
    Shape("Hugging Face, of an organisation", "api_org_", rf"{_ALNUM}{{30,}}", "huggingface.co/docs/hub"),
    Shape("xAI", "xai-", rf"{_ALNUM}{{20,}}", "docs.x.ai"),
    Shape("Perplexity", "pplx-", rf"{_ALNUM}{{20,}}", "docs.perplexity.ai"),
    Shape("Tavily", "tvly-", r"(?:dev-|prod-)?[A-Za-z0-9_-]{16,}", "docs.tavily.com"),
    Shape("Replicate", "r8_", rf"{_ALNUM}{{20,}}", "replicate.com/docs"),
    Shape("NVIDIA", "nvapi-", rf"{_URL_SAFE}{{32,}}", "docs.api.nvidia.com"),
    Shape("Fireworks", "fw_", rf"{_ALNUM}{{20,}}", "docs.fireworks.ai"),
    Shape("Together", "tgp_v1_", rf"{_URL_SAFE}{{30,}}", "docs.together.ai"),
    Shape("Voyage", "pa-", rf"{_URL_SAFE}{{40,}}", "docs.voyageai.com"),
    Shape("Jina", "jina_", rf"{_URL_SAFE}{{40,}}", "jina.ai"),
    Shape("ElevenLabs", "sk_", rf"{_HEX}{{40,}}", "elevenlabs.io/docs"),
    Shape("LangSmith", "lsv2_", rf"[a-z]{{2}}_{_HEX}{{32}}_{_HEX}{{8,}}", "docs.smith.langchain.com"),
    Shape("LangSmith, former", "ls__", rf"{_HEX}{{32}}", "docs.smith.langchain.com"),
    Shape("Pinecone", "pcsk_", r"[A-Za-z0-9_]{40,}", "docs.pinecone.io"),
    Shape("LlamaCloud", "llx-", rf"{_ALNUM}{{32,}}", "docs.cloud.llamaindex.ai"),
    Shape("Firecrawl", "fc-", rf"{_HEX}{{32}}", "docs.firecrawl.dev"),
    Shape("E2B", "e2b_", rf"{_HEX}{{40}}", "e2b.dev/docs"),
    # Clouds
    Shape("Google, API key", "AIza", rf"{_URL_SAFE}{{20,}}", "cloud.google.com/docs/authentication/api-keys"),
    Shape("Google, access token", "ya29.", rf"{_URL_SAFE}{{16,}}", "developers.google.com/identity/protocols/oauth2"),
    Shape(
        "Google, client secret", "GOCSPX-", rf"{_URL_SAFE}{{24,}}",
        "developers.google.com/identity/protocols/oauth2",
    ),
    Shape("Google, refresh token", "1//0", rf"{_URL_SAFE}{{24,}}", "developers.google.com/identity/protocols/oauth2"),
    Shape("AWS, key for long", "AKIA", "[0-9A-Z]{12,}", "docs.aws.amazon.com/IAM/latest/UserGuide"),
    Shape("AWS, key for a while", "ASIA", "[0-9A-Z]{12,}", "docs.aws.amazon.com/IAM/latest/UserGuide"),
    Shape("AWS, Bedrock", "ABSK", "[A-Za-z0-9+/]{60,}={0,2}", "docs.aws.amazon.com/bedrock"),
    Shape(
        "Azure, storage and others", "==", "", "learn.microsoft.com/azure/storage", before="[A-Za-z0-9+/]{86}",
        left=r"[A-Za-z0-9+/]|\s\s|^\s|\n|\\\s?|512[-:]",  # not what a lock file says of a package
    ),
    Shape("Azure, client secret", "Q~", r"[\w.~-]{31,34}", "learn.microsoft.com/entra", before=r"[\w.~-]{3}[0-9]"),
    Shape(
        "Azure, cognitive services", "JQQJ99", rf"{_ALNUM}{{20,}}", "learn.microsoft.com/azure",
        before=rf"{_ALNUM}{{30,60}}",
    ),
    Shape("Alibaba", "LTAI", rf"{_ALNUM}{{12,}}", "alibabacloud.com/help"),
    Shape("Tencent", "AKID", rf"{_ALNUM}{{24,}}", "cloud.tencent.com/document"),
    Shape("DigitalOcean", "_v1_", rf"{_HEX}{{64}}", "docs.digitalocean.com", before="do[opr]"),
    Shape("Databricks", "dapi", rf"{_HEX}{{32}}(?:-\d)?", "docs.databricks.com"),
    Shape("Supabase", "sbp_", rf"{_HEX}{{40}}", "supabase.com/docs"),
    Shape("Supabase, secret key", "sb_secret_", rf"{_URL_SAFE}{{20,}}", "supabase.com/docs"),
    Shape("PlanetScale", "pscale_", r"[a-z]{2,5}_[\w.-]{32,}", "planetscale.com/docs"),
    Shape("Heroku", "HRKU-", rf"{_URL_SAFE}{{36,}}", "devcenter.heroku.com"),
    Shape(
        "HCP Terraform", ".atlasv1.", rf"{_URL_SAFE}{{60,}}", "developer.hashicorp.com/terraform",
        before=rf"{_ALNUM}{{14}}",
    ),
    Shape("Pulumi", "pul-", rf"{_HEX}{{40}}", "pulumi.com/docs"),
    Shape("Vault", "hvs.", rf"{_URL_SAFE}{{20,}}", "developer.hashicorp.com/vault"),
    Shape("Vault, batch", "hvb.", rf"{_URL_SAFE}{{20,}}", "developer.hashicorp.com/vault"),
    Shape("Vault, recovery", "hvr.", rf"{_URL_SAFE}{{20,}}", "developer.hashicorp.com/vault"),
    Shape(
        "Doppler", "dp.", rf"(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_ALNUM}{{40,}}",
        "docs.doppler.com",
    ),
    Shape("age", "AGE-SECRET-KEY-1", "[0-9A-Z]{58}", "age-encryption.org"),
    # Code and packages
    *(Shape("GitHub", f"gh{kind}_", rf"{_ALNUM}{{16,}}", "docs.github.com/authentication") for kind in "pousr"),
    Shape("GitHub, fine-grained", "github_pat_", r"\w{16,}", "docs.github.com/authentication"),
    *(
        Shape("GitLab", f"gl{kind}-", rf"{_URL_SAFE}{{16,}}(?:\.[\w.-]+)?", "docs.gitlab.com/security/tokens")
        for kind in ("pat", "dt", "rt", "cbt", "ptt", "ft", "imt", "agent", "soat", "oas", "ffct", "wt")
    ),
    Shape("npm", "npm_", rf"{_ALNUM}{{30,}}", "docs.npmjs.com"),
    Shape("PyPI", "pypi-", rf"AgE{_URL_SAFE}{{40,}}", "pypi.org/help"),
    Shape("RubyGems", "rubygems_", rf"{_HEX}{{48}}", "guides.rubygems.org"),
    Shape("crates.io", "cio", rf"{_ALNUM}{{32}}", "doc.rust-lang.org/cargo"),
    Shape("NuGet", "oy2", "[a-z0-9]{43}", "learn.microsoft.com/nuget"),
    Shape("Docker", "dckr_pat_", rf"{_URL_SAFE}{{20,}}", "docs.docker.com/security"),
    Shape("Docker, of an organisation", "dckr_oat_", rf"{_URL_SAFE}{{20,}}", "docs.docker.com/security"),
    Shape("Postman", "PMAK-", rf"{_HEX}{{24}}-{_HEX}{{34}}", "learning.postman.com"),
    # Operations
    Shape("Sentry, of a user", "sntryu_", rf"{_HEX}{{64}}", "docs.sentry.io"),
    Shape("Sentry, of an organisation", "sntrys_", r"[\w+/=-]{40,}", "docs.sentry.io"),
    Shape("Grafana", "glsa_", rf"{_ALNUM}{{32}}_{_HEX}{{8}}", "grafana.com/docs"),
    Shape("Grafana Cloud", "glc_", "[A-Za-z0-9+/]{32,}={0,2}", "grafana.com/docs"),
    Shape("New Relic", "NRAK-", "[A-Z0-9]{27}", "docs.newrelic.com"),
    # Work and talk
    Shape("Slack", "xox", r"[a-z](?:\.xox[a-z])?-[\w-]{8,}", "api.slack.com/authentication/token-types"),
    Shape("Slack, of an app", "xapp-", r"[\w-]{16,}", "api.slack.com/authentication/token-types"),
    Shape(
        "Slack, webhook", "hooks.slack.com/services/", r"[A-Z0-9]{6,}/[A-Z0-9]{6,}/[A-Za-z0-9]{16,}",
        "api.slack.com/messaging/webhooks", keeps_prefix=True,
    ),
    Shape(
        "Slack, workflow", "hooks.slack.com/triggers/", r"[A-Z0-9]{6,}/\d{6,}/[A-Za-z0-9]{16,}",
        "api.slack.com/automation/triggers/webhook", keeps_prefix=True,
    ),
    Shape(
        "Discord, webhook", "/api/webhooks/", rf"\d{{17,20}}/{_URL_SAFE}{{40,}}", "discord.com/developers/docs",
        left="", keeps_prefix=True,
    ),
    Shape(
        "Microsoft Teams, webhook", "/IncomingWebhook/", rf"{_HEX}{{32}}/{_UUID}",
        "learn.microsoft.com/microsoftteams", left="", keeps_prefix=True,
    ),
    Shape("Telegram", ":AA", rf"{_URL_SAFE}{{32,33}}", "core.telegram.org/bots/api", before=r"\d{8,12}"),
    Shape("Atlassian", "ATATT3", r"[\w=-]{40,}", "support.atlassian.com"),
    Shape("Atlassian, of a space", "ATCTT3", r"[\w=-]{40,}", "support.atlassian.com"),
    Shape("Bitbucket", "ATBB", rf"{_ALNUM}{{28,}}", "support.atlassian.com/bitbucket-cloud"),
    Shape("Linear", "lin_api_", rf"{_ALNUM}{{32,}}", "linear.app/developers"),
    Shape("Linear, OAuth", "lin_oauth_", rf"{_ALNUM}{{32,}}", "linear.app/developers"),
    Shape("Notion", "ntn_", rf"{_ALNUM}{{40,}}", "developers.notion.com"),
    Shape("Notion, former", "secret_", rf"{_ALNUM}{{43}}", "developers.notion.com"),
    Shape("Figma", "figd_", rf"{_URL_SAFE}{{36,}}", "developers.figma.com"),
    Shape("Airtable", "pat", rf"{_ALNUM}{{14}}\.{_HEX}{{64}}", "airtable.com/developers"),
    Shape("HubSpot", "pat-", rf"[a-z]{{2}}\d-{_UUID}", "developers.hubspot.com"),
    Shape("Contentful", "CFPAT-", rf"{_URL_SAFE}{{43}}", "contentful.com/developers"),
    Shape("Dropbox", "sl.", rf"{_URL_SAFE}{{100,}}", "dropbox.com/developers"),
    # Mail and money
    Shape("SendGrid", "SG.", rf"{_URL_SAFE}{{16,32}}\.{_URL_SAFE}{{16,}}", "twilio.com/docs/sendgrid"),
    Shape("Mailgun", "key-", rf"{_HEX}{{32}}", "documentation.mailgun.com", left=r"[\w-]"),
    Shape("Mailchimp", "-us", r"\d{1,2}", "mailchimp.com/developer", before=rf"{_HEX}{{32}}"),
    Shape("Twilio", "SK", "[0-9a-f]{32}", "twilio.com/docs/iam/api-keys"),
    *(
        Shape("Stripe", f"{kind}_{mode}_", rf"{_ALNUM}{{16,}}", "docs.stripe.com/keys")
        for kind in ("sk", "rk")
        for mode in ("live", "test")
    ),
    Shape("Stripe, webhook", "whsec_", r"[A-Za-z0-9+/]{24,}={0,2}", "docs.stripe.com/webhooks"),
    *(Shape("Shopify", f"shp{kind}_", rf"{_HEX}{{32}}", "shopify.dev/docs") for kind in ("at", "ca", "pa", "ss")),
    Shape("Square", "sq0atp-", rf"{_URL_SAFE}{{22}}", "developer.squareup.com"),
    Shape("Square, OAuth", "sq0csp-", rf"{_URL_SAFE}{{43}}", "developer.squareup.com"),
    Shape("Facebook", "EAA", rf"{_ALNUM}{{80,}}", "developers.facebook.com"),
    # Formats
    Shape(
        "JSON Web Token", "eyJ",
        rf"{_URL_SAFE}{{8,}}\.(?:eyJ{_URL_SAFE}{{8,}}(?:\.{_URL_SAFE}*)?|{_URL_SAFE}*(?:\.{_URL_SAFE}+){{3}})",
        "RFC 7519, RFC 7516", left=r"[\w-]",
    ),
    Shape("bcrypt", "$2", r"[abxy]\$\d\d\$[./A-Za-z0-9]{53}", "crypt(5)"),
    Shape("SHA-512 crypt", "$6$", r"(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}", "crypt(5)"),
    Shape("SHA-256 crypt", "$5$", r"(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}", "crypt(5)"),
    Shape("yescrypt", "$y$", r"[./A-Za-z0-9]{1,20}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}", "crypt(5)"),
    Shape("Apache's htpasswd", "$apr1$", r"[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}", "httpd.apache.org/docs"),
    Shape("PASETO", ".local.", rf"{_URL_SAFE}{{32,}}", "paseto.io", before=r"v[1-4]"),
)  # fmt: skip
"""The table of shapes; which prefixes they need and what they look like is read from it alone."""

SHORTEST = 13
"""Characters of the shortest secret that a shape takes; none of them is a blank, a quote or a bracket."""

PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|PuTTY-User-Key-File-\d.*?(?:Private-MAC: *\w+|\Z)",
    re.DOTALL,
)

# A word may not run into a secret from the left; a percent escape or an escaped line end may.
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2}|\\[nrt])\Z")
_LONGEST_BEFORE = 90


class _Search(NamedTuple):
    """A shape, ready to be looked for."""

    shape: Shape
    rest: re.Pattern[str]
    before: re.Pattern[str] | None
    left: re.Pattern[str] | None

    def span(self, text: str, place: int) -> tuple[int, int] | None:
        """Return where a secret lies whose prefix is at a place of a text."""
        start = self._start(text, place)
        if start is None or not self._is_free(text, start):
            return None
        end = self.rest.match(text, place + len(self.shape.prefix))
        if end is None:
            return None
        return (place + len(self.shape.prefix) if self.shape.keeps_prefix else start), end.end()

    def _start(self, text: str, place: int) -> int | None:
        if self.before is None:
            return place
        found = self.before.search(text, max(place - _LONGEST_BEFORE, 0), place)
        return found and found.start()

    def _is_free(self, text: str, start: int) -> bool:
        if self.left is None or not self.left.search(text, max(start - 4, 0), start):
            return True
        return _ESCAPE.search(text, max(start - 3, 0), start) is not None


def _search(shape: Shape) -> _Search:
    # What is of one length ends where another letter of its kind would follow.
    right = r"(?![A-Za-z0-9])" if shape.rest.endswith("}") and not shape.rest.endswith(",}") else ""
    before = re.compile(rf"{shape.before}\Z") if shape.before else None
    return _Search(
        shape, re.compile(shape.rest + right), before, re.compile(rf"(?:{shape.left})\Z") if shape.left else None
    )


def _by_sign() -> dict[str, tuple[_Search, ...]]:
    """Return the shapes by a sign in their prefix that words seldom hold; under "" those of letters alone."""
    groups: dict[str, list[_Search]] = {}
    for shape in SHAPES:
        sign = next((sign for sign in "_-./:~=$" if sign in shape.prefix), "")
        groups.setdefault(sign, []).append(_search(shape))
    return {sign: tuple(group) for sign, group in groups.items()}


_SEARCHES = _by_sign()
_PREFIXES = {
    sign.encode(): tuple({search.shape.prefix.encode(): None for search in group}) for sign, group in _SEARCHES.items()
}
_MIXED = re.compile(r"(?=[A-Za-z]{0,60}[0-9])(?=[0-9]{0,60}[A-Za-z])[A-Za-z0-9]{8,}|\*{3}|[0-9a-f]{16}")


def _first_letters() -> re.Pattern[bytes]:
    """Return a pattern for any prefix that decides by the first letter."""
    groups: dict[str, list[str]] = {}
    for shape in SHAPES:
        groups.setdefault(shape.prefix[0], []).append(re.escape(shape.prefix[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()).encode())


_PREFIX = _first_letters()
_FEW = 120  # bytes, up to which one pattern is faster than a search for each prefix


def holds_shape(text: bytes) -> bool:
    """Whether a text holds a secret. A prefix is looked for first, which few texts hold."""
    return _holds_prefix(text) and any(True for _ in find_shapes(text.decode("latin-1")))


def _holds_prefix(text: bytes) -> bool:
    if len(text) < _FEW:
        return _PREFIX.search(text) is not None
    return any(sign in text and any(prefix in text for prefix in group) for sign, group in _PREFIXES.items())


def _is_issued(found: str) -> bool:
    """Whether a text after ``sk-`` was drawn by lot, or masked; style sheets use the prefix as well."""
    return not found.startswith("sk-") or _MIXED.search(found, 3) is not None


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where secrets lie, in order; none overlaps another."""
    searches = (search for sign, group in _SEARCHES.items() if sign in text for search in group)
    spans = sorted(span for search in searches for span in _spans_of(search, text))
    apart: list[tuple[int, int]] = []
    for start, end in spans:
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def _spans_of(search: _Search, text: str) -> Iterator[tuple[int, int]]:
    prefix = search.shape.prefix
    place = text.find(prefix)
    while place >= 0:
        span = search.span(text, place)
        if span is not None and _is_issued(text[slice(*span)]):
            yield span
        # A run of letters is tried once: what was taken, for a secret or not, holds no other of the same issuer.
        place = text.find(prefix, place + 1 if span is None else max(span[1], place + 1))


def find_shapes(text: str) -> Iterator[str]:
    """Yield the secrets of a text, in order."""
    return (text[start:end] for start, end in _spans(text))


def replace_shapes(text: str, stand_in: str) -> str:
    """Return a text with something else in place of its secrets."""
    kept, place = [], 0
    for start, end in _spans(text):
        kept += [text[place:start], stand_in]
        place = end
    return "".join([*kept, text[place:]]) if place else text
