"""Measurements; not part of the tests.  `make bench` runs :mod:`__main__`."""
