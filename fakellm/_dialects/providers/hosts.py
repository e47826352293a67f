"""Hosts that are known to belong to providers of language models.

Only for traffic that is no model call: model endpoints are claimed by their path, on any host.
"""

from __future__ import annotations

import re

__all__ = ["is_provider_host"]

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
_PROVIDER_PATTERN = (
    r"\.openai\.azure\.com$|\.services\.ai\.azure\.com$|\.cognitiveservices\.azure\.com$|\.models\.ai\.azure\.com$"
    r"|\.inference\.ml\.azure\.com$|-aiplatform\.googleapis\.com$|\.api\.openai\.com$"
    r"|^bedrock-(agent-)?runtime(-fips)?\.[\w-]+\.amazonaws\.com$|^runtime\.sagemaker\.[\w-]+\.amazonaws\.com$"
    r"|^bedrock-mantle\.[\w-]+\.api\.aws$"
    r"|\.ml\.cloud\.ibm\.com$|\.endpoints\.huggingface\.cloud$"
)


def is_provider_host(host: str) -> bool:
    """Whether a host (lower case, without port) belongs to a known provider."""
    host = host.rstrip(".")  # of a name that is looked up as it is
    return host in _PROVIDER_HOSTS or re.search(_PROVIDER_PATTERN, host) is not None
