"""Messages whose content is an object of the user's own pydantic model, known or given as a JSON Schema."""

from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from pydantic import BaseModel, computed_field

from fakellm.messages._base import BaseChatMessage
from fakellm.models import Component, ComponentBase, UserMessage
from fakellm.models._lazy import LazyModel

StructuredContentType = TypeVar("StructuredContentType", bound=BaseModel, covariant=True)
"""The model of a structured message's content."""


class StructuredMessage(BaseChatMessage, Generic[StructuredContentType]):
    """A chat message with an object as `content`, of the model in the brackets: `StructuredMessage[Weather]`.

    `format_string`: how the content reads as text, with its fields in braces; None renders it as JSON.
    Without brackets any pydantic object is kept as it is, but a dict loses all its keys, so its dumps cannot
    be loaded.

    >>> class Weather(BaseModel):
    ...     city: str
    ...     degrees: int
    >>> weather = Weather(city="Paris", degrees=18)
    >>> StructuredMessage[Weather](content=weather, source="bot", format_string="{degrees} °C").to_text()
    '18 °C'
    """

    content: StructuredContentType
    format_string: str | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator above property
    @property
    def type(self) -> str:
        """The name of the class with its brackets; written by `dump`, ignored by `load`."""
        return self.__class__.__name__

    def to_text(self) -> str:
        """Render by `format_string`, or as JSON.

        Raises: KeyError, IndexError, AttributeError or ValueError, from `str.format`, when it does not fit.
        """
        return _rendered(self.content, self.format_string)

    def to_model_text(self) -> str:
        """Render as `to_text` does, and raise what it raises."""
        return _rendered(self.content, self.format_string)

    def to_model_message(self) -> UserMessage:
        """Say the content as JSON, whatever the format string, in the sender's name."""
        return UserMessage(content=self.content.model_dump_json(), source=self.source)


if TYPE_CHECKING:  # inside the factory the name is that of its attribute
    _AnyStructuredMessage: TypeAlias = StructuredMessage[BaseModel]


def _rendered(content: BaseModel, format_string: str | None) -> str:
    if format_string is None:
        return content.model_dump_json()
    return format_string.format(**content.model_dump())


class StructureMessageConfig(LazyModel):
    """A `StructuredMessageFactory` written down.

    `json_schema`: of the content; `format_string`: of the messages; `content_model_name`: of the content's
    class.
    """

    json_schema: dict[str, Any]
    format_string: str | None = None
    content_model_name: str


class StructuredMessageFactory(ComponentBase[StructureMessageConfig], Component[StructureMessageConfig]):
    """A kind of structured message that can be written down and built again elsewhere.

    `ContentModel`: the class of the contents; `StructuredMessage`: the class of the messages;
    `format_string`: a text for the messages' own `format_string`, which each message is given by whoever
    makes it.

    >>> schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    >>> kind = StructuredMessageFactory(json_schema=schema, content_model_name="Place")
    >>> kind.StructuredMessage(content=kind.ContentModel(city="Paris"), source="bot").to_text()
    '{"city":"Paris"}'
    """

    component_config_schema = StructureMessageConfig
    component_provider_override = "fakellm.messages.StructuredMessageFactory"
    component_type = "structured_message"

    ContentModel: type[BaseModel]
    StructuredMessage: "type[_AnyStructuredMessage]"

    def __init__(
        self,
        json_schema: dict[str, Any] | None = None,
        input_model: type[BaseModel] | None = None,
        format_string: str | None = None,
        content_model_name: str | None = None,
    ) -> None:
        """Take the content's class from `json_schema`, or use `input_model` when there is no schema.

        `content_model_name`: the name of a class made from a schema.
        Raises: ValueError without both; SchemaConversionError for a schema that cannot be turned into a
        class.
        """
        self.format_string = format_string
        self.ContentModel = _content_model(json_schema, input_model, content_model_name)
        self.StructuredMessage = StructuredMessage[self.ContentModel]  # type: ignore[name-defined]

    def _to_config(self) -> StructureMessageConfig:
        return StructureMessageConfig(
            json_schema=self.ContentModel.model_json_schema(),
            format_string=self.format_string,
            content_model_name=self.ContentModel.__name__,
        )

    @classmethod
    def _from_config(cls, config: StructureMessageConfig) -> Self:
        return cls(
            json_schema=config.json_schema,
            format_string=config.format_string,
            content_model_name=config.content_model_name,
        )


def _content_model(
    json_schema: dict[str, Any] | None, input_model: type[BaseModel] | None, name: str | None
) -> type[BaseModel]:
    if json_schema:
        # Imported here: the types behind the formats cost more than all message classes, and few need them.
        from fakellm.messages._json_schema import model_from_schema

        return model_from_schema(json_schema, name or "GeneratedContentModel")
    if input_model:
        return input_model
    raise ValueError("nothing says what the content looks like: give json_schema or input_model")
