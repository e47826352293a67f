"""What is taken out of requests and responses, and what is left alone."""

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakellm._cassette.redact import Redactor
from fakellm._cassette.secrets import environment_secrets
from fakellm._wire.canonical import canonical_body
from fakellm._wire.events import WireRequest

CHAT = "https://api.openai.com/v1/chat/completions"
OWN = "Correct/Horse+Battery9"  # a secret of the environment
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"

SHAPES = [
    "sk-abcdefghij0123456789",
    "sk-proj-Ab1_Cd2-Ef3Gh4Ij5Kl6",
    "sk-ant-api03-AbCdEf0123456789",
    "sk-or-v1-0123456789abcdef0123",
    "sk-proj-********************wxyz",
    "gsk_0123456789abcdefABCDEF",
    "csk-0123456789abcdefabcdef",
    "hf_abcdefghijABCDEFGHIJ",
    "AIzaSyA0123456789-abcdefghijklmnopqrstu",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "github_pat_11ABCDEFG0123456789",
    "xoxb-123456789012-abcdefABCDEF",
    JWT,
    PEM,
    OWN,
    base64.b64encode(OWN.encode()).decode(),
    "Correct%2FHorse%2BBattery9",
]


PIECES = [
    "password", "token", "api_key", "Cookie", "Authorization", "--api-key", "DB_PWD", "name", "value", "key", "\"",
    "'", '\\"', ":", "=",
    ": ", " ", "\n", ",", ";", "&", "?", "{", "}", "[", "]", "<", ">", "(", "Bearer ", "Basic ", "q7-Zx9-Lm2-Pk4",
    "hunter2",
    OWN, "sk-proj-0123456789abcdef", "://", "@", "-u a:", "REDACTED", "\\n", "data: ", PEM,
]  # fmt: skip


@pytest.fixture
def redactor():
    return Redactor([OWN])


@pytest.mark.parametrize("secret", SHAPES)
def test_secret_is_found_by_its_shape(redactor, secret):
    assert (
        redactor.text(f"Incorrect API key provided: {secret}. Sorry") == "Incorrect API key provided: REDACTED. Sorry"
    )


@pytest.mark.parametrize("secret", SHAPES)
def test_secret_is_found_in_a_json_string(redactor, secret):
    body = json.dumps({"error": {"message": f"line\n{secret}\nline"}, "n": 1}).encode()

    assert json.loads(redactor.body(body)) == {"error": {"message": "line\nREDACTED\nline"}, "n": 1}


@pytest.mark.parametrize("secret", SHAPES)
def test_secret_is_found_in_an_event(redactor, secret):
    event = json.dumps({"delta": secret})
    body = f'event: x\r\ndata: {event}\r\n\r\ndata: {{"delta": "ok"}}\r\n\r\ndata: [DONE]\r\n\r\n'.encode()

    assert redactor.body(body) == (
        b'event: x\r\ndata: {"delta":"REDACTED"}\r\n\r\ndata: {"delta": "ok"}\r\n\r\ndata: [DONE]\r\n\r\n'
    )


@pytest.mark.parametrize("secret", [secret for secret in SHAPES if secret != PEM])
def test_secret_is_found_between_bytes_that_are_no_text(redactor, secret):
    assert redactor.body(b"\xff\xfe\x00" + secret.encode() + b"\x00\xff") == b"\xff\xfe\x00REDACTED\x00\xff"


