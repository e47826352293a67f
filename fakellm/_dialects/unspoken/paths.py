"""The paths at which models are asked, of APIs that a dialect speaks and of those that none does.

All patterns look at an *address*: host and path as one text, such as ``api.cohere.com/v2/embed``, in the one spelling
that ``address_of`` gives. A new path is a line here. The law for a POST, by the table that its address stands in:

- ``_ANYWHERE``: nobody else has such a path, so it asks a model on any host;
- ``_SHARED``: users' own services have it as well; on a host of a provider it asks a model, elsewhere its body decides;
- ``_AT_PROVIDERS``: too common a path to say anything on another host;
- ``_COUNTS``, ``_COUNTS_AT_PROVIDERS``: it counts tokens, and makes no model speak.

Any other method reads, lists, polls or deletes.

Sources: the API references of the providers (2026-11).
"""

from __future__ import annotations

import re

from fakellm._wire.dialect import Traffic

__all__ = ["traffic_of"]


def _table(lines: str) -> re.Pattern[str]:
    """Return the pattern of a table. A segment in the middle is [^/]+, never .+: a search takes linear time."""
    return re.compile(lines, re.VERBOSE)


# ``/messages`` alone is too common a path for users' own services, so it needs its version.
_ANYWHERE = _table(
    r"""
      /responses(/compact)?$ | /completions$ | /moderations$ | /rerank$
    | /(multimodal|contextualized)?embeddings(/multimodal)?$
    | /images/(generations|edits|variations)$ | /audio/(speech|transcriptions|translations)$
    | /videos?/generations(/jobs)?$                                                      # Azure, xAI, Zhipu
    | /v1/messages(/batches)?$                                                           # Anthropic
    | :(stream)?generate(content|answer|text|message)$ | :(batch)?embed(contents?|text)$ # Gemini, PaLM
    | :batch(generatecontent|embedtext)$ | :asyncbatchembedcontent$
    | :(stream)?rawpredict$ | :(serverstreaming|direct)(raw)?predict$                    # Vertex AI
    | :predictlongrunning$ | /publishers/[^/]+/models/[^/]+:predict$
    | /model(/[^/]+){1,3}/(invoke|converse)(-with-response-stream|-stream)?$             # Bedrock; an ARN has slashes
    | /model-invocation-job$
    | /(serving-)?endpoints/[^/]+/(async-)?invocations(-response-stream)?$               # Databricks, SageMaker
    | /cortex/inference:complete$                                                        # Snowflake
    | /accounts/[^/]+/ai/run/[^/]                                                        # Cloudflare
    | /services/aigc/[^/]+/[^/]+$                                                        # DashScope
    | /contents/generations/tasks$                                                       # Volcengine
    | /wenxinworkshop/[^/]+/[^/]+$                                                       # Baidu
    | /text/chatcompletion(_v2|_pro)$                                                    # MiniMax
    | /ml/v1/(deployments/[^/]+/)?text/(chat|generation)(_stream)?$                      # watsonx
    """
)

_SHARED = _table(
    r"""
      /videos(/[^/]+/remix|/edits|/extensions)?$ | /batch(es|/jobs)$                     # OpenAI and alike
    | /threads(/[^/]+)?/runs$ | /realtime/(calls|sessions|client_secrets|transcription_sessions)$
    | /v1/complete$ | /v[12]/(chat|embed|generate)$                                      # Anthropic, Cohere
    | /ocr$                                                                              # Mistral
    | /interactions$                                                                     # Google
    | /api/(chat|generate|embed)$                                                        # Ollama
    | /generate(_stream)?$ | /completion$ | /infill$                                     # Hugging Face, vLLM, llama.cpp
    | /services/(embeddings|rerank|audio|nlp)/[^/]+/[^/]+$                               # DashScope
    """
)

_AT_PROVIDERS = _table(
    r"""
      /threads/[^/]+/runs/[^/]+/submit_tool_outputs$ | /evals/[^/]+/runs$                # OpenAI
    | /v1/(classify|summarize)$                                                          # Cohere
    | ^api\.mistral\.ai/v1/conversations(/[^/]+)?$                                       # a conversation runs an agent
    | :predict$ | /batchpredictionjobs$ | /reasoningengines/[^/]+:(stream)?query$        # Google
    | ^bedrock-agent-runtime[^/]*/(agents|flows|retrieveandgenerate|optimize-prompt)     # Bedrock
    | /async-invoke$
    | /apps/[^/]+/completion$                                                            # DashScope
    | /predictions$ | /outputs$ | /score$                                                # Replicate, Clarifai, Azure ML
    | /studio/v1/[^/]+/(complete|chat)$                                                  # AI21
    | ^ai-gateway\.vercel\.sh/v\d+/ai/[^/]+-model$
    | ^api\.(deepinfra\.com/v1|fireworks\.ai)/inference/ | ^api\.poe\.com/bot/
    | ^api\.novita\.ai/v3/(async/)?[^/]+$ | ^api\.writer\.com/v1/applications/[^/]+(/jobs)?$
    | ^api\.deepgram\.com/v1/(listen|speak|read)$
    | ^api\.assemblyai\.com/(v2/transcript|lemur/v3/generate/[^/]+)$
    | ^api\.elevenlabs\.io/v1/(text-to-|speech-to-|sound-generation|music|audio-isolation)
    | ^api\.stability\.ai/(v1/generation|v2beta)/
    | ^(api-inference|router)\.huggingface\.co/ | \.endpoints\.huggingface\.cloud(/|$)   # these serve nothing else
    | ^(queue\.)?fal\.run/ | ^api\.nlpcloud\.io/ | ^hunyuan\.tencentcloudapi\.com(/|$)
    | ^gateway\.ai\.cloudflare\.com/
    """
)

# CrewAI asks for a count before each call, and does without where there is none.
_COUNTS = _table(
    r"""
      /responses/input_tokens$ | /v1/messages/count_tokens$                              # OpenAI, Anthropic
    | :(count|compute)(message|text)?tokens$ | /models/count-tokens:rawpredict$          # Google
    | /model(/[^/]+){1,3}/count-tokens$                                                  # Bedrock
    | /tokenizers/estimate-token-count$                                                  # Moonshot
    """
)
_COUNTS_AT_PROVIDERS = _table(r"/(de)?tokenize$ | /tokenize-text$ | /text/tokenization$ | /tokenizer$")


def traffic_of(address: str, *, at_provider: bool) -> Traffic:
    """Say whose business a POST to an address is. at_provider: whether the host is known to belong to a provider."""
    if _COUNTS.search(address) or (at_provider and _COUNTS_AT_PROVIDERS.search(address)):
        return Traffic.COUNT
    if _ANYWHERE.search(address):
        return Traffic.MODEL
    is_shared = _SHARED.search(address) is not None
    if at_provider:
        return Traffic.MODEL if is_shared or _AT_PROVIDERS.search(address) else Traffic.PROVIDER
    return Traffic.BODY if is_shared else Traffic.NONE
