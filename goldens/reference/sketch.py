"""A large tensor in a few numbers that see every entry: harness/verify/sketch.ts, written again.

Sixteen dot products with vectors of +1 and -1 drawn from Philox: two tensors that differ by e have sketches that differ by
sixteen numbers of root mean square |e|_2, so the relative L2 distance of sketches estimates that of tensors to a fifth.
Besides, 256 entries at drawn places, to see where a difference lies.
"""

import numpy as np

from philox import derive_key, words

VECTORS = 16
SAMPLES = 256


def sketch(name: str, g: np.ndarray) -> np.ndarray:
    """[16], float64. Bit k of word e is the sign of entry e in vector k: set, minus."""
    flat = g.reshape(-1).astype(np.float64)
    w = words(derive_key("sketch", name), 0, flat.size)
    return np.array([flat.sum() - 2 * flat[(w >> k) & 1 == 1].sum() for k in range(VECTORS)])


def samples(name: str, g: np.ndarray) -> np.ndarray:
    """[256], float32: entries at floor(word * size / 2^32)."""
    flat = g.reshape(-1)
    w = words(derive_key("samples", name), 0, SAMPLES).astype(np.uint64)
    return flat[(w * np.uint64(flat.size) >> np.uint64(32)).astype(np.int64)].astype(np.float32)