@pytest.mark.parametrize(
    "text",
    [
        "a task-management-system that is risk-averse",
        "sk-learn and scikit",
        "hf_hub, gsk_ and AKIA",
        "the token is a word; a basic understanding",
        "Bearer of bad news",
        "max_tokens and token counts",
        "see https://example.org/@someone?page=2&keyword=x",
        "eyJ is how they begin",
    ],
)
def test_ordinary_text_is_left_alone(redactor, text):
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "access_token", "refresh_token", "id_token", "client_secret", "api_key", "password", "authorization",
        "Authorization", "apiKey", "api-key", "x-api-key", "openai_api_key", "proxy-authorization", "cookie",
        "set-cookie", "accessToken", "private_key", "secret_access_key", "Ocp-Apim-Subscription-Key",
    ],
)  # fmt: skip
def test_secret_is_found_by_the_name_beside_it(redactor, name):
    held = {"a": [{name: "hunter2", "kept": "x"}], "number": 1.10}

    assert json.loads(redactor.body(json.dumps(held).encode())) == {
        "a": [{name: "REDACTED", "kept": "x"}],
        "number": 1.10,
    }
    assert redactor.text(f"see '{name}': 'hunt er2', and") == f"see '{name}': 'REDACTED', and"
    assert redactor.body(f"{name}=hunter2&kept=x".encode()) == f"{name}=REDACTED&kept=x".encode()
    part = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nhunter2\r\n--b--\r\n'
    assert redactor.body(part.encode()) == part.replace("hunter2", "REDACTED").encode()


def test_names_inside_the_arguments_of_a_call_are_found(redactor):
    arguments = json.dumps({"password": 'hun"ter2', "deep": json.dumps({"api_key": "x1"})})
    body = json.dumps({"tool_calls": [{"function": {"arguments": arguments}}]}).encode()

    redacted = json.loads(json.loads(redactor.body(body))["tool_calls"][0]["function"]["arguments"])

    assert redacted == {"password": "REDACTED", "deep": '{"api_key":"REDACTED"}'}


def test_list_and_number_under_a_secret_name_are_blacked_out(redactor):
    body = b'{"password": 12345, "authorization": ["a", "b"], "api_key": null, "cookie": ""}'

    assert redactor.body(body) == (
        b'{"password":"REDACTED","authorization":["REDACTED","REDACTED"],"api_key":null,"cookie":""}'
    )


def test_schema_of_a_parameter_with_a_secret_name_is_kept(redactor):
    body = b'{"properties":{"password":{"type":"string","description":"yours"}},"required":["password"]}'

    assert redactor.body(body) == body


def test_headers_for_a_remote_tool_are_blacked_out(redactor):
    body = b'{"tools": [{"type": "mcp", "server_url": "https://x", "headers": {"X-Own": "live", "n": 1}}]}'

    assert redactor.body(body) == (
        b'{"tools":[{"type":"mcp","server_url":"https://x","headers":{"X-Own":"REDACTED","n":"REDACTED"}}]}'
    )


def test_rest_of_a_redacted_body_keeps_order_and_numbers(redactor):
    body = b'{"z": 1.10, "a": 1e5, "api_key": "x", "m": [1, 1.0, true, null], "text": "\\u00e9"}'

    redacted = b'{"z":1.10,"a":1e5,"api_key":"REDACTED","m":[1,1.0,true,null],"text":"\xc3\xa9"}'
    assert redactor.body(body) == redacted


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://h/v1/x?key=AbC&alt=sse", "https://h/v1/x?key=REDACTED&alt=sse"),
        ("https://h/?api-key=1&api_key=2&access_token=3",
    "https://h/?api-key=REDACTED&api_key=REDACTED&access_token=REDACTED"),
        ("https://h/?token=1&sig=2&signature=3&code=4",
    "https://h/?token=REDACTED&sig=REDACTED&signature=REDACTED&code=REDACTED"),
        ("https://h/?X-Amz-Signature=1&X-Amz-Credential=a%2Fb",
    "https://h/?X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED"),
        ("https://user:pass@h:8443/p?a=b", "https://h:8443/p?a=b"),
        ("https://h/bot/sk-proj-abcdefghijklmnop12/x", "https://h/bot/REDACTED/x"),
        ("https://h/deployments/gpt-4o?api-version=2024-10-21", "https://h/deployments/gpt-4o?api-version=2024-10-21"),
    ],
)  # fmt: skip
def test_url_is_redacted(redactor, url, redacted):
    assert redactor.url(url) == redacted


def test_urls_in_a_text_are_redacted(redactor):
    text = "postgres://me:pw@db/x and https://b.s3/y?X-Amz-Signature=ab%2F1&v=2"

    assert redactor.text(text) == "postgres://REDACTED@db/x and https://b.s3/y?X-Amz-Signature=REDACTED&v=2"


