"""Valid files and pages, spoilt at random, through the whole pipeline.

Each input has a name such as ``xlsx-4711`` and is made from it alone, so that a failure
is seen again with ``FUZZ_ONLY=xlsx-4711``.  ``FUZZ_INPUTS`` is how many there are.
"""
