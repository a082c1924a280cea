"""Whose call was it? From a line of AWS's log to the operation and its audit events, and back (S5)."""

from typing import Any

import httpx

from tests.stack import Stack

Row = dict[str, Any]


def lines_of(stack: Stack, operation: Row) -> list[Row]:
    """The lines of the sandbox's log that name this operation in the user agent."""
    calls: list[Row] = stack.sandbox("GET", "calls")["calls"]
    return [line for line in calls if operation["id"] in line["user_agent"]]


def unexplained(stack: Stack) -> list[Row]:
    """Calls by the product's principals that name no operation, or not the same one everywhere."""
    found = []
    for line in stack.sandbox("GET", "calls")["calls"]:
        if "raydock/" not in line["user_agent"]:
            continue
        operation = next((word for word in line["user_agent"].split() if word.startswith("op_")), "")
        entering = line["action"] == "sts:AssumeRole"
        named = entering or line["session_name"] == operation
        if not operation or not named or not (entering or line["source_identity"]):
            found.append(line)
    return found


def recorded(api: httpx.Client, operation: Row) -> list[Row]:
    """The AWS calls that Raydock itself has recorded for the operation."""
    rows: list[Row] = []
    path = f"/operations/{operation['id']}/aws-calls?limit=100"
    while path:
        page = api.get(path).raise_for_status().json()
        rows, path = [*rows, *page["results"]], page["next"]
    return rows


def mismatch(stack: Stack, api: httpx.Client, operation: Row) -> set[str]:
    """Request ids that only one side knows. A call without an answer has none to compare."""
    theirs = {line["request_id"] for line in lines_of(stack, operation) if line["status"] is not None}
    ours = {row["request_id"] for row in recorded(api, operation) if row["request_id"]}
    return theirs ^ ours
