import pickle
import sys

import pytest
from pydantic import BaseModel, ValidationError

from fakellm.messages import StructuredMessage, StructuredMessageFactory, StructureMessageConfig
from fakellm.models import UserMessage


class Weather(BaseModel):
    city: str
    degrees: int = 18


PARIS = Weather(city="Paris")
AS_JSON = '{"city":"Paris","degrees":18}'
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WeatherMessage = StructuredMessage[Weather]


def test_text_is_the_content_as_json() -> None:
    message = WeatherMessage(content=PARIS, source="bot")

    assert message.to_text() == message.to_model_text() == AS_JSON


def test_format_string_renders_the_fields() -> None:
    message = WeatherMessage(content=PARIS, source="bot", format_string="{degrees} °C in {city}")

    assert message.to_text() == message.to_model_text() == "18 °C in Paris"


def test_empty_format_string_renders_nothing() -> None:
    assert WeatherMessage(content=PARIS, source="bot", format_string="").to_text() == ""


def test_models_get_json_whatever_the_format() -> None:
    message = WeatherMessage(content=PARIS, source="bot", format_string="{city}")

    assert message.to_model_message() == UserMessage(content=AS_JSON, source="bot")


@pytest.mark.parametrize(
    ("format_string", "error"),
    [("{country}", KeyError), ("{}", IndexError), ("{city.name}", AttributeError), ("{city", ValueError)],
)
def test_format_string_that_does_not_fit_raises(format_string: str, error: type[Exception]) -> None:
    message = WeatherMessage(content=PARIS, source="bot", format_string=format_string)

    with pytest.raises(error):
        message.to_text()


def test_type_is_the_class_with_its_brackets() -> None:
    message = WeatherMessage(content=PARIS, source="bot")

    assert message.type == message.dump()["type"] == "StructuredMessage[Weather]"


def test_type_given_is_ignored() -> None:
    message = WeatherMessage.load({"content": {"city": "Paris"}, "source": "bot", "type": "Anything"})

    assert message.type == "StructuredMessage[Weather]"


def test_dump_reads_back() -> None:
    message = WeatherMessage(content=PARIS, source="bot", format_string="{city}")

    assert WeatherMessage.load(message.dump()) == message
    assert WeatherMessage.model_validate_json(message.model_dump_json()) == message


def test_dump_has_its_keys_in_autogens_order() -> None:
    assert list(WeatherMessage(content=PARIS, source="bot").dump()) == [
        "id", "source", "models_usage", "metadata", "created_at", "content", "format_string", "type",
    ]  # fmt: skip


def test_content_that_does_not_fit_is_rejected() -> None:
    with pytest.raises(ValidationError, match=r"content\.city"):
        WeatherMessage.load({"content": {"degrees": 18}, "source": "bot"})


def test_without_brackets_an_object_is_kept() -> None:
    message = StructuredMessage(content=PARIS, source="bot")

    assert message.content is PARIS
    assert message.dump()["content"] == {"city": "Paris", "degrees": 18}
    assert message.type == "StructuredMessage"


def test_without_brackets_a_dict_loses_its_keys() -> None:
    loaded: StructuredMessage[BaseModel] = StructuredMessage.load({"content": {"city": "Paris"}, "source": "bot"})

    assert type(loaded.content) is BaseModel


def test_message_pickles_when_its_class_has_a_name_in_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[WeatherMessage.__module__], WeatherMessage.__name__, WeatherMessage, raising=False)
    message = WeatherMessage(content=PARIS, source="bot")

    assert pickle.loads(pickle.dumps(message)) == message


def test_factory_takes_a_model() -> None:
    factory = StructuredMessageFactory(input_model=Weather, format_string="{city}")

    assert factory.ContentModel is Weather
    assert factory.StructuredMessage is StructuredMessage[Weather]
    assert factory.format_string == "{city}"


def test_factory_makes_a_model_from_a_schema() -> None:
    factory = StructuredMessageFactory(json_schema=SCHEMA)

    message = factory.StructuredMessage(content=factory.ContentModel(city="Paris"), source="bot")

    assert message.to_text() == '{"city":"Paris"}'
    assert message.type == "StructuredMessage[GeneratedContentModel]"


def test_factory_prefers_the_schema() -> None:
    factory = StructuredMessageFactory(json_schema=SCHEMA, input_model=Weather, content_model_name="Place")

    assert factory.ContentModel.__name__ == "Place"


def test_factory_takes_a_model_beside_an_empty_schema() -> None:
    assert StructuredMessageFactory(json_schema={}, input_model=Weather).ContentModel is Weather


@pytest.mark.parametrize("json_schema", [None, {}])
def test_factory_needs_one_of_both(json_schema: dict[str, object] | None) -> None:
    with pytest.raises(ValueError, match="give json_schema or input_model"):
        StructuredMessageFactory(json_schema=json_schema)


def test_factory_is_written_down_and_built_again() -> None:
    dumped = StructuredMessageFactory(input_model=Weather, format_string="{city}").dump_component()

    assert dumped.provider == "fakellm.messages.StructuredMessageFactory"
    assert (dumped.component_type, dumped.label) == ("structured_message", "StructuredMessageFactory")
    assert dumped.config == {
        "json_schema": {
            "properties": {
                "city": {"title": "City", "type": "string"},
                "degrees": {"default": 18, "title": "Degrees", "type": "integer"},
            },
            "required": ["city"],
            "title": "Weather",
            "type": "object",
        },
        "format_string": "{city}",
        "content_model_name": "Weather",
    }

    built = StructuredMessageFactory.load_component(dumped)

    assert built.ContentModel(city="Paris").model_dump() == {"city": "Paris", "degrees": 18}
    assert built.format_string == "{city}"


def test_config_of_a_factory_may_lack_the_format() -> None:
    assert StructureMessageConfig(json_schema=SCHEMA, content_model_name="Place").format_string is None
