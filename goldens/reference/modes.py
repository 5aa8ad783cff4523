"""Modes by NumPy: singular values and functions of small laws, couplings, shares, best bases and principal components of small chi.

    python goldens/reference/modes.py            # NumPy and SciPy; writes goldens/modes/modes.json

Laws and chi come from whole numbers, which modes.test.ts forms again: q(y|x) is a row of ((7x + 13y + 3xy + x²) mod 17 + 1) over its
sum; weights q(x) go as 1 + x mod 3; hidden states and the unembedding are ((5x + 11d + xd) mod 13 - 6) / 8 and the like.
Everything is formed whole, [N, V], by definition, and decomposed by numpy.linalg.svd.
"""

import json
from pathlib import Path

import numpy as np
from scipy.linalg import subspace_angles

N, V, R, C, M, K = 30, 12, 4, 3, 4, 5


def law():
    x, y = np.arange(N)[:, None], np.arange(V)[None, :]
    p = ((7 * x + 13 * y + 3 * x * y + x * x) % 17 + 1).astype(float)
    return p / p.sum(1, keepdims=True)


def weights():
    q = 1.0 + np.arange(N) % 3
    return q / q.sum()


def numbers(rows, cols, a, b, c, m):
    i, j = np.arange(rows)[:, None], np.arange(cols)[None, :]
    return ((a * i + b * j + c * i * j + i * i) % m - (m - 1) / 2) / m


def model_law():
    hidden = numbers(N, R, 5, 11, 1, 13) * 4
    unembedding = numbers(V, R, 3, 7, 2, 11) * 4
    e = np.exp(hidden @ unembedding.T)
    return e / e.sum(1, keepdims=True)


def signed(u, v):
    for a in range(u.shape[1]):
        size = np.abs(u[:, a])
        if u[np.argmax(size >= (1 - 1e-6) * size.max()), a] < 0:
            u[:, a] *= -1
            v[:, a] *= -1
    return u, v


def modes(p, q):
    q0 = q @ p
    T = np.sqrt(q)[:, None] * p / np.sqrt(q0)
    left, s, right = np.linalg.svd(T, full_matrices=False)
    u, v = signed(right.T / np.sqrt(q0)[:, None], left / np.sqrt(q)[:, None])
    return q0, s, v, u


def told(p, q):
    q0, s, v, u = modes(p, q)
    return {"q0": q0.tolist(), "values": s.tolist(), "v": v.tolist(), "u": u.tolist(), "total": float((s[1:] ** 2).sum())}


def chi(component, part):
    """[N, V] of a chain or of all (part M); the last component moves its unembedding, so its right factor is its own."""
    k = 7 * component + part
    left = numbers(N, R, 3 + k, 5, 1 + component, 19)
    right = numbers(V, R, 3, 7, 2, 11) if component < C - 1 else numbers(V, R, 2, 5 + part, 3, 17)
    offset = numbers(N, 1, 4 + k, 0, 0, 23)
    return offset + left @ right.T


def main():
    q, p = weights(), law()
    q0, s, v, u = modes(p, q)
    W = q[:, None] * q0[None, :]
    parts = [[chi(c, m) for m in range(M + 1)] for c in range(C)]

    def coupling(x, v=v[:, :K], u=u[:, :K]):
        return v.T @ (W * x) @ u

    def shares(energy, norm):
        return [float(energy[: k + 1, : k + 1].sum() / norm) for k in range(energy.shape[0])]

    alls = [row[M] for row in parts]
    norm = sum((W * x * x).sum() for x in alls)
    energy = sum(coupling(x) ** 2 for x in alls)
    pairs = [(m, n) for m in range(M) for n in range(m)]
    free_norm = sum((W * row[m] * row[n]).sum() for row in parts for m, n in pairs) / len(pairs)
    free = sum(coupling(row[m]) * coupling(row[n]) for row in parts for m, n in pairs) / len(pairs)

    def left_out(without):
        kept = [(m, n) for m, n in pairs if without not in (m, n)]
        e = sum(coupling(row[m]) * coupling(row[n]) for row in parts for m, n in kept)
        return np.array(shares(e, sum((W * row[m] * row[n]).sum() for row in parts for m, n in kept)))

    outs = np.array([left_out(m) for m in range(M)])
    free_errors = np.sqrt((M - 1) / M * ((outs - outs.mean(0)) ** 2).sum(0))
    values = np.array([coupling(row[m]) for row in parts for m in range(M)]).reshape(C, M, K, K)
    errors = np.sqrt((M - 1) / M * ((values - values.mean(1, keepdims=True)) ** 2).sum(1))

    scaled = [np.sqrt(W) * x for x in alls]
    bl = np.linalg.svd(np.concatenate(scaled, 1), full_matrices=False)[0] / np.sqrt(q)[:, None]
    br = np.linalg.svd(np.concatenate([x.T for x in scaled], 1), full_matrices=False)[0] / np.sqrt(q0)[:, None]
    best = sum(coupling(x, bl[:, :K], br[:, :K]) ** 2 for x in alls)
    principal = np.linalg.svd(np.stack([x.ravel() for x in scaled], 1))[1] ** 2

    tokens = np.arange(N) * 5 % V
    measured, measured_norm = [], sum((x[np.arange(N), tokens] ** 2).sum() for x in alls)
    for k in range(1, K + 1):
        rest = 0.0
        for x in alls:
            cut = v[:, :k] @ coupling(x)[:k, :k] @ u[:, :k].T
            rest += ((x - cut)[np.arange(N), tokens] ** 2).sum()
        measured.append(float(1 - rest / measured_norm))

    model = model_law()
    out = {
        "law": told(p, q),
        "model": told(model, np.full(N, 1 / N)),
        "angles": subspace_angles(np.sqrt(q)[:, None] * numbers(N, 3, 5, 3, 2, 7), np.sqrt(q)[:, None] * numbers(N, 4, 2, 9, 1, 11))[::-1].tolist(),
        "couplings": [coupling(x).ravel().tolist() for x in alls],
        "errors": [e.ravel().tolist() for e in errors],
        "norm": float(norm),
        "shares": shares(energy, norm),
        "free_norm": float(free_norm),
        "free_shares": shares(free, free_norm),
        "free_errors": free_errors.tolist(),
        "best": shares(best, norm),
        "principal": (np.cumsum(principal) / principal.sum()).tolist(),
        "measured": measured,
    }
    path = Path(__file__).resolve().parent.parent / "modes" / "modes.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(out) + "\n")


main()
