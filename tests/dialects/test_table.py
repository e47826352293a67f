import pytest
from chat_wire import play, wire

from fakellm import ErrorReply
from fakellm._dialects.chat.dialect import CHAT
from fakellm._dialects.table import DIALECTS
from fakellm._wire.dialect import Traffic
from fakellm._wire.errors import ErrorBody


def dialect_of(request):
    found = DIALECTS.find(request)
    return found and found[0]


def traffic(method, host, path):
    return DIALECTS.traffic(wire(method=method, url=f"https://{host}{path}"))


def refused(request, message, *, request_id):
    return DIALECTS.speaker(request).itself.refuse(404, ErrorBody(message), request_id=request_id)


CHAT_PATHS = [
    "/v1/chat/completions",
    "/chat/completions",
    "/api/v1/chat/completions/",
    "/openai/deployments/gpt-4o/chat/completions",
    "/v1beta/openai/chat/completions",
]
NOT_SPOKEN = [
    "/v1/rerank",
    "/v1/messages",
    "/v1/messages/",
    "/v1beta/models/gemini-2.5-pro:generateContent",
    "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
    "/v1beta/models/text-embedding-004:embedContent",
    "/v1beta/models/text-embedding-004:batchEmbedContents",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
]
COUNTS = ["/v1/responses/input_tokens", "/v1/messages/count_tokens", "/v1beta/models/gemini-2.5-pro:countTokens"]
NO_MODEL_CALL = ["/v1/models", "/v1/traces/ingest", "/", "", "/v1/responses/resp_1"]


@pytest.mark.parametrize("path", CHAT_PATHS)
def test_chat_path_speaks_chat_on_any_host(path):
    assert dialect_of(wire(url=f"http://gateway.test{path}?api-version=1")) is CHAT


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_only_post_is_a_completion_and_get_a_look_up(method):
    assert dialect_of(wire(method=method)) is None


@pytest.mark.parametrize("path", NOT_SPOKEN + NO_MODEL_CALL)
def test_other_path_has_no_dialect(path):
    assert dialect_of(wire(url=f"https://api.openai.com{path}")) is None


@pytest.mark.parametrize("path", CHAT_PATHS + NOT_SPOKEN)
def test_model_endpoint_is_claimed_on_any_host(path):
    assert traffic("POST", "gateway.test", path) is Traffic.MODEL


@pytest.mark.parametrize("path", COUNTS)
@pytest.mark.parametrize("host", ["api.openai.com", "gateway.test"])
def test_count_of_tokens_is_claimed_on_any_host(host, path):
    assert traffic("POST", host, path) is Traffic.COUNT


@pytest.mark.parametrize(
    ("request_sent", "expected"),
    [
        (wire(), True),
        (wire(b"?"), True),
        (wire({"model": "llama3"}, url="http://localhost:11434/api/generate"), True),
        (wire({"model": "gpt-4o"}, url="https://api.openai.com/v1/responses/input_tokens"), False),
        (wire({"model": "claude"}, url="https://api.anthropic.com/v1/messages/count_tokens"), False),
        (wire({"model": 7}, url="https://shop.test/orders"), False),
        (wire(["model"], url="https://shop.test/orders"), False),
        (wire(b"model", url="https://shop.test/orders"), False),
        (wire(b"[" * 100_000, url="https://shop.test/orders"), False),
        (wire({"model": "x"}, method="PUT", url="https://shop.test/orders"), False),
        (wire(method="GET", url="https://api.openai.com/v1/models"), False),
    ],
)
def test_model_is_asked_by_path_or_by_a_body_that_names_it(request_sent, expected):
    assert DIALECTS.asks_model(request_sent) is expected


@pytest.mark.parametrize("path", NO_MODEL_CALL)
def test_other_traffic_to_a_provider_is_claimed_as_such(path):
    assert traffic("POST", "api.openai.com", path) is Traffic.PROVIDER


@pytest.mark.parametrize("path", NO_MODEL_CALL)
def test_other_traffic_elsewhere_is_somebody_elses(path):
    assert traffic("POST", "shop.test", path) is Traffic.NONE


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions/chatcmpl-1"])
def test_reading_what_was_stored_is_no_model_call_and_stays_here(path):
    assert traffic("GET", "gateway.test", path) is Traffic.PROVIDER


