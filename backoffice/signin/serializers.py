"""What the API's sign-in takes and gives."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as NotGoodEnough
from djoser.serializers import TokenCreateSerializer
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, Throttled

from backoffice.signin import lockout, passwords
from backoffice.signin.authentication import STAFF

WRONG_LINK = "This link is no longer good: it was used before, or is too old."


class PersonSerializer(serializers.ModelSerializer):
    """The user who asks: name, address and roles."""

    roles: Any = serializers.SlugRelatedField(
        source="groups", slug_field="name", many=True, read_only=True
    )

    class Meta:
        model = User
        ref_name = "Person"
        fields = ("username", "first_name", "last_name", "email", "roles")
        read_only_fields = ("username",)

    def validate_email(self, address: str) -> str:
        """An address is one person's. Raises ValidationError."""
        others = User.objects.filter(email__iexact=address)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if address and others.exists():
            raise serializers.ValidationError("Somebody else has this address.")
        return address


class LoginSerializer(TokenCreateSerializer):
    """User name and password, for a login token."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(
        max_length=1000, trim_whitespace=False, style={"input_type": "password"}
    )

    class Meta:
        ref_name = "Login"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        serializers.Serializer.__init__(self, *args, **kwargs)
        self.user: Any = None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Who it is. Raises ValidationError, PermissionDenied, Throttled."""
        request = self.context["sessionless"]
        self.user = authenticate(request=request, **attrs)
        if getattr(request, "axes_locked_out", False):
            raise Throttled(lockout.seconds_left(request, attrs["username"]))
        if self.user is None:
            raise serializers.ValidationError(
                "User name and password do not belong together."
            )
        if self.user.is_staff or self.user.is_superuser:
            raise PermissionDenied(STAFF)
        return attrs


class LoginTokenSerializer(serializers.Serializer):
    """A login token, to send as ``Authorization: Token …``."""

    auth_token = serializers.CharField(source="key", read_only=True)

    class Meta:
        ref_name = "LoginToken"


class AddressSerializer(serializers.Serializer):
    """An e-mail address to which a link is sent, if we know it."""

    email = serializers.EmailField()

    class Meta:
        ref_name = "Address"


class _NewPasswordSerializer(serializers.Serializer):
    new_password = serializers.CharField(
        max_length=1000, trim_whitespace=False, style={"input_type": "password"}
    )

    def check(self, password: str, user: User) -> None:
        """Raises ValidationError for a password that is too easily guessed."""
        try:
            validate_password(password, user)
        except NotGoodEnough as wrong:
            raise serializers.ValidationError(
                {"new_password": list(wrong.messages)}
            ) from None


class ChangeSerializer(_NewPasswordSerializer):
    """The old password and a new one."""

    current_password = serializers.CharField(
        max_length=1000, trim_whitespace=False, style={"input_type": "password"}
    )

    class Meta:
        ref_name = "PasswordChange"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both are right. Raises ValidationError, Throttled."""
        request = self.context["request"]._request
        user = self.context["request"].user
        name = user.get_username()
        is_away = lockout.is_locked_out(request, name)
        is_right = not is_away and user.check_password(attrs["current_password"])
        if is_away or (not is_right and lockout.failed(request, name)):
            raise Throttled(lockout.seconds_left(request, name))
        if not is_right:
            raise serializers.ValidationError(
                {"current_password": "This is not your password."}
            )
        self.check(attrs["new_password"], user)
        return attrs


class ResetSerializer(_NewPasswordSerializer):
    """The two parts of a mailed link, and a new password."""

    uid = serializers.CharField(max_length=100)
    token = serializers.CharField(max_length=100)

    class Meta:
        ref_name = "PasswordReset"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The link is good and is for this. Raises ValidationError."""
        user = passwords.user_of(attrs["uid"], attrs["token"])
        if user is None or not self.is_for(user):
            raise serializers.ValidationError({"token": WRONG_LINK})
        self.check(attrs["new_password"], user)
        self.user = user
        return attrs

    def is_for(self, user: User) -> bool:
        """Whether such a link is for that user."""
        return user.is_active


class ActivationSerializer(ResetSerializer):
    """The two parts of an invitation's link, and the first password."""

    class Meta:
        ref_name = "Activation"

    def is_for(self, user: User) -> bool:
        """Only for who was invited and has not answered yet."""
        return passwords.is_invited(user)
