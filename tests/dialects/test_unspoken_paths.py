"""Whose business a request is: one row for each path and spelling."""

import time

import pytest
from chat_wire import wire

from fakellm._dialects.table import DIALECTS
from fakellm._wire.dialect import Traffic
from fakellm._wire.events import address_of


def traffic(method, host, path):
    return DIALECTS.traffic(wire(method=method, url=f"https://{host}{path}"))


A_MODEL = b'{"model": "m"}'
NOTHING = b'{"inputs": "hi"}'

ANYWHERE = [
    "/v1/videos/generations",
    "/openai/v1/video/generations/jobs",
    "/v1/messages/batches",
    "/v1beta/models/gemini-2.5-pro:batchGenerateContent",
    "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent",
    "/v1beta/models/aqa:generateAnswer",
    "/v1beta/models/veo-3:predictLongRunning",
    "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4:rawPredict",
    "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4:streamRawPredict",
    "/v1/projects/p/locations/l/publishers/google/models/imagen-4:predict",
    "/v1/projects/p/locations/l/endpoints/7:serverStreamingPredict",
    "/v1/projects/p/locations/l/endpoints/7:directRawPredict",
    "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke",
    "/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream",
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A7%3Ainference-profile%2Fus.anthropic.claude/converse",
    "/model/arn:aws:bedrock:us-east-1:7:inference-profile/us.anthropic.claude/converse-stream",
    "/model-invocation-job",
    "/serving-endpoints/databricks-claude/invocations",
    "/endpoints/llama/invocations-response-stream",
    "/api/v2/cortex/inference:complete",
    "/client/v4/accounts/7/ai/run/@cf/meta/llama-3-8b-instruct",
    "/api/v1/services/aigc/text-generation/generation",
    "/api/v3/contents/generations/tasks",
    "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro",
    "/v1/text/chatcompletion_v2",
    "/ml/v1/text/chat",
    "/ml/v1/deployments/d/text/generation_stream",
    "/v1/multimodalembeddings",
    "/v1/engines/copilot-codex/completions",
]
SHARED = [
    "/v1/videos",
    "/v1/videos/video_1/remix",
    "/v1/batches",
    "/v1/batch/jobs",
    "/v1/threads/runs",
    "/v1/threads/thread_1/runs",
    "/v1/realtime/sessions",
    "/v1/complete",
    "/v1/chat",
    "/v2/chat",
    "/v1/embed",
    "/v2/embed",
    "/v1/generate",
    "/v1/ocr",
    "/v1beta/interactions",
    "/api/chat",
    "/api/generate",
    "/api/embed",
    "/generate",
    "/generate_stream",
    "/completion",
    "/api/v1/services/embeddings/text-embedding/text-embedding",
]
AT_PROVIDERS = [
    ("api.openai.com", "/v1/threads/t/runs/r/submit_tool_outputs"),
    ("api.openai.com", "/v1/evals/e/runs"),
    ("api.cohere.com", "/v1/classify"),
    ("api.mistral.ai", "/v1/conversations"),
    ("api.mistral.ai", "/v1/conversations/conv_1"),
    ("generativelanguage.googleapis.com", "/v1beta/models/imagen-4:predict"),
    ("us-central1-aiplatform.googleapis.com", "/v1/projects/p/locations/l/endpoints/7:predict"),
    ("bedrock-agent-runtime.us-east-1.amazonaws.com", "/agents/A/agentAliases/B/sessions/C/text"),
    ("bedrock-agent-runtime.us-east-1.amazonaws.com", "/retrieveAndGenerate"),
    ("bedrock-runtime.us-east-1.amazonaws.com", "/async-invoke"),
    ("dashscope.aliyuncs.com", "/api/v1/apps/a/completion"),
    ("api.replicate.com", "/v1/models/meta/llama/predictions"),
    ("api-inference.huggingface.co", "/models/gpt2"),
    ("router.huggingface.co", "/hf-inference/models/gpt2"),
    ("x.us-east-1.aws.endpoints.huggingface.cloud", "/"),
    ("x.us-east-1.aws.endpoints.huggingface.cloud", ""),
    ("fal.run", "/fal-ai/flux/dev"),
    ("api.deepgram.com", "/v1/listen"),
    ("api.elevenlabs.io", "/v1/text-to-speech/v/stream"),
    ("api.stability.ai", "/v2beta/stable-image/generate/core"),
]
COUNTS = [
    ("gateway.test", "/v1/responses/input_tokens"),
    ("gateway.test", "/anthropic/v1/messages/count_tokens"),
    ("gateway.test", "/v1beta/models/gemini-2.5-pro:countTokens"),
    ("gateway.test", "/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:computeTokens"),
    ("gateway.test", "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict"),
    ("gateway.test", "/model/anthropic.claude-3-haiku-20240307-v1:0/count-tokens"),
    ("gateway.test", "/v1/tokenizers/estimate-token-count"),
    ("api.cohere.com", "/v1/tokenize"),
    ("us-south.ml.cloud.ibm.com", "/ml/v1/text/tokenization"),
]
POLLS = [
    ("GET", "api.openai.com", "/v1/videos/video_1"),
    ("GET", "api.openai.com", "/v1/batches/batch_1"),
    ("GET", "api.openai.com", "/v1/batches"),
    ("GET", "api.openai.com", "/v1/threads/thread_1/runs/run_1"),
    ("GET", "api.replicate.com", "/v1/predictions/p"),
    ("DELETE", "api.openai.com", "/v1/videos/video_1"),
    ("POST", "api.openai.com", "/v1/batches/batch_1/cancel"),
    ("POST", "api.openai.com", "/v1/threads/thread_1/messages"),
    ("POST", "api.openai.com", "/v1/conversations"),
    ("POST", "us-central1-aiplatform.googleapis.com", "/v1/publishers/google/models/veo-3:fetchPredictOperation"),
]
USERS_OWN = [
    "/predictions",
    "/v1/models/half_plus_two:predict",
    "/agents/helper",
    "/v1/conversations",
    "/v1/summarize",
    "/evals/e/runs",
    "/tokenize",
    "/score",
    "/api/v1/services/billing/invoices/new",
    "/api/show",
    "/orders",
]


