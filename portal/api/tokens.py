"""/tokens: API tokens of the actor, and of the whole organization for those who manage them."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from iam.access import token_for
from iam.idempotency import Reply
from iam.models import ApiToken
from iam.permissions import SCOPES, Permission
from iam.tokens import token_create, token_revoke, tokens
from portal.api.bodies import Because, Body, Paging
from portal.api.shapes import Shape, list_of
from portal.api.view import View, answer, page_of


class TokenShape(Shape):
    """An API token, without its secret."""

    id = serializers.CharField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The first part of the token, by which you recognize it.")
    holder_id = serializers.CharField(help_text="The user or service account that acts with it.")
    holder = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)))
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewTokenShape(TokenShape):
    """An API token with its secret, which is shown this once."""

    secret = serializers.CharField(help_text="The token to send. Shown once, not kept.")


class NewToken(Body):
    """A token to make."""

    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Within a year. None by default."
    )
    service_account_id = serializers.CharField(
        required=False, max_length=40, help_text="Whose token it is to be. Yours by default."
    )


class Tokens(View):
    """The tokens."""

    needs = {"GET": Permission.TOKEN_OWN, "POST": Permission.TOKEN_OWN}
    queries = Paging

    @extend_schema(operation_id="tokens_list", parameters=[Paging], responses=list_of(TokenShape))
    def get(self, request: Request) -> Reply:
        """List the tokens that you may see, the newest first, revoked and expired ones too."""
        query = self.asked
        return self.listing(tokens(actor=self.actor, **page_of(query)), token_reply)

    @extend_schema(request=NewToken, responses={201: NewTokenShape})
    def post(self, request: Request) -> Reply:
        """Make a token for yourself or a service account. The secret in the reply is shown once."""
        wanted = self.body(NewToken)
        made = token_create(
            actor=self.actor,
            name=wanted["name"],
            scopes=wanted["scopes"],
            expires_at=wanted.get("expires_at"),
            service_account_id=wanted.get("service_account_id", ""),
            now=self.now,
        )
        body = {**token_reply(made.token), "secret": made.secret}
        return answer(body, status=201, location=f"{request.path}/{made.token.id}")


class TokenDetail(View):
    """One token."""

    needs = {"GET": Permission.TOKEN_OWN, "DELETE": Permission.TOKEN_OWN}

    @extend_schema(responses=TokenShape)
    def get(self, request: Request, token_id: str) -> Reply:
        """Show a token."""
        return answer(token_reply(token_for(self.actor, token_id)))

    @extend_schema(request=Because, responses={204: None})
    def delete(self, request: Request, token_id: str) -> Reply:
        """Revoke a token. It ends at once."""
        why = self.body(Because)
        token_revoke(actor=self.actor, token_id=token_id, now=self.now, **why)
        return answer(status=204)


def token_reply(token: ApiToken) -> dict[str, object]:
    """Return a token as the API shows it, without its secret."""
    program, place = token.service_account, token.membership
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "holder_id": program.id if program else place.user_id if place else "",
        "holder": program.name if program else place.user.email if place else "",
        "scopes": token.scopes,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
