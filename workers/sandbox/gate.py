"""The gate that every AWS call passes: who, what, faults, permission, and only then moto."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

from iam.policy.errors import PolicyError
from workers.sandbox import backends
from workers.sandbox.authorization import authorize, resource_owner
from workers.sandbox.bulk_deletes import delete_allowed
from workers.sandbox.calls import Call, CallLog, CallRecord
from workers.sandbox.dependencies import check_dependencies
from workers.sandbox.documents import check_written
from workers.sandbox.errors import AwsRefusal, error_reply, refusal
from workers.sandbox.faults import Fault, FaultKind, Faults
from workers.sandbox.quirks import as_moto_wants, check_call, mend
from workers.sandbox.quotas import answer_quotas, enforce_quotas
from workers.sandbox.signatures import Signature, check_signature, read_signature
from workers.sandbox.sts import answer_sts
from workers.sandbox.switches import Switches
from workers.sandbox.wire import HttpReply, HttpRequest, with_request_id
from workers.sandbox.world import Keeper, World

_FAILED = 300
_UNANSWERED = frozenset({FaultKind.TIMEOUT, FaultKind.LOST_REPLY})
_EXECUTED = frozenset({FaultKind.DELAY, FaultKind.LOST_ERROR, FaultKind.LOST_REPLY})


class Gate:
    """Answers AWS calls over one world."""

    def __init__(self, world: World, keeper: Keeper, switches: Switches) -> None:
        self.world = world
        self.keeper = keeper
        self.switches = switches
        self.faults = Faults()
        self.log = CallLog()

    def answer(self, http: HttpRequest, now: datetime) -> HttpReply | None:
        """Answer one call, or None to hang up. `now` is aware UTC."""
        request_id = str(uuid.uuid4())
        service = ""
        try:
            signature = read_signature(http)
            service = signature.service
            call = self._read(http, signature, request_id, now)
        except AwsRefusal as error:
            return error_reply(error, service or "iam", request_id)
        return self._logged(call)

    def _logged(self, call: Call) -> HttpReply | None:
        started = time.perf_counter()
        record = CallRecord(call)
        self.log.count(call)
        reply = self._with_faults(call, record)
        record.status = reply.status if reply else None
        record.milliseconds = (time.perf_counter() - started) * 1000
        self.log.add(record)
        return reply

    def _read(self, http: HttpRequest, signature: Signature, request_id: str, now: datetime) -> Call:
        service = backends.SERVICES.get(signature.service)
        if service is None:
            message = f"The sandbox does not emulate the service {signature.service}."
            raise refusal("unimplemented", signature.service, message)
        caller = self.world.credentials.find(signature.access_key_id)
        if caller is None:
            raise refusal(
                "unknown_key", signature.service, _UNKNOWN_KEY.get(signature.service, _INVALID_TOKEN)
            )
        check_signature(http, signature, caller.keys.secret_access_key, now)
        if http.headers.get("x-amz-security-token", "") != caller.keys.session_token:
            raise refusal("unknown_key", signature.service, _INVALID_TOKEN)
        at = now + timedelta(seconds=self.switches.now.clock_ahead)
        if caller.expired(at):
            raise refusal(
                "expired", signature.service, "The security token included in the request is expired"
            )
        try:
            operation, params = backends.read_operation(service, http)
        except LookupError as error:
            message = f"The sandbox cannot tell which operation of {signature.service} this is: {error}"
            raise AwsRefusal(400, "InvalidAction", message) from error
        region = signature.region
        return Call(request_id, signature.service, operation, region, params, caller, http, at, now)

    def _with_faults(self, call: Call, record: CallRecord) -> HttpReply | None:
        fault = self.faults.strike(call)
        pause = self.switches.now.latency + (fault.seconds if fault else 0)
        if pause:
            time.sleep(pause)
        if fault is None:
            return self._answered(call, record)
        record.fault = fault.id
        reply = self._answered(call, record) if fault.kind in _EXECUTED else None
        return self._spoiled(call, record, fault, reply)

    def _spoiled(
        self, call: Call, record: CallRecord, fault: Fault, reply: HttpReply | None
    ) -> HttpReply | None:
        if fault.kind in _UNANSWERED:
            return None
        if fault.kind is FaultKind.DELAY:
            return reply
        return self._refused(call, record, fault.error(call))

    def _refused(self, call: Call, record: CallRecord, error: AwsRefusal) -> HttpReply:
        record.error_code = error.code
        return error_reply(error, call.service, call.request_id)

    def _answered(self, call: Call, record: CallRecord) -> HttpReply:
        try:
            with self.world.lock:
                reply, changes = self._decided(call, record)
        except AwsRefusal as error:
            return self._refused(call, record, error)
        except PolicyError as error:
            message = f"A policy that bears on this call cannot be read: {error}"
            return self._refused(call, record, refusal("denied", call.service, message))
        except NotImplementedError as error:
            message = f"The sandbox does not emulate {call.name} ({error})."
            return self._refused(call, record, refusal("unimplemented", call.service, message))
        except Exception as error:  # noqa: BLE001 - moto raises anything; its bug is one call's bad answer, as in AWS
            message = f"The sandbox failed at {call.name}: {error!r}"
            return self._refused(call, record, refusal("broken", call.service, message))
        if changes and self.switches.now.durable:
            self.keeper.wait(changes)
        # S3 names the id in its headers alone: its bodies are the customer's own bytes.
        return with_request_id(reply, call.request_id, in_body=call.service != "s3")

    def _decided(self, call: Call, record: CallRecord) -> tuple[HttpReply, int]:
        """Answer the reply and the number of the change to wait for, 0 when nothing changed. Lock held."""
        if call.service == "sts":
            reply = answer_sts(call, record, self.world.credentials, self.switches.now.propagation_seconds)
            return reply, self.keeper.changed("sessions") if call.operation == "AssumeRole" else 0
        opened = self._opened(call)
        denied = authorize(call, record)
        if call.dry_run:
            message = "Request would have succeeded, but DryRun flag is set."
            raise AwsRefusal(412, "DryRunOperation", message)
        if call.service == "servicequotas":
            return answer_quotas(call, self.switches.now), opened
        return self._executed(call, opened, denied)

    def _opened(self, call: Call) -> int:
        if call.service != "ec2" or call.region in backends.opened_regions("ec2", call.account_id):
            return 0
        self.world.open_region(call.account_id, call.region)
        return self.keeper.changed(call.account_id)

    def _executed(self, call: Call, changes: int, denied: tuple[int, ...]) -> tuple[HttpReply, int]:
        tokens = self.world.tokens[call.account_id]
        earlier = tokens.earlier_reply(call)
        if earlier is not None:
            return earlier, changes
        enforce_quotas(call, self.switches.now)
        check_written(call)
        check_dependencies(call)
        check_call(call)
        owner = resource_owner(call)
        if denied:
            reply = delete_allowed(call, denied, owner)
        else:
            reply = backends.call(backends.SERVICES[call.service], as_moto_wants(call), owner)
        if not call.mutating:
            return reply, changes
        if reply.status < _FAILED:
            mend(call)
        tokens.keep(call, reply)
        return reply, self.keeper.changed(owner)


_INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - a message
_UNKNOWN_KEY = {
    "ec2": "AWS was not able to validate the provided access credentials",
    "s3": "The AWS Access Key Id you provided does not exist in our records.",
}
