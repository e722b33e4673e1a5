"""Bodies derived from a number, so that every byte can be verified."""

import random

_LETTERS = random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyz0123456789 ,.\n", k=1 << 20)
_LETTERS = bytes(_LETTERS) * 17


def body(number, size):
    head = b"%d:" % number
    start = number * 7919 % (1 << 20)
    return (head + _LETTERS[start : start + size])[:size]
