"""Is something there that a customer gave for a registered cloud?"""

from clouds.checks.asking import Answer, Case
from clouds.facts import SecurityGroup, Subnet, Vpc
from clouds.registration import Part


def given_answer(
    case: Case,
    part: Part,
    found: Vpc | Subnet | SecurityGroup | None,
    noun: str,
    listing: str,
    terraform: str,
) -> Answer:
    """The answer on one part of the network. `listing` is the call of the AWS CLI that lists its kind."""
    region = case.spec.region
    if part.several:
        observed = f"{len(part.several)} are named {part.given}: {', '.join(part.several)}."
        fix = "Register the cloud again with the id of the one that it is to use."
    else:
        observed = f"There is no {noun} {part.given} in {region}."
        fix = case.make_it
    return Answer(
        good=found is not None,
        subject=found.id if found else part.given,
        observed=f"{part.words} exists." if found else observed,
        expected=f"The {noun} {part.given} exists in {region}, and no other one bears its name.",
        fix=fix,
        cli=f"aws ec2 {listing} {case.region}",
        terraform=terraform,
        console_path=f"VPC > {'Your VPCs' if noun == 'VPC' else f'{noun.capitalize()}s'}",
    )
