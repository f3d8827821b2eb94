"""The second half of operations.py."""

import operations


def make():
    return operations.make(1)
