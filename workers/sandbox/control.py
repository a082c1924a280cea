"""The control API under /sandbox/: faults, switches, the log, what exists, and the customer's part.

All of it but the health answer needs the control token in `X-Sandbox-Token`, so that a page open in the same
browser cannot play with the accounts.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from workers.sandbox.customer import CustomerError, put_role, remove_role
from workers.sandbox.faults import FaultError
from workers.sandbox.gate import Gate
from workers.sandbox.inventory import inventory
from workers.sandbox.switches import SwitchError
from workers.sandbox.wire import HttpReply, HttpRequest, json_reply

Query = Mapping[str, str]


class Control:
    """Answers the control API over one gate."""

    def __init__(self, gate: Gate, token: str, started_at: datetime, state: str) -> None:
        self._gate = gate
        self._token = token
        self._health = {"status": "ok", "started_at": started_at.isoformat(), "state": state}
        self._routes: Mapping[tuple[str, str], Callable[[Query, Any], Any]] = {
            ("GET", "/sandbox/faults"): self._faults,
            ("POST", "/sandbox/faults"): self._add_fault,
            ("DELETE", "/sandbox/faults"): self._remove_faults,
            ("GET", "/sandbox/calls"): self._calls,
            ("DELETE", "/sandbox/calls"): self._clear_calls,
            ("GET", "/sandbox/inventory"): self._inventory,
            ("GET", "/sandbox/switches"): lambda *_: gate.switches.as_json(),
            ("POST", "/sandbox/switches"): self._turn,
            ("POST", "/sandbox/customer/role"): self._put_role,
            ("DELETE", "/sandbox/customer/role"): self._remove_role,
        }

    def answer(self, http: HttpRequest) -> HttpReply:
        """Answer one request of the control API; errors are `{"code", "message"}`."""
        if (http.method, http.path) == ("GET", "/sandbox/health"):
            return json_reply({**self._health, "problem": self._gate.keeper.problem})
        given = http.headers.get("x-sandbox-token", "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            message = "Send the control token of sandbox-keys.json in the header X-Sandbox-Token."
            return json_reply({"code": "token_needed", "message": message}, 401)
        route = self._routes.get((http.method, http.path))
        if route is None:
            names = ", ".join(sorted(f"{method} {path}" for method, path in self._routes))
            return json_reply({"code": "not_found", "message": f"The control API has: {names}."}, 404)
        try:
            body = json.loads(http.body) if http.body else {}
            query = {name: values[-1] for name, values in parse_qs(http.query).items()}
            return json_reply(route(query, body))
        except (FaultError, SwitchError, CustomerError, json.JSONDecodeError) as error:
            return json_reply({"code": "invalid", "message": str(error)}, 400)

    def _faults(self, *_: object) -> Any:
        return {"faults": self._gate.faults.as_json(), "counts": dict(self._gate.log.counts)}

    def _add_fault(self, _: Query, body: Any) -> Any:
        faults = body if isinstance(body, list) else [body]
        return {"ids": [self._gate.faults.add(one).id for one in faults]}

    def _remove_faults(self, query: Query, _: Any) -> Any:
        self._gate.faults.remove([query["id"]] if "id" in query else None)
        return self._faults()

    def _calls(self, query: Query, _: Any) -> Any:
        since = int(query["since"]) if query.get("since", "").isdigit() else 0
        rows = [record.as_json() for record in self._gate.log.since(since)]
        for name in ("action", "account_id", "session_name", "caller", "principal"):
            if name in query:
                rows = [row for row in rows if row[name] == query[name]]
        return {"calls": rows}

    def _clear_calls(self, *_: object) -> Any:
        self._gate.log.clear()
        return {}

    def _inventory(self, query: Query, _: Any) -> Any:
        with self._gate.world.lock:
            return {"items": inventory(query.get("account"))}

    def _turn(self, _: Query, body: Any) -> Any:
        self._gate.switches.turn(body)
        return self._gate.switches.as_json()

    def _put_role(self, _: Query, body: Any) -> Any:
        with self._gate.world.lock:
            role = put_role(body)
            number = self._gate.keeper.changed(role["account_id"])
        self._gate.keeper.wait(number)
        return role

    def _remove_role(self, query: Query, body: Any) -> Any:
        with self._gate.world.lock:
            role = remove_role({**query, **body})
            number = self._gate.keeper.changed(role["account_id"])
        self._gate.keeper.wait(number)
        return role