def test_only_named_request_headers_are_kept(redactor):
    headers = {
        "Content-Type": "application/json", "accept": "*/*", "openai-beta": "assistants=v2", "idempotency-key": "abc",
        "anthropic-version": "2023-06-01", "anthropic-beta": "context-1m-2025-08-07",
        "authorization": "Bearer x", "proxy-authorization": "x", "api-key": "x", "x-api-key": "x",
        "x-goog-api-key": "x",
        "ocp-apim-subscription-key": "x", "cookie": "x", "openai-organization": "x", "openai-project": "x",
        "x-stainless-os": "x", "http-referer": "x", "x-title": "x", "user-agent": "x", "host": "x",
    }  # fmt: skip

    assert redactor.request(WireRequest("POST", CHAT, headers, b"")).headers == {
        "content-type": "application/json",
        "accept": "*/*",
        "openai-beta": "assistants=v2",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "context-1m-2025-08-07",
        "idempotency-key": "REDACTED",
    }


def test_only_named_response_headers_are_kept(redactor):
    headers = [
        ("content-type", "text/plain"), ("retry-after", "1"), ("retry-after-ms", "5"), ("x-should-retry", "false"),
        ("x-ratelimit-limit-requests", "9"), ("openai-model", "m"), ("openai-version", "v"),
        ("openai-processing-ms", "12"), ("location", "https://h/?sig=1"), ("x-request-id", "req_abc"),
        ("request-id", "req_011"), ("anthropic-ratelimit-tokens-remaining", "8"),
        ("set-cookie", "x"), ("openai-organization", "x"), ("cf-ray", "x"), ("date", "x"), ("authorization", "x"),
    ]  # fmt: skip

    assert redactor.response_headers(headers, number=3) == (
        ("content-type", "text/plain"), ("retry-after", "1"), ("retry-after-ms", "5"), ("x-should-retry", "false"),
        ("x-ratelimit-limit-requests", "9"), ("openai-model", "m"), ("openai-version", "v"),
        ("openai-processing-ms", "12"), ("location", "https://h/?sig=REDACTED"), ("x-request-id", "req_REDACTED_3"),
        ("request-id", "req_REDACTED_3"), ("anthropic-ratelimit-tokens-remaining", "8"),
    )  # fmt: skip


def test_request_with_a_live_key_is_compared_as_it_is_recorded(redactor):
    live = WireRequest("POST", f"{CHAT}?key=live1", {}, b'{"tools":[{"authorization":"live1"}],"m":1.0}')
    recorded = WireRequest("POST", f"{CHAT}?key=REDACTED", {}, b'{"m": 1.0, "tools": [{"authorization": "REDACTED"}]}')

    ours, theirs = redactor.asked(live), redactor.asked(recorded)

    assert (ours.url, canonical_body(ours.body)) == (theirs.url, canonical_body(theirs.body))


def test_request_without_secrets_is_compared_as_it_is(redactor):
    request = WireRequest("POST", CHAT, {}, b'{"messages":[{"role":"user","content":"max_tokens?"}]}')

    assert redactor.asked(request) is request


@given(
    st.text() | st.sampled_from(SHAPES).flatmap(lambda s: st.builds("{}{}{}".format, st.text(), st.just(s), st.text()))
)
def test_redacting_twice_changes_nothing(text):
    redactor = Redactor([OWN])
    once = redactor.body(text.encode("utf-8", "replace"))

    assert redactor.body(once) == once


