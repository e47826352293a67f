"""A city guide on pydantic-ai: typed answers, a tool with dependencies, a validator that sends the model back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic_ai import Agent, ModelRetry, RunContext
from pydantic_ai.models.openai import OpenAIChatModel


class Tip(BaseModel):
    city: str
    sight: str
    umbrella: bool


@dataclass
class Weather:
    """What the tool asks; a web service in production."""

    rain: dict[str, bool]


model = OpenAIChatModel("gpt-4o-mini")
guide = Agent(
    model, deps_type=Weather, output_type=Tip, instructions="Recommend one sight. Look at the weather first.", retries=2
)
storyteller = Agent(model, instructions="Tell the history of a city in two sentences.")


@guide.tool
def will_it_rain(context: RunContext[Weather], city: str) -> str:
    """Tell whether it will rain in a city today."""
    if city not in context.deps.rain:
        raise ModelRetry(f"no forecast for {city!r}, give the English name")
    return "rain" if context.deps.rain[city] else "no rain"


@guide.output_validator
def sights_have_names(tip: Tip) -> Tip:
    if not tip.sight:
        raise ModelRetry("name a sight")
    return tip


async def recommend(city: str, weather: Weather) -> Tip:
    result = await guide.run(f"What should I see in {city}?", deps=weather)
    return result.output


async def tell(city: str) -> AsyncIterator[str]:
    """Yield the history of a city, piece by piece."""
    async with storyteller.run_stream(f"Tell me about {city}.") as result:
        async for piece in result.stream_text(delta=True, debounce_by=None):
            yield piece
