"""Secrets that their own shape gives away, and texts that only begin like them."""

import base64

import pytest

from fakellm._cassette.look import Look
from fakellm._cassette.redact import Redactor
from fakellm._cassette.shapes import SHAPES, SHORTEST, find_shapes

ALNUM = "a1B2c3D4e5F6g7H8i9J0kLmNoPqRsTuVwXyZ"
HEX = "0123456789abcdef"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def drawn(count, letters=ALNUM):
    """So many letters, which hold small ones, capitals and digits: what is issued is never written out here."""
    return (letters * (count // len(letters) + 1))[:count]


ISSUED = {
    "OpenAI": f"sk-{drawn(48)}",
    "OpenAI, project": f"sk-proj-{drawn(60)}_{drawn(60)}-{drawn(20)}",
    "OpenAI, masked": "sk-proj-********************wxyz",
    "OpenAI, realtime": f"ek_{drawn(32)}",
    "Anthropic": f"sk-ant-api03-{drawn(93)}-{drawn(6)}AA",
    "OpenRouter": f"sk-or-v1-{drawn(64, HEX)}",
    "DeepSeek": f"sk-{drawn(32, HEX)}",
    "Groq": f"gsk_{drawn(52)}",
    "Cerebras": f"csk-{drawn(48, HEX)}",
    "Hugging Face": f"hf_{drawn(34)}",
    "xAI": f"xai-{drawn(80)}",
    "Perplexity": f"pplx-{drawn(48)}",
    "Tavily": f"tvly-dev-{drawn(32)}",
    "bcrypt": f"$2b$12${drawn(53)}",
    "SHA-512 crypt": f"$6${drawn(16)}${drawn(86)}",
    "SHA-256 crypt": f"$5$rounds=5000${drawn(16)}${drawn(43)}",
    "yescrypt": f"$y$j9T${drawn(22)}${drawn(43)}",
    "htpasswd": f"$apr1${drawn(8)}${drawn(22)}",
    "Replicate": f"r8_{drawn(37)}",
    "NVIDIA": f"nvapi-{drawn(64)}",
    "Fireworks": f"fw_{drawn(24)}",
    "Together": f"tgp_v1_{drawn(43)}",
    "ElevenLabs": f"sk_{drawn(48, HEX)}",
    "LangSmith": f"lsv2_pt_{drawn(32, HEX)}_{drawn(10, HEX)}",
    "Pinecone": f"pcsk_{drawn(6)}_{drawn(63)}",
    "Google": f"AIza{drawn(35)}",
    "Google, OAuth": f"GOCSPX-{drawn(28)}",
    "Google, access": f"ya29.a0{drawn(60)}",
    "Google, refresh": f"1//0{drawn(60)}",
    "AWS": f"AKIA{drawn(16, 'A2B3C4D5E6F7GHIJ')}",
    "Azure, storage": base64.b64encode(bytes(range(100, 164))).decode(),
    "Azure, client": f"{drawn(3)}8Q~{drawn(34)}",
    "DigitalOcean": f"dop_v1_{drawn(64, HEX)}",
    "Databricks": f"dapi{drawn(32, HEX)}-2",
    "Supabase": f"sbp_{drawn(40, HEX)}",
    "HCP Terraform": f"{drawn(14)}.atlasv1.{drawn(67)}",
    "Vault": f"hvs.{drawn(90)}",
    "Doppler": f"dp.pt.{drawn(43)}",
    "age": f"AGE-SECRET-KEY-1{drawn(58, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L')}",
    "GitHub": f"ghp_{drawn(36)}",
    "GitHub, fine-grained": f"github_pat_{drawn(22)}_{drawn(59)}",
    "GitLab": f"glpat-{drawn(20)}",
    "GitLab, runner": f"glrt-{drawn(20)}",
    "npm": f"npm_{drawn(36)}",
    "PyPI": f"pypi-AgEIcHlwaS5vcmc{drawn(150)}",
    "RubyGems": f"rubygems_{drawn(48, HEX)}",
    "Docker": f"dckr_pat_{drawn(27)}",
    "Sentry": f"sntryu_{drawn(64, HEX)}",
    "Grafana": f"glsa_{drawn(32)}_{drawn(8, HEX)}",
    "New Relic": f"NRAK-{drawn(27, 'A1B2C3D4E5F6')}",
    "Slack": f"xoxb-{drawn(12, '0123456789')}-{drawn(24)}",
    "Telegram": f"{drawn(10, '1234567890')}:AA{drawn(33)}",
    "Atlassian": f"ATATT3xFfGF0{drawn(180)}=01234567",
    "Linear": f"lin_api_{drawn(40)}",
    "Notion": f"ntn_{drawn(46)}",
    "Figma": f"figd_{drawn(40)}",
    "Airtable": f"pat{drawn(14)}.{drawn(64, HEX)}",
    "HubSpot": f"pat-na1-{UUID}",
    "SendGrid": f"SG.{drawn(22)}.{drawn(43)}",
    "Mailgun": f"key-{drawn(32, HEX)}",
    "Mailchimp": f"{drawn(32, HEX)}-us21",
    "Twilio": f"SK{drawn(32, HEX)}",
    "Stripe": f"sk_live_{drawn(24)}",
    "Stripe, webhook": f"whsec_{drawn(32)}",
    "Shopify": f"shpat_{drawn(32, HEX)}",
    "Square": f"sq0atp-{drawn(22)}",
    "JSON Web Token": f"eyJ{drawn(17)}.eyJ{drawn(40)}.{drawn(43)}",
    "JSON Web Encryption": f"eyJ{drawn(30)}..{drawn(16)}.{drawn(80)}.{drawn(22)}",
    "PGP": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBF\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
    "PEM": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----",
    "OpenSSH": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----",
}

HOOKS = {
    f"https://hooks.slack.com/services/T{drawn(10, 'A1B2')}/B{drawn(10, 'A1B2')}/{drawn(24)}": "https://hooks.slack.com/services/",
    f"https://discord.com/api/webhooks/123456789012345678/{drawn(68)}": "https://discord.com/api/webhooks/",
    f"https://x.webhook.office.com/webhookb2/{UUID}@{UUID}/IncomingWebhook/{drawn(32, HEX)}/{UUID}": (
        f"https://x.webhook.office.com/webhookb2/{UUID}@{UUID}/IncomingWebhook/"
    ),
}  # fmt: skip


@pytest.mark.parametrize("secret", ISSUED.values(), ids=ISSUED)
@pytest.mark.parametrize("text", ["{}", "use {} for it", '{{"a": "{}"}}', "line\\n{}\\n", "x={}&y", "(`{}`)", "%0A{}"])
def test_secret_is_found_wherever_it_stands(text, secret):
    assert Redactor().text(text.format(secret)) == text.format("REDACTED")


@pytest.mark.parametrize(("url", "kept"), HOOKS.items())
def test_hook_loses_what_opens_it_and_stays_a_url(url, kept):
    assert Redactor().text(f"post to {url}") == f"post to {kept}REDACTED"


@pytest.mark.parametrize("secret", [*ISSUED.values(), *HOOKS], ids=[*ISSUED, *"123"])
def test_quick_look_sees_it(secret):
    assert Look([]).is_suspicious(f'{{"a":"{secret}"}}'.encode())


@pytest.mark.parametrize("shape", SHAPES, ids=[f"{shape.issuer} {shape.prefix}" for shape in SHAPES])
def test_prefix_alone_is_no_secret(shape):
    assert list(find_shapes(f"begins with {shape.prefix} and goes on with {shape.prefix}_abc and {shape.prefix}")) == []


@pytest.mark.parametrize("secret", [secret for secret in ISSUED.values() if "-----" not in secret])
def test_secret_is_as_long_as_the_quick_look_needs(secret):
    assert len(secret) >= SHORTEST
    assert not set(secret) & set(" \"'`<>(){}[],;|\t\n")


@pytest.mark.parametrize(
    "secret", [secret for name, secret in ISSUED.items() if "masked" not in name and "-----" not in secret]
)
def test_secret_that_a_longer_word_holds_is_none(secret):
    assert list(find_shapes(f"word{secret}")) == []


def test_private_key_as_a_list_of_lines_is_found():
    lines = (
        b'{"key": ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBg", "kqhkiG9w0B", "-----END PRIVATE KEY-----"], "n": 1}'
    )

    assert Redactor().body(lines) == b'{"key":["REDACTED","REDACTED","REDACTED","REDACTED"],"n":1}'
