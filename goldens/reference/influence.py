"""Makes goldens/statistics/influence.json: `python goldens/reference/influence.py`, with devinterp (2.0.1) installed.

Loss traces [draws][chains][tokens], tokens laid out sequence by sequence, and the influences of devinterp's `compute_bif`, chains
stacked: covariance and correlation by token [tokens][tokens] and by sequence [sequences][sequences]. By token devinterp keeps
float32 numbers, by sequence float64.
"""

import importlib.metadata
import json
from pathlib import Path

import numpy as np
import xarray as xr
from devinterp.slt.bif import compute_bif

OUT = Path(__file__).resolve().parent.parent / "statistics" / "influence.json"
DRAWS, CHAINS, SEQUENCES, POSITIONS = 9, 3, 4, 3

random = np.random.default_rng(20261127)


def traces() -> np.ndarray:
    """[draws, chains, sequences, positions]: shared parts, so that influences differ, and a chain that lies elsewhere."""
    shared = random.normal(size=(DRAWS, CHAINS, 2))
    weights = random.normal(size=(2, SEQUENCES, POSITIONS))
    noise = random.normal(size=(DRAWS, CHAINS, SEQUENCES, POSITIONS))
    offset = np.array([0.0, 0.0, 0.5])[None, :, None, None]
    return np.round(2 + np.einsum("dck,ksp->dcsp", shared, weights) + 0.3 * noise + offset, 4)


def main() -> None:
    losses = traces()
    variable = (("chain", "draw", "batch", "token_pos"), losses.transpose(1, 0, 2, 3))
    ids = (("batch", "token"), np.zeros((SEQUENCES, POSITIONS + 1), dtype=np.int64))
    tree = xr.DataTree(xr.Dataset({"loss_text": variable, "input_ids_text": ids}))
    influences = {}
    for unit in ("token", "sequence"):
        for measure in ("covariance", "correlation"):
            found = compute_bif(
                tree, correlation_method=unit, compute_covariance=measure == "covariance", batch_size=2, device="cpu"
            )["influences"].values
            if unit == "token":
                tokens = SEQUENCES * POSITIONS
                found = found.transpose(0, 2, 1, 3).reshape(tokens, tokens)
            influences[f"{unit} {measure}"] = found.astype(np.float64).tolist()
    golden = {
        "madeWith": {name: importlib.metadata.version(name) for name in ("devinterp", "torch", "numpy", "xarray")},
        "shape": {"draws": DRAWS, "chains": CHAINS, "sequences": SEQUENCES, "positions": POSITIONS},
        "traces": losses.reshape(DRAWS, CHAINS, -1).tolist(),
        "influences": influences,
    }
    OUT.parent.mkdir(exist_ok=True)
    rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in golden.items())
    OUT.write_text(f"{{\n{rows}\n}}\n")


if __name__ == "__main__":
    main()
