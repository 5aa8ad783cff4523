"""The project's random numbers, written again from their definition in kernels/philox/philox.ts, in NumPy.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011) with the constants of Random123. The words of a step's element e are
word e mod 4 of the block with counter (e div 4, step, 0, 0); normals come from them by Box-Muller in float64.
"""

import numpy as np

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
MASK = 0xFFFFFFFF

Key = tuple[int, int]


def philox4x32(key: Key, counters: np.ndarray) -> np.ndarray:
    """Words [N, 4] (uint32) of counters [N, 4]."""
    c = [column.astype(np.uint64) for column in np.asarray(counters).T]
    k0, k1 = key
    low, half = np.uint64(MASK), np.uint64(32)
    for _ in range(ROUNDS):
        product0 = np.uint64(MULTIPLIERS[0]) * c[0]
        product1 = np.uint64(MULTIPLIERS[1]) * c[2]
        c = [
            (product1 >> half) ^ c[1] ^ np.uint64(k0),
            product1 & low,
            (product0 >> half) ^ c[3] ^ np.uint64(k1),
            product0 & low,
        ]
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return np.stack(c, axis=1).astype(np.uint32)


def words(key: Key, step: int, elements: int) -> np.ndarray:
    """Words of elements 0 to elements - 1 of a step, uint32."""
    blocks = (elements + 3) // 4
    counters = np.zeros((blocks, 4), dtype=np.uint64)
    counters[:, 0] = np.arange(blocks)
    counters[:, 1] = step
    return philox4x32(key, counters).reshape(-1)[:elements]


def normals(key: Key, step: int, elements: int) -> np.ndarray:
    """Standard normals of elements 0 to elements - 1 of a step, float64."""
    block = words(key, step, 4 * ((elements + 3) // 4)).reshape(-1, 4)
    u = ((block >> 9).astype(np.float64) + 0.5) * 2.0**-23
    radius = np.sqrt(-2 * np.log(u[:, [0, 2]]))
    angle = 2 * np.pi * u[:, [1, 3]]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2).reshape(-1)[:elements]


def derive_key(*parts: str | int) -> Key:
    """FNV-1a, 64 bits, of the parts written as text and joined with U+001F: (low word, high word)."""
    value = 0xCBF29CE484222325
    for byte in "\x1f".join(str(part) for part in parts).encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value & MASK, value >> 32


def batch_indices(key: Key, step: int, batch: int, pool: int) -> list[int]:
    """Sequences of a step's batch, drawn with replacement: floor(word * pool / 2^32)."""
    return [int(word) * pool >> 32 for word in words(key, step, batch)]


def self_check() -> None:
    """Random123's known answers, FNV-1a's, and the moments of the normals."""
    known = [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((MASK,) * 4, (MASK,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ]
    for counter, key, expected in known:
        got = tuple(int(word) for word in philox4x32(key, np.array([counter], dtype=np.uint64))[0])
        if got != expected:
            raise AssertionError(f"philox4x32 of {counter}, {key}: expected {expected}, got {got}")
    for parts, expected in [((), (0x84222325, 0xCBF29CE4)), (("a",), (0x8601EC8C, 0xAF63DC4C)), (("foobar",), (0xF73967E8, 0x85944171))]:
        if derive_key(*parts) != expected:
            raise AssertionError(f"derive_key{parts}: expected {expected}, got {derive_key(*parts)}")
    z = normals(derive_key("self-check"), 0, 100_000)
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        deviation = abs((z**power).mean() - moment) / (variance / len(z)) ** 0.5
        if deviation > 5:
            raise AssertionError(f"normals: moment {power} is {deviation:.1f} standard errors off")
