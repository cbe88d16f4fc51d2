"""A partner in a process of its own, until its standard input ends (benchmarks)."""

import argparse
import sys

from tests.partner.server import Partner
from tests.partner.tls import KINDS

parser = argparse.ArgumentParser(prog="python -m tests.partner", description=__doc__)
parser.add_argument("--records", type=int, default=100_000)
parser.add_argument("--page-size", type=int, default=1_000, help="rendered beforehand")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--certificate", choices=KINDS)
options = parser.parse_args()
with Partner(
    options.records, certificate=options.certificate, port=options.port
) as partner:
    partner.render(options.page_size)
    sys.stdout.write(f"{partner.url}\n{partner.ca_file}\n")
    sys.stdout.flush()
    sys.stdin.read()
