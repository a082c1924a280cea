"""Steps and their outputs, written as a bash script for the AWS CLI.

Options: AWS CLI Command Reference; lists and structures are given as JSON ("Parameter types in the AWS CLI").
A person should be able to read it before running it, so documents stand in full, one command after the other.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from clouds.export.parts import Output, ZoneAt, words
from clouds.planning.steps import Ref, Step, Token, refs
from iam.policy.documents import load

_COMMANDS: Final = {"s3": "s3api"}
_DOCUMENTS: Final = frozenset({"AssumeRolePolicyDocument", "PolicyDocument", "Policy"})
_LATE: Final = frozenset({"iam:CreateRole", "iam:CreateInstanceProfile"})
_ZONE_FILTERS: Final = [
    {"Name": "zone-type", "Values": ["availability-zone"]},
    {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
    {"Name": "state", "Values": ["available"]},
]
_PATIENTLY: Final = """\
# A new role is not known everywhere at once: what names it is tried for a minute.
patiently() {
  for pause in 2 4 8 16 30; do
    if "$@"; then return 0; fi
    echo "AWS does not know the new role yet, or refuses. Trying again in $pause seconds." >&2
    sleep "$pause"
  done
  "$@"
}
"""


def script(title: str, account_id: str, region: str, steps: Iterable[Step], outputs: Iterable[Output]) -> str:
    """Return the script. It stops at the first error, and before any change in another account.

    Its standard output is one JSON object of the outputs, and nothing else. `title` may have lines.
    """
    listed, told = tuple(steps), tuple(outputs)
    variables = _variables(listed, told)
    late = {one.name for one in listed if one.action in _LATE}
    zones = sum(1 for one in listed if any(isinstance(value, ZoneAt) for value in one.params.values()))
    pieces = [
        "#!/usr/bin/env bash\n"
        + "".join(f"# {line}\n" for line in title.splitlines())
        + "set -euo pipefail\n",
        _account(account_id, region),
        *([_zones(region, zones)] if zones else ()),
        *([_PATIENTLY] if any(_is_late(one, late) for one in listed) else ()),
        "say() { printf '%s\\n' \"$1\" >&2; }\n",
        *(_command(one, variables, patient=_is_late(one, late)) for one in listed),
        _told(told, listed, variables),
    ]
    return "\n".join(pieces)


def _variables(steps: Iterable[Step], outputs: Iterable[Output]) -> dict[str, str]:
    """The steps whose reply is needed later, each with the place in the reply."""
    used = [ref for step in steps for ref in refs(step.params)]
    used += [ref for output in outputs for ref in refs(_listed(output.value))]
    return {ref.step: ref.path for ref in used if "." in ref.path or ref.path == "GroupId"}


def _listed(value: Any) -> Any:
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _is_late(step: Step, late: set[str]) -> bool:
    return bool(step.needs & late)


def _account(account_id: str, region: str) -> str:
    wrong = shlex.quote(f"These credentials are not of account {account_id}. Nothing was changed.")
    return (
        f"export AWS_REGION={shlex.quote(region)} AWS_DEFAULT_REGION={shlex.quote(region)} AWS_PAGER=''\n"
        'account="$(aws sts get-caller-identity --query Account --output text)"\n'
        f'if [ "$account" != {shlex.quote(account_id)} ]; then\n  echo {wrong} >&2\n  exit 1\nfi\n'
    )


def _zones(region: str, count: int) -> str:
    few = shlex.quote(f"{region} has fewer than {count} zones for this account. Nothing was changed.")
    return (
        "# The zones of the region, by name.\n"
        'read -r -a zones <<< "$(aws ec2 describe-availability-zones \\\n'
        f"  --filters {shlex.quote(json.dumps(_ZONE_FILTERS))} \\\n"
        "  --query 'sort(AvailabilityZones[].ZoneName)' --output text)\"\n"
        f'if [ "${{#zones[@]}}" -lt {count} ]; then\n  echo {few} >&2\n  exit 1\nfi\n'
    )


def _command(step: Step, variables: Mapping[str, str], *, patient: bool) -> str:
    service, _, call = step.action.partition(":")
    start = f"aws {_COMMANDS.get(service, service)} {words(call, '-')}"
    start = f"patiently {start}" if patient else start
    options = [
        text
        for name, value in step.params.items()
        if not isinstance(value, Token)
        for text in _option(name, value)
    ]
    said = f"say {shlex.quote(step.sentence)}\n"
    if step.name not in variables:
        return said + " \\\n  ".join([start, *options]) + " >/dev/null\n"
    options.append(f"--query {variables[step.name]} --output text")
    return f'{said}{_variable(step.name)}="$(' + " \\\n  ".join([start, *options]) + ')"\n'


def _variable(name: str) -> str:
    return name.replace("-", "_")


def _option(name: str, value: Any) -> Iterator[str]:
    flag = f"--{words(name, '-')}"
    if value == {"Value": True}:
        yield flag
    elif name in _DOCUMENTS:
        yield f"{flag} {shlex.quote(json.dumps(load(value), indent=2))}"
    elif isinstance(value, list | tuple) and not any(isinstance(one, Mapping) for one in value):
        yield f"{flag} {' '.join(_word(one) for one in value)}"
    elif isinstance(value, Mapping | list | tuple):
        yield f"{flag} {_json(value)}"
    else:
        yield f"{flag} {_word(value)}"


def _word(value: Any) -> str:
    if isinstance(value, Ref):
        return f'"${_variable(value.step)}"'
    return f'"${{zones[{value.place}]}}"' if isinstance(value, ZoneAt) else shlex.quote(str(value))


def _json(value: Any) -> str:
    """Return JSON as one word of the shell, with variables where a Ref stands."""
    held = {f"\0{number}\0": ref for number, ref in enumerate(refs(value))}
    marks = iter(held)
    text = shlex.quote(json.dumps(value, default=lambda _: next(marks)))
    for mark, ref in held.items():
        text = text.replace(json.dumps(mark)[1:-1], f"'{_word(ref)}'")
    return text


def _told(outputs: Iterable[Output], steps: Iterable[Step], variables: Mapping[str, str]) -> str:
    calls = {step.name: step for step in steps}

    def text(value: str | Ref) -> str:
        if isinstance(value, Ref) and value.step in variables:
            return f'"${{{_variable(value.step)}}}"'
        known = calls[value.step].params[value.path] if isinstance(value, Ref) else value
        return _inside_heredoc(json.dumps(known))

    def shown(value: str | Ref | Mapping[ZoneAt, Ref]) -> str:
        if not isinstance(value, Mapping):
            return text(value)
        pairs = (f"{_word(zone)}: {text(one)}" for zone, one in value.items())
        return f"{{{', '.join(pairs)}}}"

    lines = [f"  {json.dumps(one.name)}: {shown(one.value)}" for one in outputs]
    return "cat <<END\n{\n" + ",\n".join(lines) + "\n}\nEND\n"


def _inside_heredoc(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("`", "\\`")