def test_reading_a_model_endpoint_is_no_model_call():
    assert traffic("GET", "gateway.test", "/v1/responses") is Traffic.NONE


@pytest.mark.parametrize("path", ["/messages", "/inbox/messages", "/v2/messages"])
def test_messages_without_their_version_are_a_users_own(path):
    assert traffic("POST", "shop.test", path) is Traffic.NONE


OPENAI = {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": None}}
ANTHROPIC = {"type": "error", "error": {"type": "not_found_error", "message": "no"}}
GOOGLE = {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}
MISTRAL = {"object": "error", "message": "no", "type": "invalid_request_error", "param": None, "code": None}
REPLICATE = {"title": "Not found", "detail": "no", "status": 404}


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("x.test/v1/responses/", OPENAI),
        ("api.openai.com/v1/models", OPENAI),
        ("api.openai.com/v1/batches", OPENAI),
        ("x.test/v1/messages", ANTHROPIC),
        ("api.anthropic.com/v1/models", ANTHROPIC),
        ("us-east5-aiplatform.googleapis.com/v1/publishers/anthropic/models/c:rawPredict", ANTHROPIC),
        ("x.test/v1beta/models/g:generateContent", GOOGLE),
        ("generativelanguage.googleapis.com/v1beta/models", GOOGLE),
        ("generativelanguage.googleapis.com/v1beta/openai/models", OPENAI),
        ("x.test/v1beta/interactions", GOOGLE),
        ("bedrock-runtime.us-east-1.amazonaws.com/model/a%2Fb/converse", {"message": "no"}),
        ("x.test/v2/embed", {"message": "no"}),
        ("api.cohere.com/v1/models", {"message": "no"}),
        ("api.mistral.ai/v1/ocr", MISTRAL),
        ("dashscope.aliyuncs.com/api/v1/services/aigc/a/generation", {"code": "NotFound", "message": "no"}),
        ("dashscope.aliyuncs.com/compatible-mode/v1/models", OPENAI),
        (
            "x.ml.cloud.ibm.com/ml/v1/text/chat",
            {"errors": [{"code": "not_found", "message": "no"}], "status_code": 404},
        ),
        ("api.replicate.com/v1/predictions", REPLICATE),
        ("api.stability.ai/v2beta/stable-image/generate/core", {"name": "not_found", "errors": ["no"]}),
        ("fal.run/fal-ai/flux", {"detail": "no"}),
        ("localhost/api/chat", {"error": "no"}),
        ("api-inference.huggingface.co/models/gpt2", {"error": "no"}),
    ],
)
def test_refusal_has_the_envelope_of_its_api(address, body):
    answer = play(refused(wire(url=f"https://{address}"), "no", request_id="req_1"))

    assert answer.json == body


def test_refusal_has_the_headers_of_no_company():
    answer = play(refused(wire(url="https://x.test/v1/audio/speech"), "no", request_id="req_1"))

    assert (answer.status, answer.headers) == (
        404,
        [
            ("content-type", "application/json"),
            ("content-length", "114"),
            ("x-request-id", "req_1"),
        ],
    )


def test_refusal_can_name_a_url_that_utf8_cannot_carry():
    answer = play(refused(wire(url="https://x.test/v1/audio/speech"), "\ud800", request_id="req_1"))

    assert answer.error["message"] == "\\ud800"


def test_speaker_of_azure_is_asked_for_the_deployment_in_its_path():
    url = "https://mine.openai.azure.com/openai/deployments/gpt-4o/chat/completions"

    assert DIALECTS.speaker(wire({"messages": []}, url=url)).model == "gpt-4o"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://api.openai.com/v1/embeddings", "The server had an error while processing your request. "),
        ("https://api.anthropic.com/v1/messages", "Scripted error 500"),
    ],
)
def test_words_of_openai_are_those_of_apis_that_copy_it(url, message):
    assert DIALECTS.speaker(wire(url=url)).words(ErrorReply(500)).message.startswith(message)


def test_azure_says_the_errors_of_apis_that_are_not_spoken_as_those_of_chat():
    speaker = DIALECTS.speaker(wire(url="https://mine.openai.azure.com/openai/deployments/e/embeddings"))
    said = speaker.words(ErrorReply.rate_limited())

    assert speaker.envelope(said, 429) == {"error": {"code": "429", "message": said.message}}
