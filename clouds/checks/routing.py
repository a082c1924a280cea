"""Where a subnet's traffic to the internet goes, and whether it gets there.

Amazon VPC User Guide, "Subnet route tables" (an explicit association counts, else the main table), "NAT
gateway basics"; "Transit gateway route tables" (a route whose attachment is gone is a black hole).
"""

from dataclasses import dataclass

from clouds.checks.asking import Case
from clouds.facts import Facts, Route, RouteTable, Subnet
from clouds.planning.survey import ANYWHERE

_OUT = ("nat-", "tgw-")


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a way out, what to do, and the command."""

    wrong: str
    fix: str
    cli: str


def table_of(facts: Facts, subnet: Subnet) -> tuple[RouteTable | None, bool]:
    """The route table that counts for a subnet, and whether it is tied to it explicitly."""
    main = None
    for table in facts.route_tables:
        if table.vpc_id == subnet.vpc_id:
            if any(tie.subnet_id == subnet.id for tie in table.associations):
                return table, True
            main = table if table.is_main else main
    return main, False


def way_out(case: Case, table: RouteTable | None) -> Trouble | None:
    """What keeps nodes behind this table from the internet, or lets the internet in where it must not."""
    return _private(case, table) if case.spec.private_network else _public(case, table)


def _public(case: Case, table: RouteTable | None) -> Trouble | None:
    gateway = case.survey.gateway.id if case.survey.gateway else "<internet gateway id>"
    told = _Told(case, table, gateway, "--gateway-id")
    if table is None or told.route is None:
        return told.missing()
    target = told.route.target
    if told.route.state == "blackhole":
        return told.blackhole()
    if not target.startswith("igw-"):
        return told.elsewhere("which is no internet gateway")
    found = next((one for one in case.facts.internet_gateways if one.id == target), None)
    if found is None or table.vpc_id not in found.vpc_ids:
        attach = f"--internet-gateway-id {target} --vpc-id {table.vpc_id} {case.region}"
        return Trouble(
            f"the internet gateway {target} is not attached to {table.vpc_id}",
            f"attach {target} to {table.vpc_id}",
            f"aws ec2 attach-internet-gateway {attach}",
        )
    return None


def _private(case: Case, table: RouteTable | None) -> Trouble | None:
    usable = [one.id for one in case.facts.nat_gateways if one.state == "available" and one.kind == "public"]
    told = _Told(case, table, min(usable, default="<NAT gateway id>"), "--nat-gateway-id")
    if table is None or told.route is None:
        return told.missing()
    target = told.route.target
    if told.route.state == "blackhole":
        return told.blackhole()
    if not target.startswith(_OUT):
        return told.elsewhere("which is no NAT gateway and no transit gateway, as a private network needs")
    if target.startswith("nat-") and target not in usable:
        return told.elsewhere("which is a NAT gateway that is not available or leads to no internet")
    return None


@dataclass(frozen=True)
class _Told:
    """A route table's trouble in words, with the target that would mend it."""

    case: Case
    table: RouteTable | None
    target: str
    option: str

    @property
    def route(self) -> Route | None:
        return self.table.route_to(ANYWHERE) if self.table else None

    @property
    def named(self) -> str:
        return self.table.id if self.table else "<route table id>"

    def command(self, verb: str) -> str:
        where = f"--route-table-id {self.named} --destination-cidr-block {ANYWHERE}"
        return f"aws ec2 {verb}-route {where} {self.option} {self.target} {self.case.region}"

    def missing(self) -> Trouble:
        fix = f"add a route from {ANYWHERE} to {self.target} in {self.named}"
        return Trouble(f"there is no route to {ANYWHERE}", fix, self.command("create"))

    def blackhole(self) -> Trouble:
        gone = (self.route.target if self.route else "") or "its target"
        return self._point(f"{ANYWHERE} is a black hole: {gone} is gone")

    def elsewhere(self, why: str) -> Trouble:
        target = self.route.target if self.route else ""
        return self._point(f"{ANYWHERE} goes to {target}, {why}")

    def _point(self, wrong: str) -> Trouble:
        return Trouble(wrong, f"point {ANYWHERE} in {self.named} to {self.target}", self.command("replace"))
