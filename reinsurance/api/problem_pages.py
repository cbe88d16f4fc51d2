"""The pages that a problem's ``type`` leads to."""

from dataclasses import asdict
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from reinsurance.api.base import Door
from reinsurance.api.problems import PROBLEMS
from reinsurance.models import Currency


class ProblemKind(serializers.Serializer):
    """A kind of problem and what to do about it."""

    code = serializers.CharField()
    status = serializers.IntegerField(help_text="HTTP status.")
    title = serializers.CharField()
    advice = serializers.CharField()


def _told(code: str) -> dict[str, Any]:
    return {"code": code, **asdict(PROBLEMS[code])}


class ProblemDoor(Door):
    """Every kind of problem that the API may answer with."""

    queryset = Currency.objects.none()
    serializer_class = ProblemKind
    is_public = True

    def list(self, request: Request) -> Response:
        """All kinds of problems."""
        return Response([_told(code) for code in PROBLEMS])

    def retrieve(self, request: Request, code: str) -> Response:
        """One kind of problem."""
        if code not in PROBLEMS:
            raise Http404
        return Response(_told(code))
