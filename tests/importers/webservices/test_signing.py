"""Signatures are those of the Standard Webhooks specification."""

import base64

from importers.webservices import signing


def test_the_example_that_libraries_of_the_specification_test_with() -> None:
    headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "Content-Type": "application/json",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_are_random_and_long_enough() -> None:
    secrets = {signing.new_secret() for _ in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_each_secret_signs_once() -> None:
    keys = [signing.new_secret(), signing.new_secret()]
    both = signing.headers("m", 1, b"{}", keys)["webhook-signature"].split(" ")
    each = [signing.headers("m", 1, b"{}", [key])["webhook-signature"] for key in keys]
    assert both == each
