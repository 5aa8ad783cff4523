"""A large tensor in a few numbers that see every entry: harness/verify/sketch.ts, written again.

Sixteen dot products with vectors of +1 and -1 drawn from Philox: two tensors that differ by e have sketches that differ by
sixteen numbers of root mean square |e|_2, so the relative L2 distance of sketches estimates that of tensors to a fifth.
Besides, the norm, and 256 entries at drawn places, to see where a difference lies.
"""

import numpy as np

from philox import derive_key, words

VECTORS = 16
SAMPLES = 256


def sketch(name: str, g: np.ndarray) -> np.ndarray:
    """[16], float64. Bit k of word e is the sign of entry e in vector k: set, minus."""
    flat = g.reshape(-1).astype(np.float64)
    signs = words(derive_key("sketch", name), 0, flat.size) & 0xFFFF
    # Entries whose words end in the same 16 bits have the same signs in every vector: one sum each.
    sums = np.bincount(signs.astype(np.int64), weights=flat, minlength=1 << VECTORS)
    pattern = np.arange(1 << VECTORS)
    return np.array([np.where((pattern >> k) & 1, -sums, sums).sum() for k in range(VECTORS)])


def norm(g: np.ndarray) -> np.ndarray:
    """[1], float64."""
    return np.array([np.linalg.norm(g.reshape(-1).astype(np.float64))])


def sample_places(name: str, shape: tuple[int, ...], rows: np.ndarray | None = None) -> np.ndarray:
    """Sample i is entry floor(word i * size / 2^32); with `rows`, every other one counts through these rows, one after the other."""
    w = words(derive_key("samples", name), 0, SAMPLES).astype(np.uint64)
    below = lambda count: (w * np.uint64(count) >> np.uint64(32)).astype(np.int64)
    places = below(np.prod(shape))
    if rows is not None:
        width = shape[-1]
        through = below(len(rows) * width)
        places[1::2] = (rows[through // width] * width + through % width)[1::2]
    return places


def samples(name: str, g: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """[256], float32."""
    return g.reshape(-1)[sample_places(name, g.shape, rows)].astype(np.float32)
