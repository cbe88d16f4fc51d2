"""What can go wrong with a partner's web service, said so that a manager can act.

ServiceProblem
├── Passing                  worth another try; the feed goes on at its next time
│   ├── HostNotFound         the name is not known (DNS)
│   ├── Unreachable          refused, reset, no route
│   ├── TimedOut             no answer, or one that does not end, in time
│   ├── TooManyRequests      429: the partner asks us to wait
│   ├── ServiceFault         5xx
│   ├── CutAnswer            the body ends before its announced length
│   ├── DataMoved            the partner's data changed while it was being fetched
│   └── DeadlinePassed       the sync has used up its time
└── Lasting                  someone has to change something; the feed pauses
    ├── TlsRefused           the certificate is not good
    ├── CredentialsRefused   401, 403, or the token service refuses us
    ├── NotThere             404; 410: Gone
    ├── RequestRefused       any other 4xx
    ├── WrongContentType     neither what was agreed nor readable as it
    ├── HtmlAnswer           a web page, often a login page, instead of data
    ├── WrongCharset         the bytes are not in the announced encoding
    ├── NotReadable          malformed JSON, CSV or XML
    ├── NoRecords            nothing where the records should be
    ├── RepeatedPage         a page came twice, the next page leads back
    ├── EndlessPages         more pages than the feed may have
    ├── UnknownPaging        there is more, but it is not said where
    ├── OtherHost            a redirect or next page leads to another host
    ├── AddressRefused       the host is not allowed, or leads to a private network
    ├── AnswerTooLarge       more bytes than the service may send
    ├── ContractBroken       records that deviate from the agreed schema
    └── BadFeed              the feed's own settings do not hold together

Never part of a message: secrets, and addresses that may hold one.
"""

from typing import ClassVar

from importers.exceptions import ImporterError


class ServiceProblem(ImporterError):  # noqa: N818 (names are the trade's)
    """A web service did not give what was asked of it.

    ``starts_over``: the pages kept so far are of no use to the next run.
    ``payload``: the beginning of the answer that is to blame, where there is one.
    ``wait_seconds``: how long the partner asks us to wait, if it does.
    """

    code = "service_problem"
    is_passing: ClassVar[bool] = False
    starts_over: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        payload: bytes = b"",
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.payload = payload
        self.wait_seconds = wait_seconds


class Passing(ServiceProblem):
    """May be over at the next try."""

    code = "passing_problem"
    is_passing = True


class HostNotFound(Passing):
    """The host's name cannot be resolved."""

    code = "host_not_found"


class Unreachable(Passing):
    """The connection is refused or breaks."""

    code = "unreachable"


class TimedOut(Passing):
    """No answer in time, or an answer that does not come to its end."""

    code = "timed_out"


class TooManyRequests(Passing):
    """The partner asks us to slow down (429)."""

    code = "too_many_requests"


class ServiceFault(Passing):
    """The partner's own fault (5xx)."""

    code = "service_fault"


class CutAnswer(Passing):
    """The body ended too early."""

    code = "cut_answer"


class DataMoved(Passing):
    """The pages do not belong together: they are fetched anew from the first."""

    code = "data_moved"
    starts_over = True


class DeadlinePassed(Passing):
    """The sync may not take longer."""

    code = "deadline_passed"


class Lasting(ServiceProblem):
    """Will be the same until someone changes something."""

    code = "lasting_problem"


class TlsRefused(Lasting):
    """The certificate is expired, for another host, or of an unknown authority."""

    code = "tls_refused"


class CredentialsRefused(Lasting):
    """The partner does not let us in."""

    code = "credentials_refused"


class NotThere(Lasting):
    """The address does not exist (any more)."""

    code = "not_there"


class Gone(NotThere):
    """The address existed once."""

    code = "gone"


class RequestRefused(Lasting):
    """The partner does not understand or does not want the request."""

    code = "request_refused"


class WrongContentType(Lasting):
    """Another kind of content than the feed's format."""

    code = "wrong_content_type"


class HtmlAnswer(Lasting):
    """A web page instead of data."""

    code = "html_answer"


class WrongCharset(Lasting):
    """The bytes are not in the encoding that was announced."""

    code = "wrong_charset"


class NotReadable(Lasting):
    """Malformed content."""

    code = "not_readable"


class NoRecords(Lasting):
    """Nothing where the feed says that records are."""

    code = "no_records"


class RepeatedPage(Lasting):
    """The same page again."""

    code = "repeated_page"


class EndlessPages(Lasting):
    """More pages than the feed may have."""

    code = "endless_pages"


class UnknownPaging(Lasting):
    """There are more pages, but the way to them is not known."""

    code = "unknown_paging"


class OtherHost(Lasting):
    """The partner sends us to another host."""

    code = "other_host"


class AddressRefused(Lasting):
    """The host is not allowed, or leads into a private network."""

    code = "address_refused"


class AnswerTooLarge(Lasting):
    """More bytes than the service may send."""

    code = "answer_too_large"


class ContractBroken(Lasting):
    """Records deviate from the agreed schema."""

    code = "contract_broken"


class BadFeed(Lasting):
    """The settings of the feed or service do not hold together."""

    code = "bad_feed"
