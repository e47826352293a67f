import pytest

from fakellm._dialects.providers import is_provider_host


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
        "bedrock-mantle.us-east-1.api.aws",
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
