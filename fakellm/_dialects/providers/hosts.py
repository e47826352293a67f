"""Hosts that are known to belong to providers of language models.

Only for traffic that is no model call: model endpoints are claimed by their path, on any host.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

__all__ = ["is_loopback", "is_provider_host"]

_PROVIDER_HOSTS = frozenset(
    [
        "ai-gateway.vercel.sh",
        "aiplatform.googleapis.com",
        "api-inference.huggingface.co",
        "api.ai21.com",
        "api.aimlapi.com",
        "api.anthropic.com",
        "api.anyscale.com",
        "api.assemblyai.com",
        "api.baichuan-ai.com",
        "api.baseten.co",
        "api.cerebras.ai",
        "api.chutes.ai",
        "api.clarifai.com",
        "api.cohere.ai",
        "api.cohere.com",
        "api.deepgram.com",
        "api.deepinfra.com",
        "api.deepseek.com",
        "api.elevenlabs.io",
        "api.endpoints.anyscale.com",
        "api.featherless.ai",
        "api.fireworks.ai",
        "api.friendli.ai",
        "api.githubcopilot.com",
        "api.goose.ai",
        "api.groq.com",
        "api.hyperbolic.xyz",
        "api.inceptionlabs.ai",
        "api.inference.crusoecloud.com",
        "api.jina.ai",
        "api.kluster.ai",
        "api.lambda.ai",
        "api.lambdalabs.com",
        "api.lepton.ai",
        "api.lingyiwanwu.com",
        "api.llama.com",
        "api.minimax.chat",
        "api.minimax.io",
        "api.minimaxi.com",
        "api.mistral.ai",
        "api.moonshot.ai",
        "api.moonshot.cn",
        "api.morphllm.com",
        "api.nlpcloud.io",
        "api.novita.ai",
        "api.openai.com",
        "api.parasail.io",
        "api.perplexity.ai",
        "api.poe.com",
        "api.portkey.ai",
        "api.reka.ai",
        "api.replicate.com",
        "api.sambanova.ai",
        "api.siliconflow.cn",
        "api.siliconflow.com",
        "api.stability.ai",
        "api.stepfun.com",
        "api.studio.nebius.ai",
        "api.studio.nebius.com",
        "api.targon.com",
        "api.together.xyz",
        "api.tokenfactory.nebius.com",
        "api.upstage.ai",
        "api.venice.ai",
        "api.voyageai.com",
        "api.writer.com",
        "api.x.ai",
        "api.z.ai",
        "api.zhipuai.cn",
        "ark.cn-beijing.volces.com",
        "codestral.mistral.ai",
        "dashscope-intl.aliyuncs.com",
        "dashscope-us.aliyuncs.com",
        "dashscope.aliyuncs.com",
        "fal.run",
        "gateway.ai.cloudflare.com",
        "generativelanguage.googleapis.com",
        "hunyuan.tencentcloudapi.com",
        "inference.api.nscale.com",
        "inference.baseten.co",
        "inference.do-ai.run",
        "integrate.api.nvidia.com",
        "llm.chutes.ai",
        "models.github.ai",
        "models.inference.ai.azure.com",
        "oai.endpoints.kepler.ai.cloud.ovh.net",
        "open.bigmodel.cn",
        "openrouter.ai",
        "qianfan.baidubce.com",
        "queue.fal.run",
        "router.huggingface.co",
        "router.requesty.ai",
        "spark-api-open.xf-yun.com",
    ]
)

# Hosts that carry a customer's or a region's name. Not those that serve data as well, such as Snowflake's and
# Databricks': a test may need them.
_PROVIDER_PATTERN = re.compile(
    r"\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$|\.models\.ai\.azure\.com$"
    r"|\.inference\.ml\.azure\.com$|-aiplatform\.googleapis\.com$|\.api\.openai\.com$"
    r"|^bedrock-(agent-)?runtime(-fips)?\.[\w-]+\.amazonaws\.com$|^runtime\.sagemaker\.[\w-]+\.amazonaws\.com$"
    r"|\.ml\.cloud\.ibm\.com$|\.endpoints\.huggingface\.cloud$"
)

_LOOPBACK_NAMES = re.compile(r"^(localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$|\.localhost$")
_NUMBER = re.compile(r"(0x[0-9a-f]+)|(0[0-7]*)|([1-9][0-9]*)")


def is_provider_host(host: str) -> bool:
    """Whether a host (lower case, without port) belongs to a known provider."""
    host = host.rstrip(".")  # of a name that is looked up as it is
    return host in _PROVIDER_HOSTS or _PROVIDER_PATTERN.search(host) is not None


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host (lower case, without port) is this machine, in any of the spellings that resolvers take.

    The unspecified addresses count, since a connection to them ends here.
    """
    host = host.rstrip(".").strip("[]").partition("%")[0]
    if _LOOPBACK_NAMES.search(host):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return _is_short_loopback(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _is_short_loopback(host: str) -> bool:
    """Whether this is an address of 127.0.0.0/8, or 0, with parts left out or in octal or hexadecimal.

    Source: https://pubs.opengroup.org/onlinepubs/9799919799/functions/inet_addr.html
    """
    found = [_NUMBER.fullmatch(part) for part in host.split(".")]
    if len(found) > 4 or None in found:
        return False
    numbers = [_number(number) for number in found if number]
    first = numbers[0] if len(numbers) > 1 else numbers[0] >> 24
    return first == 127 or not any(numbers)


def _number(found: re.Match[str]) -> int:
    hexadecimal, octal, _ = found.groups()
    return int(found[0], 16 if hexadecimal else 8 if octal else 10)
