"""People, clients and files, as the tests of sign-in and pages have them."""

from tests.backoffice.signin.conftest import _no_pause_between_mails, robot, system

__all__ = ["_no_pause_between_mails", "robot", "system"]