@given(st.recursive(st.none() | st.text() | st.integers(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_json_stays_json(value):
    body = json.dumps({"api_key": "sk-0123456789abcdefg", "value": value}).encode()

    assert json.loads(Redactor().body(body))["api_key"] == "REDACTED"


@pytest.mark.parametrize("body", [b"{", b"[" * 5000, b'{"password": "x', b"data: {\n\n", b"--\r\n", b"\xff{", b"=&="])
def test_any_body_is_taken(redactor, body):
    assert redactor.body(body + b" api_key=") is not None


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("OPENAI_API_KEY", "abcdefgh-1", True),
        ("my_password", "Tr0ub4dor", True),
        ("HF_TOKEN", "x" * 12, True),
        ("DB_PASSWORD", "postgres", False),
        ("SECRET", "short", False),
        ("SSH_KEY", "/home/me/.ssh/id", False),
        ("PWD", "Tr0ub4dor&3", False),
        ("CACHE_KEY", "q7-Zx9-Lm2-Pk4", True),
        ("AUTH_TOKEN", "/wA3kd9Zx+Lm2Pk4vB8nQ==", True),
        ("AUTH_TOKEN", "/wA3/kd9Zx+Lm2Pk4/vB8nQ==", True),
        ("AUTH_TOKEN", "/q7-Zx9-Lm2-Pk4", True),
        ("AUTH_TOKEN", "~q7-Zx9-Lm2-Pk4", True),
        ("SSH_KEY", "~/.ssh/id_ed25519", False),
        ("SSH_KEY", "/Users/Ada/Library/Keys/id_rsa.pem", False),
        ("SSH_KEY", "C:\\Users\\Ada\\id_rsa", False),
        ("TOKENIZER_MODEL", "Qwen/Qwen3-8B", False),
        ("KEYBOARD_LAYOUT", "de-nodeadkeys", False),
        ("LANG", "en_US.UTF-8", False),
    ],
)
def test_secrets_of_the_environment_are_known_by_name(name, value, is_secret):
    assert (value in environment_secrets({name: value})) is is_secret


@pytest.mark.parametrize(
    "spelled",
    [
        "Correct/Horse+Battery9",
        "Correct%2FHorse%2BBattery9",
        "Correct%2fHorse%2bBattery9",
        base64.b64encode(OWN.encode()).decode(),
        base64.b64encode(OWN.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(b"??" + OWN.encode() + b"??").decode(),
        *(base64.b64encode(f"{user}:{OWN}".encode()).decode() for user in ("a", "ab", "ada", "lovelace")),
        OWN.encode().hex(),
        OWN.encode().hex().upper(),
    ],
)
def test_known_secret_is_found_however_it_is_written(redactor, spelled):
    redacted = redactor.text(f"sent {spelled} there")

    assert "REDACTED" in redacted
    assert spelled[6:-6] not in redacted
    assert redactor.text(redacted) == redacted


def test_known_secret_is_found_as_json_escapes_it():
    assert Redactor(['say "friend" 9']).text(r"{\"a\": say \"friend\" 9}") == r"{\"a\": REDACTED}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"api\\u005fkey": "hunter2x"}',
        b'{"url": "https:\\/\\/ada:lovelace@h.test"}',
        b'{"a": "sk\\u002dproj-0123456789abcdef"}',
    ],
)
def test_secret_whose_letters_are_escaped_is_found(redactor, body):
    assert b"REDACTED" in redactor.body(body)


def test_token_of_a_log_probability_is_no_secret(redactor):
    body = b'{"content": [{"token": "understanding-2024-11", "logprob": -0.1, "top_logprobs": []}]}'

    assert redactor.body(body) == body


def test_number_of_a_token_is_no_secret(redactor):
    assert redactor.body(b'{"token": 151643, "password": 151643}') == b'{"token":151643,"password":"REDACTED"}'


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_redacting_pieces_of_notations_twice_changes_nothing(text):
    redactor = Redactor([OWN])
    once = redactor.body(text.encode())

    assert redactor.body(once) == once


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_quick_look_hides_nothing(text):
    # A pattern of one's own may match anywhere, so that no look is taken where there is one.
    redactor, thorough = Redactor([OWN]), Redactor([OWN], [re.compile("(?!)")])

    assert redactor.body(text.encode()) == thorough.body(text.encode())


def test_url_that_cannot_be_split_is_redacted_all_the_same(redactor):
    assert redactor.url("http://[user:password@/v1") == "http://REDACTED@/v1"


@pytest.mark.parametrize("escape", ["\\u00a0", "\\u4f60", "\\n", "\\t", "\\/"])
def test_key_behind_an_escape_of_json_is_taken_out_of_names_and_values(escape):
    body = f'{{"{escape}sk-proj-0123456789abcdef": "{escape}sk-proj-0123456789abcdef"}}'.encode()

    assert b"0123456789" not in Redactor().body(body)
