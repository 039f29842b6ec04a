"""The random numbers that layers draw, by the definition of Philox 4x32-10 (Salmon et al., 2011): only what golden cases of random layers
need. A test calls a layer with the key (0, 0); `Key.fold` and `Key.uniform` are those of src/tensor/random-key.ts for fewer than 16 numbers.
"""

import numpy as np

MASK = 0xFFFFFFFF


def philox(key, counter):
    """The first word of the counter's block."""
    (k0, k1), (c0, c1, c2, c3) = key, counter
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0


class Key:
    def __init__(self, words=(0, 0)):
        self.words = words

    def fold(self, data):
        return Key(tuple(philox(self.words, (i, 2, data & MASK, 0)) for i in range(2)))

    def uniform(self, count, low=0.0, high=1.0):
        assert count <= 16
        unit = [(philox(self.words, (i, 0, 0, 0)) >> 8) / 2**24 for i in range(count)]
        return low + (high - low) * np.array(unit)
