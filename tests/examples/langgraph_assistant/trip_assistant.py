"""A trip assistant as a graph of langgraph: a model with tools, the tools, and a node that writes the summary."""

from collections.abc import Iterator
from typing import Annotated, TypedDict

from langchain_core.messages import AnyMessage, SystemMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode

PLANNER = SystemMessage("You plan trips. Look up trains and hotels before you answer.")
WRITER = SystemMessage("You sum up a plan in one sentence.")


class Trip(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    summary: str


@tool
def find_train(to: str) -> str:
    """Find the next train to a city."""
    return f"the train to {to} leaves at 9:05"


@tool
def find_hotel(city: str, stars: int = 3) -> str:
    """Find a hotel in a city."""
    if not 1 <= stars <= 5:
        raise ValueError("stars go from 1 to 5")
    return f"the {stars}-star hotel in {city} has rooms"


TOOLS = [find_train, find_hotel]


def build_graph():
    planner = ChatOpenAI(model="gpt-4o", temperature=0).bind_tools(TOOLS)
    writer = ChatOpenAI(model="gpt-4o-mini", temperature=0)

    def plan(state: Trip) -> dict:
        return {"messages": [planner.invoke([PLANNER, *state["messages"]])]}

    def next_step(state: Trip) -> str:
        return "tools" if state["messages"][-1].tool_calls else "write"

    def write(state: Trip) -> dict:
        return {"summary": writer.invoke([WRITER, ("user", state["messages"][-1].content)]).content}

    graph = StateGraph(Trip)
    graph.add_node("plan", plan)
    graph.add_node("tools", ToolNode(TOOLS, handle_tool_errors=True))
    graph.add_node("write", write)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", next_step, ["tools", "write"])
    graph.add_edge("tools", "plan")
    graph.add_edge("write", END)
    return graph.compile(checkpointer=InMemorySaver())


def ask(graph, wish: str, *, thread: str = "1") -> Trip:
    return graph.invoke({"messages": [("user", wish)]}, {"configurable": {"thread_id": thread}})


def stream(graph, wish: str) -> Iterator[tuple[str, str]]:
    """Yield (node, piece of text) as the models write."""
    config = {"configurable": {"thread_id": "1"}}
    for chunk, about in graph.stream({"messages": [("user", wish)]}, config, stream_mode="messages"):
        if chunk.type == "AIMessageChunk" and chunk.content:
            yield about["langgraph_node"], chunk.content
