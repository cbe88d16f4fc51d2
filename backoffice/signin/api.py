"""The API's sign-in under /api/v1/auth/: djoser's views, those of them we want.

No registration, no list, no deletion: people are invited by an administrator.
"""

import copy
from typing import Any, cast

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import path
from djoser import views
from drf_yasg.utils import no_body, swagger_auto_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_204_NO_CONTENT

from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.models import Invitation
from backoffice.signin import lockout, passwords, serializers
from backoffice.signin.authentication import (
    ClientAuthentication,
    SessionAuthentication,
    TokenAuthentication,
    is_too_old,
)

DONE = {204: "Done."}
OWN = (TokenAuthentication, SessionAuthentication)
"""What a person proves to be themselves with; an app in their name is not enough."""


def sessionless(request: Request) -> HttpRequest:
    """The request without its session: a login token opens none."""
    twin = copy.copy(request._request)
    if hasattr(twin, "session"):
        del twin.session
    return twin


class Login(views.TokenCreateView):
    """A login token for user name and password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    serializer_class = serializers.LoginSerializer

    @swagger_auto_schema(
        operation_id="auth_login",
        responses={
            200: serializers.LoginTokenSerializer,
            429: "Too many wrong passwords; Retry-After says how long to wait.",
        },
        security=[],
    )
    def post(self, request: Request, **kwargs: Any) -> Response:
        """Sign in with user name and password; staff use the pages instead."""
        given = self.serializer_class(
            data=request.data, context={"sessionless": sessionless(request)}
        )
        given.is_valid(raise_exception=True)
        return self._action(given)

    def _action(self, serializer: Any) -> Response:
        token, is_new = Token.objects.get_or_create(user=serializer.user)
        if not is_new and is_too_old(token):
            token.delete()
            token = Token.objects.create(user=serializer.user)
        lockout.signed_in(serializer.context["sessionless"], serializer.user)
        return Response(serializers.LoginTokenSerializer(token).data)


class Logout(views.TokenDestroyView):
    """The login token is good no more."""

    authentication_classes = OWN

    @swagger_auto_schema(
        operation_id="auth_logout", request_body=no_body, responses=DONE
    )
    def post(self, request: Request) -> Response:
        """Give the login token back."""
        Token.objects.filter(user=_user(request)).delete()
        record(Kind.TOKEN_REVOKED, about=_user(request))
        return Response(status=HTTP_204_NO_CONTENT)


class Person(views.UserViewSet):
    """The user who asks, and the passwords of who cannot."""

    serializer_class = serializers.PersonSerializer
    pagination_class = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Apps may see whom they act for; only the person themselves may change it."""
        kinds = [*OWN]
        if self.request is None or self.request.method in ("GET", "HEAD", "OPTIONS"):
            kinds = [ClientAuthentication, *OWN]
        return [kind() for kind in kinds]

    @swagger_auto_schema(
        operation_id="auth_me", responses={200: serializers.PersonSerializer}
    )
    def show(self, request: Request) -> Response:
        """Who am I."""
        return Response(serializers.PersonSerializer(request.user).data)

    @swagger_auto_schema(
        operation_id="auth_me_change",
        request_body=serializers.PersonSerializer,
        responses={200: serializers.PersonSerializer},
    )
    def change(self, request: Request) -> Response:
        """Change the own name or address."""
        person = serializers.PersonSerializer(
            request.user, data=request.data, partial=True
        )
        person.is_valid(raise_exception=True)
        person.save()
        fields = {"fields": sorted(person.validated_data)}
        record(Kind.CHANGED, about=_user(request), details=fields)
        if "email" in person.validated_data:
            # What an administrator vouched for was the address before.
            Invitation.objects.filter(user=_user(request)).delete()
        return Response(person.data)

    @swagger_auto_schema(
        operation_id="auth_set_password",
        request_body=serializers.ChangeSerializer,
        responses=DONE,
    )
    def set_password(self, request: Request) -> Response:
        """Change the own password; all tokens end."""
        given = self._checked(serializers.ChangeSerializer)
        passwords.choose(
            user=_user(request),
            password=given.validated_data["new_password"],
        )
        if isinstance(request.successful_authenticator, SessionAuthentication):
            update_session_auth_hash(request._request, _user(request))
        return Response(status=HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_id="auth_reset_password",
        request_body=serializers.AddressSerializer,
        responses=DONE,
        security=[],
    )
    def reset_password(self, request: Request) -> Response:
        """Ask for a link to choose a new password; the answer is always the same."""
        given = self._checked(serializers.AddressSerializer)
        passwords.forgotten(
            email=given.validated_data["email"], request=request._request
        )
        return Response(status=HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_id="auth_reset_password_confirm",
        request_body=serializers.ResetSerializer,
        responses=DONE,
        security=[],
    )
    def reset_password_confirm(self, request: Request) -> Response:
        """Choose a new password with the parts of the link."""
        given = self._checked(serializers.ResetSerializer)
        passwords.choose(user=given.user, password=given.validated_data["new_password"])
        return Response(status=HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_id="auth_activation",
        request_body=serializers.ActivationSerializer,
        responses=DONE,
        security=[],
    )
    def activation(self, request: Request) -> Response:
        """Answer an invitation: choose the first password."""
        given = self._checked(serializers.ActivationSerializer)
        passwords.accept(user=given.user, password=given.validated_data["new_password"])
        return Response(status=HTTP_204_NO_CONTENT)

    @swagger_auto_schema(
        operation_id="auth_resend_activation",
        request_body=serializers.AddressSerializer,
        responses=DONE,
        security=[],
    )
    def resend_activation(self, request: Request) -> Response:
        """Ask for the invitation once more; the answer is always the same."""
        given = self._checked(serializers.AddressSerializer)
        passwords.remind(email=given.validated_data["email"], request=request._request)
        return Response(status=HTTP_204_NO_CONTENT)

    def _checked(self, kind: Any) -> Any:
        serializer = kind(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer


def _user(request: Request) -> User:
    return cast(User, request.user)


def _post(action: str) -> Any:
    return Person.as_view({"post": action})


app_name = "auth"

urlpatterns = [
    path("token/login/", Login.as_view(), name="login"),
    path("token/logout/", Logout.as_view(), name="logout"),
    path("users/me/", Person.as_view({"get": "show", "patch": "change"}), name="me"),
    path("users/set_password/", _post("set_password"), name="set-password"),
    path("users/reset_password/", _post("reset_password"), name="reset-password"),
    path(
        "users/reset_password_confirm/",
        _post("reset_password_confirm"),
        name="reset-password-confirm",
    ),
    path("users/activation/", _post("activation"), name="activation"),
    path(
        "users/resend_activation/",
        _post("resend_activation"),
        name="resend-activation",
    ),
]
