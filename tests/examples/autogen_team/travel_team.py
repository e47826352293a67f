"""A travel agency on AutoGen: one agent with tools, and a team in which the booker hands over to the traveller."""

from collections.abc import AsyncIterator

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import Handoff, TaskResult
from autogen_agentchat.conditions import HandoffTermination, MaxMessageTermination, TextMentionTermination
from autogen_agentchat.messages import HandoffMessage, ModelClientStreamingChunkEvent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.models import ChatCompletionClient

FLIGHTS = {"Oslo": "SK 801 at 7:40", "Lima": "LA 2706 at 23:55"}


async def find_flight(city: str) -> str:
    """Find the next flight to a city."""
    return FLIGHTS.get(city, f"no flight to {city}")


def build_clerk(model_client: ChatCompletionClient) -> AssistantAgent:
    return AssistantAgent(
        "clerk",
        model_client,
        system_message="You are the clerk. Look up flights before you answer.",
        tools=[find_flight],
        reflect_on_tool_use=True,
        model_client_stream=False,
    )


def build_storyteller(model_client: ChatCompletionClient) -> AssistantAgent:
    return AssistantAgent("storyteller", model_client, system_message="You describe cities.", model_client_stream=True)


def build_team(model_client: ChatCompletionClient) -> RoundRobinGroupChat:
    finder = AssistantAgent(
        "finder", model_client, system_message="You are the finder. You look up flights.", tools=[find_flight]
    )
    booker = AssistantAgent(
        "booker",
        model_client,
        system_message="You are the booker. Ask the traveller to confirm, then say TERMINATE.",
        handoffs=[Handoff(target="traveller", description="Ask the traveller to confirm.")],
    )
    stop = HandoffTermination(target="traveller") | TextMentionTermination("TERMINATE") | MaxMessageTermination(20)
    return RoundRobinGroupChat([finder, booker], termination_condition=stop)


async def plan(team: RoundRobinGroupChat, wish: str) -> TaskResult:
    """Work until the team asks the traveller, or is done."""
    return await team.run(task=wish)


async def confirm(team: RoundRobinGroupChat, word: str) -> TaskResult:
    """Go on with what the traveller says."""
    return await team.run(task=HandoffMessage(source="traveller", target="booker", content=word))


async def tell(agent: AssistantAgent, wish: str) -> AsyncIterator[str]:
    """Yield what the agent says, piece by piece."""
    async for event in agent.run_stream(task=wish):
        if isinstance(event, ModelClientStreamingChunkEvent):
            yield event.content
