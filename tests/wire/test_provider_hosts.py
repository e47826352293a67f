import pytest

from fakellm._wire.providers import is_loopback, is_provider_host


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
        "localhost",
    ],
)
def test_host_of_somebody_else_is_none(host):
    assert not is_provider_host(host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.0.3", "::1", "api.localhost"])
def test_loopback_host_is_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "128.0.0.1", "127.0.0.1.test", "x127.0.0.1", "localhost.test", "notlocalhost", "::2"]
)
def test_other_host_is_another_machine(host):
    assert not is_loopback(host)
