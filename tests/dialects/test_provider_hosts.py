import pytest

from fakellm._dialects.providers import is_loopback, is_provider_host


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "eu.api.openai.com",
        "api.anthropic.com",
        "api.deepseek.com",
        "openrouter.ai",
        "generativelanguage.googleapis.com",
        "my-resource.openai.azure.com",
        "my-resource.services.ai.azure.com",
        "my-resource.cognitiveservices.azure.com",
        "europe-west4-aiplatform.googleapis.com",
        "bedrock-runtime.eu-central-1.amazonaws.com",
        "bedrock-runtime-fips.us-east-1.amazonaws.com",
        "api.openai.com.",
        "dashscope-us.aliyuncs.com",
        "api.voyageai.com",
        "gateway.ai.cloudflare.com",
        "us-south.ml.cloud.ibm.com",
        "abc123.us-east-1.aws.endpoints.huggingface.cloud",
    ],
)
def test_host_of_a_provider_is_known(host):
    assert is_provider_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "openai.com",
        "notapi.openai.com",
        "api.openai.com.evil.test",
        "xapi.openai.com",
        "openai.azure.com.test",
        "amazonaws.com",
        "s3.eu-central-1.amazonaws.com",
        "my-account.snowflakecomputing.com",
        "localhost",
    ],
)
def test_host_of_somebody_else_is_none(host):
    assert not is_provider_host(host)


LOOPBACK = """
localhost 127.0.0.1 127.255.0.3 ::1 api.localhost localhost. localhost.localdomain ip6-localhost 127.0.0.1. [::1]
0:0:0:0:0:0:0:1 ::1%lo ::ffff:127.0.0.1 ::ffff:7f00:1 127.1 127.0.1 0177.0.0.1 0x7f.1 0x7f000001 2130706433
0.0.0.0 0 :: 00.0
"""


@pytest.mark.parametrize("host", LOOPBACK.split())
def test_loopback_host_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "128.0.0.1",
        "127.0.0.1.test",
        "x127.0.0.1",
        "localhost.test",
        "notlocalhost",
        "::2",
        "::ffff:128.0.0.1",
        "128.1",
        "2147483648",
        "0x80.1",
        "127",
        "1.2.3.4.5",
        "08.1",
        "127.x",
    ],
)
def test_other_host_is_another_machine(host):
    assert not is_loopback(host)
