"""What the documentation says about webhooks is true."""

import re
from pathlib import Path
from typing import Any

import pytest

from importers.services import deliveries
from importers.services.deliveries import PAUSES
from tests.flows.webhooks import Receiver, a_webhook

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
UNITS = {"second": 1, "minute": 60, "hour": 3600}


@pytest.mark.django_db
def test_the_example_knows_our_messages_from_others(receiver: Receiver) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(example.strip().splitlines()) <= 11
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 our own page
    is_genuine = names["is_genuine"]
    webhook, secret = a_webhook(receiver)
    deliveries.test(webhook.pk, user=None)
    (message,) = receiver.messages
    headers = dict(message.headers)
    assert is_genuine(secret, headers, message.body)
    assert not is_genuine(secret, headers, message.body + b" ")
    assert not is_genuine("whsec_" + "A" * 44, headers, message.body)
    old = str(int(headers["webhook-timestamp"]) - 301)
    assert not is_genuine(secret, {**headers, "webhook-timestamp": old}, message.body)


def test_the_table_of_pauses() -> None:
    found = re.findall(r"^\| \d \| (\d+) (\w+?)s? \|$", PAGE.read_text(), re.MULTILINE)
    assert [int(count) * UNITS[unit] for count, unit in found] == list(PAUSES)
