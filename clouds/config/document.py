"""The configuration of a cloud as one document: whose it is, and which workloads get which role."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from clouds.config.faults import ConfigFault, Fault
from clouds.config.reading import LONGEST_TEXT, Reading, decoded, read_yaml, tidy
from clouds.config.writing import MAPPING, rewrite, write_yaml
from iam.mapping import Config, ConfigError, read_config

ID, PROVIDER, STACK = "cloud_deployment_id", "cloud_provider", "compute_stack"
KEYS = (ID, PROVIDER, STACK, MAPPING)
STACKS = ("VM",)
MOST_RULES = 2_000
MOST_PROFILES = 500
TOO_LONG = f"The configuration has more than {LONGEST_TEXT // 1024} KiB. Take out what is not needed."
_MAPPING_ORDER = ("mode", "rules", "default_rule", "instance_profile_override")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose configuration it must be: deployment id, provider as documents spell it, and the AWS account."""

    deployment_id: str
    provider: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration that was read, and the YAML text that says the same with people's comments."""

    deployment_id: str
    provider: str
    mapping: Config
    source: str
    stack: str = STACKS[0]

    def to_json(self) -> dict[str, Any]:
        """Give the document as JSON values, in the order in which it is shown."""
        return {
            ID: self.deployment_id,
            PROVIDER: self.provider,
            STACK: self.stack,
            MAPPING: self.mapping.to_json(),
        }


def pristine(identity: Identity) -> Document:
    """Give the configuration of a cloud for which nobody has written one: no mapping."""
    empty = Document(identity.deployment_id, identity.provider, Config.EMPTY, "")
    return Document(identity.deployment_id, identity.provider, Config.EMPTY, write_yaml(empty.to_json()))


def from_yaml(text: str | bytes, identity: Identity) -> Document:
    """Read a configuration from YAML, whose text is kept; raises ConfigFault with all faults and places."""
    source = tidy(decoded(text) if isinstance(text, bytes) else text)
    return read_source(read_yaml(source), identity)


def read_source(reading: Reading, identity: Identity) -> Document:
    """Read a configuration from YAML that was parsed already."""
    faults, document = _read(reading.data, identity, reading.text)
    if faults or document is None:
        raise ConfigFault(reading.fault(path, message, position) for path, message, position in faults)
    return document


def from_json(data: object, identity: Identity, source: str = "") -> Document:
    """Read a configuration from JSON values. Comments of `source`, the YAML so far, stay."""
    faults, document = _read(data, identity, "")
    if faults or document is None:
        raise ConfigFault(Fault(path, message) for path, message, _ in faults)
    said = document.to_json()
    text = rewrite(source, said) if source else write_yaml(said)
    if len(text) > LONGEST_TEXT:
        # It could not be read back, nor edited in the console.
        raise ConfigFault([Fault("", TOO_LONG)])
    return Document(document.deployment_id, document.provider, document.mapping, text, document.stack)


def read_mapping(data: object, identity: Identity) -> Config:
    """Read a `dataplane_iam_mapping` by itself; raises ConfigFault with all faults."""
    mapping, faults = _mapping({MAPPING: data}, identity)
    if mapping is None:
        paths = ((path.removeprefix(MAPPING).lstrip("."), message) for path, message, _ in faults)
        raise ConfigFault(Fault(path, message) for path, message in paths)
    return mapping


def ordered(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give a stored document with its fields in the order in which it is shown."""
    mapping = data[MAPPING]
    inner = {key: mapping[key] for key in _MAPPING_ORDER if key in mapping}
    return {**{key: data[key] for key in KEYS if key in data}, MAPPING: inner}


Found = tuple[str, str, int | None]


def _read(data: object, identity: Identity, source: str) -> tuple[list[Found], Document | None]:
    if not isinstance(data, Mapping):
        return [("", f"A configuration is an object with {', '.join(KEYS)}.", None)], None
    faults = [*_unknown(data), *_own(data, identity)]
    stack = data.get(STACK, STACKS[0])
    if stack not in STACKS:
        faults.append((STACK, "compute_stack must be VM: Raydock runs Ray on virtual machines.", None))
    mapping, found = _mapping(data, identity)
    faults += found
    if faults or mapping is None:
        return faults, None
    return [], Document(identity.deployment_id, identity.provider, mapping, source, str(stack))


def _unknown(data: Mapping[Any, Any]) -> Iterable[Found]:
    known = f"There is no such field. The fields are {', '.join(KEYS)}."
    return [(str(key), known, None) for key in data if key not in KEYS]


def _own(data: Mapping[Any, Any], identity: Identity) -> Iterable[Found]:
    """Refuse what belongs to another cloud: a file sent to the wrong one would give away its roles."""
    for key, own in ((ID, identity.deployment_id), (PROVIDER, identity.provider)):
        if key not in data:
            yield key, f"{key} is missing. Of this cloud it is {own}.", None
        elif data[key] != own:
            yield key, f"This belongs to another cloud: {key} of this one is {own}.", None


def _mapping(data: Mapping[Any, Any], identity: Identity) -> tuple[Config | None, list[Found]]:
    if MAPPING not in data:
        return None, [
            (MAPPING, f"{MAPPING} is missing. Write {{}} to give every workload the cloud's role.", None)
        ]
    faults = list(_beyond(data[MAPPING]))
    if faults:
        return None, faults
    try:
        return read_config(data[MAPPING], provider=identity.provider), []
    except ConfigError as error:
        return None, [
            (f"{MAPPING}.{one.path}".strip("."), one.message, one.position) for one in error.problems
        ]


def _beyond(mapping: object) -> Iterable[Found]:
    """Refuse more than can be examined in the time of a request."""
    rules, override = _part(mapping, "rules"), _part(mapping, "instance_profile_override")
    if isinstance(rules, list) and len(rules) > MOST_RULES:
        message = f"There are {len(rules)} rules, and {MOST_RULES} is the most. Join rules with `in (…)`."
        yield f"{MAPPING}.rules", message, None
    listed = _part(override, "allowed")
    if isinstance(listed, list) and len(listed) > MOST_PROFILES:
        message = f"There are {len(listed)} instance profiles, and {MOST_PROFILES} is the most."
        yield f"{MAPPING}.instance_profile_override.allowed", message, None
    texts = (_part(rule, "selector") for rule in rules) if isinstance(rules, list) else ()
    if sum(len(text) for text in texts if isinstance(text, str)) > LONGEST_TEXT:
        yield MAPPING, TOO_LONG, None


def _part(data: object, key: str) -> object:
    return data.get(key) if isinstance(data, Mapping) else None