def is_call(host, path, body, method="POST"):
    return DIALECTS.is_model_call(wire(body, method=method, url=f"https://{host}{path}"))


@pytest.mark.parametrize("path", ANYWHERE)
def test_path_of_nobody_else_is_a_model_call_on_any_host(path):
    assert traffic("POST", "gateway.test", path) is Traffic.MODEL


@pytest.mark.parametrize("path", SHARED)
def test_shared_path_is_a_model_call_on_a_providers_host(path):
    assert traffic("POST", "api.openai.com", path) is Traffic.MODEL


@pytest.mark.parametrize("path", SHARED)
def test_shared_path_elsewhere_is_a_model_call_where_the_body_names_a_model(path):
    assert [is_call("localhost", path, body) for body in (A_MODEL, NOTHING)] == [True, False]


@pytest.mark.parametrize(("host", "path"), AT_PROVIDERS)
def test_common_path_is_a_model_call_on_the_host_of_its_provider(host, path):
    assert traffic("POST", host, path) is Traffic.MODEL


@pytest.mark.parametrize(("host", "path"), COUNTS)
def test_count_of_tokens_is_none_of_the_model_calls(host, path):
    assert traffic("POST", host, path) is Traffic.COUNT
    assert not is_call(host, path, A_MODEL)


@pytest.mark.parametrize(("method", "host", "path"), POLLS)
def test_polling_and_bookkeeping_are_other_traffic(method, host, path):
    assert traffic(method, host, path) is Traffic.PROVIDER


@pytest.mark.parametrize("path", USERS_OWN)
def test_service_of_the_user_is_left_alone_even_where_its_body_names_a_model(path):
    assert traffic("POST", "shop.test", path) is Traffic.NONE
    assert not is_call("shop.test", path, A_MODEL)


@pytest.mark.parametrize("path", [*SHARED, *ANYWHERE])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_reading_elsewhere_is_somebody_elses(method, path):
    assert traffic(method, "gateway.test", path) is Traffic.NONE
    assert not is_call("gateway.test", path, A_MODEL, method)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "m", "inputs": "hi"}',
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nsora-2\r\n--x--\r\n',
        b'--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nhi\r\n'
        b"--x\r\ncontent-disposition: form-data; name=model\r\n\r\nsora-2\r\n--x--\r\n",
    ],
)
def test_body_names_a_model(body):
    assert is_call("localhost", "/v1/videos", body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"?",
        b'{"model": 7}',
        b'["model"]',
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nname="model"\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="model"; filename="a.bin"\r\n\r\n0\r\n--x--\r\n',
    ],
)
def test_body_names_no_model(body):
    assert not is_call("localhost", "/v1/videos", body)


def test_model_named_to_a_provider_at_a_path_that_is_not_known_is_a_model_call():
    assert [is_call("api.openai.com", "/v9/dreams", body) for body in (A_MODEL, NOTHING)] == [True, False]


SPELLINGS = [
    "/V1/Chat/Completions",
    "/v1/chat/completions;v=1",
    "/v1;tenant=a/chat/completions",
    "//v1//chat///completions",
    "/v1/chat/completions//",
    "/v1/chat/./completions",
    "/v1/chat/x/../completions",
    "/v1/chat/%63ompletions",
    "/v1/chat/completion%73/",
    "/v1%2Fchat%2fcompletions",
    "/v1/chat/completions%3Bv=1",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_spelling_of_a_path_does_not_let_a_call_out(path):
    assert traffic("POST", "gateway.test", path) is Traffic.MODEL
    assert DIALECTS.find(wire(url=f"https://gateway.test{path}")) is not None


@pytest.mark.parametrize("path", ["/V2/Embed", "/v2/embed;v=1", "/v2//embed/", "/v2/%65mbed"])
def test_spelling_does_not_matter_on_a_providers_host(path):
    assert traffic("POST", "api.cohere.com.", path) is Traffic.MODEL


def test_host_of_a_pattern_may_end_with_a_dot():
    assert traffic("POST", "fal.run.", "/fal-ai/flux") is Traffic.MODEL


def test_place_is_one_text_for_all_spellings():
    assert {address_of("gateway.test", path) for path in SPELLINGS} == {"gateway.test/v1/chat/completions"}


@pytest.mark.parametrize("piece", ["/model/x", "/threads/", "/v1/messages", ":predict", ";", "%2e%2e/", "/", "a:", "%"])
def test_endless_path_is_judged_in_linear_time(piece):
    began = time.process_time()

    traffic("POST", "api.openai.com", "/" + piece * (200_000 // len(piece)) + "!")

    assert time.process_time() - began < 2
