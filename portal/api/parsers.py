"""How request bodies are read: JSON, and nothing that would make the reader stumble."""

from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """JSON as the standard has it."""

    def accepts(self, content_type: str | None) -> bool:
        """Say whether the content type is JSON's."""
        return (content_type or "").partition(";")[0].strip().lower() == self.media_type

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the data of a JSON body; raise ParseError also for nesting that has no end."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            message = "JSON is nested too deeply"
            raise ParseError(message) from None
