import pytest
from city_guide import Tip, Weather, recommend, tell
from pydantic_ai.exceptions import ModelHTTPError, UnexpectedModelBehavior

from fakellm import ErrorReply, ToolCall

LOUVRE = Tip(city="Paris", sight="the Louvre", umbrella=True)
RAIN = Weather({"Paris": True, "Rome": False})


async def test_looks_at_the_weather_first(fake_llm):
    fake_llm.when(user="Paris").reply(ToolCall("will_it_rain", {"city": "Paris"}))
    fake_llm.when(tool_result="rain").reply(LOUVRE)

    assert await recommend("Paris", RAIN) == LOUVRE
    fake_llm.calls.assert_order("will_it_rain", "final_result")


async def test_tool_sends_the_model_back(fake_llm):
    fake_llm.when(turn=0).reply(ToolCall("will_it_rain", {"city": "Parigi"}))
    fake_llm.when(tool_result="no forecast for 'Parigi'").reply(ToolCall("will_it_rain", {"city": "Paris"}))
    fake_llm.when(tool_result="rain").reply(LOUVRE)

    assert await recommend("Paris", RAIN) == LOUVRE


async def test_validator_sends_the_model_back(fake_llm):
    fake_llm.when(turn=0).reply(Tip(city="Paris", sight="", umbrella=True))
    fake_llm.when(tool_result="name a sight").reply(LOUVRE)

    assert await recommend("Paris", RAIN) == LOUVRE


async def test_wrong_shape_sends_the_model_back(fake_llm):
    fake_llm.when(turn=0).reply(ToolCall("final_result", '{"city": "Paris"}'))
    fake_llm.when(tool_result="Field required").reply(LOUVRE)

    assert await recommend("Paris", RAIN) == LOUVRE


async def test_gives_up_on_a_model_that_never_learns(fake_llm):
    fake_llm.reply(Tip(city="Paris", sight="", umbrella=True), times=3)

    with pytest.raises(UnexpectedModelBehavior, match="retries"):
        await recommend("Paris", RAIN)


async def test_tells_a_story_piece_by_piece(fake_llm):
    fake_llm.reply("Paris was a village. Then it grew.", chunks=["Paris was a village. ", "Then it grew."])

    assert [piece async for piece in tell("Paris")] == ["Paris was a village. ", "Then it grew."]


async def test_recovers_from_a_rate_limit(fake_llm, llm_clock):
    fake_llm.reply(ErrorReply.rate_limited(retry_after=30), LOUVRE)

    assert await recommend("Paris", RAIN) == LOUVRE
    assert llm_clock.elapsed == 30


async def test_rate_limit_that_stays_is_an_error(fake_llm):
    fake_llm.reply(ErrorReply.rate_limited(), times=None)

    with pytest.raises(ModelHTTPError, match="429"):
        await recommend("Paris", RAIN)


@pytest.mark.llm_cassette
async def test_recorded_session():
    assert await recommend("Rome", RAIN) == Tip(city="Rome", sight="the Pantheon", umbrella=False)
    assert "".join([piece async for piece in tell("Rome")]) == "Rome was not built in a day. It is still not finished."
