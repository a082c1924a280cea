"""How request bodies are read: JSON, or YAML where that is allowed, without what makes readers stumble."""

import json
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from clouds.config.faults import ConfigFault, as_problem
from clouds.config.reading import decoded, read_yaml, tidy

YAML_TYPES = frozenset(
    {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml"}
)


class StrictJSONParser(JSONParser):
    """JSON as the standard has it."""

    def accepts(self, content_type: str | None) -> bool:
        """Say whether the content type is JSON's."""
        return _bare(content_type) == self.media_type

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the data of a JSON body; raise ParseError also for nesting that has no end."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            message = "JSON is nested too deeply"
            raise ParseError(message) from None


class OnceJSONParser(StrictJSONParser):
    """JSON in which no object names a field twice: of two values for one thing, neither is surely meant."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the data of a JSON body; raise ParseError where a field stands twice."""
        raw = stream.read()
        data = super().parse(BytesIO(raw), media_type, parser_context)
        json.loads(raw, object_pairs_hook=_once)
        return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            message = f"the field {name[:40]!r} stands twice in one object."
            raise ParseError(message)
        found[name] = value
    return found


class YAMLParser(BaseParser):
    """YAML without its magic. The view finds values and places at `reading`."""

    media_type = "application/yaml"

    def accepts(self, content_type: str | None) -> bool:
        """Say whether the content type is one of YAML's (RFC 9512, and what was used before it)."""
        return _bare(content_type) in YAML_TYPES

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the data of a YAML body; raise Problem that names line and column."""
        try:
            reading = read_yaml(tidy(decoded(stream.read())))
        except ConfigFault as error:
            raise as_problem(error) from error
        parser_context["view"].reading = reading
        return reading.data


def _bare(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()
