"""Golden numbers of layers of texts: python3 -m layers.texts in test/golden.

MurmurHash3 (x86, 32 bits) is written out here and compared with the numbers of Appleby's reference code that SMHasher and scikit-learn's
tests state; texts enter a layer as the words of the seeds 0 and 0x9747b28c.
"""

import numpy as np

from golden import Draw, array, write

MASK = 0xFFFFFFFF


def rotated(x, n):
    return ((x << n) | (x >> (32 - n))) & MASK


def scrambled(k):
    return rotated(k * 0xCC9E2D51 & MASK, 15) * 0x1B873593 & MASK


def murmur3(text, seed=0):
    data, h = text.encode(), seed
    for i in range(0, len(data) & ~3, 4):
        h = (rotated(h ^ scrambled(int.from_bytes(data[i : i + 4], "little")), 13) * 5 + 0xE6546B64) & MASK
    tail = data[len(data) & ~3 :]
    if tail:
        h ^= scrambled(int.from_bytes(tail, "little"))
    h ^= len(data)
    h = (h ^ (h >> 16)) * 0x85EBCA6B & MASK
    h = (h ^ (h >> 13)) * 0xC2B2AE35 & MASK
    return h ^ (h >> 16)


assert murmur3("hello") == 613153351 and murmur3("") == 0 and murmur3("", 1) == 0x514E28B7  # scikit-learn's murmurhash3_32
SEEDS = (0, 0x9747B28C)
draw, cases = Draw(20261130), []


def case(layer, title, options, inputs, output):
    output = np.array(output, dtype=float)
    words = [np.array([[[murmur3(t, s) for s in SEEDS] for t in row] for row in texts]) for texts in inputs]
    cases.append({
        "name": f"{layer}: {title}", "layer": layer, "options": options, "training": False,
        "inputs": [{"shape": list(w.shape), "data": w.reshape(-1).tolist(), "dtype": "uint32"} for w in words],
        "weights": {}, "cotangent": array(draw.normal(*output.shape, step=16)), "output": array(output),
        "inputGradients": [], "weightGradients": {},
    })


cities = [["Rome", "Oslo"], ["Köln", ""], ["東京", "rome"]]
known = ["Rome", "東京", "Köln"]
place = lambda t, first: known.index(t) + first if t in known else None
case("stringLookup", "int", {"vocabulary": known}, [cities], [[place(t, 1) or 0 for t in row] for row in cities])
masked = [[0 if t == "" else place(t, 2) or 1 for t in row] for row in cities]
case("stringLookup", "mask", {"vocabulary": known, "maskToken": ""}, [cities], masked)
several = [[place(t, 3) or murmur3(t) % 3 for t in row] for row in cities]
case("stringLookup", "three places for unknown ones", {"vocabulary": known, "numOovIndices": 3}, [cities], several)
hot = np.zeros((3, 4))
for i, row in enumerate(cities):
    for t in row:
        if t:
            hot[i, place(t, 1) or 0] = 1
case("stringLookup", "multiHot, masked", {"vocabulary": known, "maskToken": "", "outputMode": "multiHot"}, [cities], hot)

salted = lambda t, salt: (murmur3(t) + salt * murmur3(t, SEEDS[1])) & MASK
case("hashing", "int", {"numBins": 7}, [cities], [[murmur3(t) % 7 for t in row] for row in cities])
case("hashing", "salt", {"numBins": 1000, "salt": 133}, [cities], [[salted(t, 133) % 1000 for t in row] for row in cities])
bins = [[0 if t == "" else murmur3(t) % 6 + 1 for t in row] for row in cities]
case("hashing", "mask", {"numBins": 7, "maskValue": ""}, [cities], bins)
jobs = [["cook", "smith"], ["smith", "cook"], ["cook", "cook"]]
crossed = [[(31 * murmur3(a) + murmur3(b) & MASK) % 11 for a, b in zip(*rows)] for rows in zip(cities, jobs)]
case("hashedCrossing", "two inputs", {"numBins": 11}, [cities, jobs], crossed)

write("layers/texts", __doc__.split("\n")[0], cases=cases)
