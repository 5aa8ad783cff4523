"""Reads stores of samples and susceptibilities as others would: with zarr, with xarray, and with devinterp where it is there.

    python goldens/reference/read_store.py expected.json

`expected.json` is `{"stores": [...], "chi": [...]}`. A store has `path` and `groups`: by name of a group its `attributes`
(those that matter), `coordinates` (names) and `arrays`, each `{"dims", "dtype", "shape", "values"}`, values flat. An entry of
`chi` names the stores `full`, `component` and `susceptibilities`, the `restriction`, the `sampling_task` and the `values` that
devinterp's `compute_susceptibilities` must give. Any warning while a store is read is an error. Prints one line of JSON with
versions and figures. Needs zarr 3 and xarray; no torch unless devinterp is there.
"""

import importlib.metadata
import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

# devinterp averages f32 losses in f32: errors of 1e-7 of a loss of about 3 nats, on chi of about 0.1.
TOLERANCE = 1e-5


def require(fact: bool, text: str) -> None:
    if not fact:
        sys.exit(f"read_store.py: {text}")


def check_array(where: str, dims: tuple, values: np.ndarray, expected: dict) -> None:
    require(list(dims) == expected["dims"], f"{where}: dimensions {dims}, expected {expected['dims']}")
    require(list(values.shape) == expected["shape"], f"{where}: shape {values.shape}, expected {expected['shape']}")
    if expected["dtype"] == "string":
        require(values.tolist() == expected["values"], f"{where}: {values.tolist()}, expected {expected['values']}")
        return
    require(str(values.dtype) == expected["dtype"], f"{where}: {values.dtype}, expected {expected['dtype']}")
    same = np.array(expected["values"], dtype=values.dtype).reshape(values.shape)
    require(bool(np.array_equal(values, same)), f"{where}: {values}, expected {same}")


def check_store(store: dict) -> int:
    """Number of arrays looked at, by both readers."""
    root = zarr.open_group(store["path"], mode="r")
    tree = xr.open_datatree(store["path"], engine="zarr", consolidated=False)
    groups = {node.path: node for node in tree.subtree}
    require(root.attrs["completed"] == 1 and tree.attrs["completed"] == 1, f"{store['path']}: not completed")
    count = 0
    for name, expected in store["groups"].items():
        where = f"{store['path']} {name}"
        require(name in groups, f"{where}: xarray sees only {list(groups)}")
        dataset = groups[name].to_dataset()
        group = root[name] if name != "/" else root
        names = set(expected["arrays"])
        require(set(dataset.variables) == names, f"{where}: {set(dataset.variables)}, expected {names}")
        require(set(group.array_keys()) == names, f"{where}: {set(group.array_keys())}, expected {names}")
        coordinates = set(expected["coordinates"])
        require(set(dataset.coords) == coordinates, f"{where}: coordinates {set(dataset.coords)}")
        for key, value in expected["attributes"].items():
            require(dataset.attrs.get(key) == value, f"{where}: {key} is {dataset.attrs.get(key)}, expected {value}")
        for key, array in expected["arrays"].items():
            check_array(f"{where} {key}", dataset[key].dims, dataset[key].values, array)
            values = np.asarray(group[key][:])
            check_array(f"{where} {key} (zarr)", group[key].metadata.dimension_names, values, array)
            count += 1
    return count


def check_chi(case: dict) -> float:
    """Largest difference of devinterp's chi from ours, as a share of the largest chi."""
    from devinterp.slt.bif import compute_bif
    from devinterp.slt.susceptibilities import compute_susceptibilities

    def load(name: str) -> xr.DataTree:
        return xr.open_datatree(case[name], engine="zarr", consolidated=False)

    runs = {"full": load("full"), case["restriction"]: load("component")}
    theirs = compute_susceptibilities(runs, case["sampling_task"], observable_names=["probe"])
    ours = load("susceptibilities")
    for name in ("susceptibilities", "context"):
        a, b = theirs[name].to_dataset(), ours[name].to_dataset()
        require(a.attrs == b.attrs, f"attributes of {name}: {a.attrs} there, {b.attrs} here")
        require(set(a.coords) == set(b.coords), f"coordinates of {name}: {set(a.coords)} there, {set(b.coords)} here")
        for key in a.coords:
            same = a[key].dims == b[key].dims and np.array_equal(a[key].values, b[key].values)
            require(same, f"{name} {key}: {a[key].values} there, {b[key].values} here")
    require(bool((theirs["context"]["input_ids"] == ours["context"]["input_ids"]).all()), "token ids differ")
    expected = np.array(case["values"])
    scale = np.abs(expected).max()
    share = 0.0
    for tree in (theirs, ours):
        found = tree["susceptibilities"]["sus"].values[:, 0].astype(np.float64)
        share = max(share, float(np.abs(found - expected).max() / scale))
    require(share <= TOLERANCE, f"chi of {case['restriction']} differs by {share} of the largest, {scale}")

    influences = compute_bif(runs[case["restriction"]], loss_keys=["probe"], device="cpu")["influences"]
    sequences = ours["context"].sizes["ctx_flat"] - ours["susceptibilities"].sizes["sus_flat"]
    require(influences.shape[:2] == (sequences, sequences), f"influences have shape {influences.shape}")
    require(bool(np.isfinite(influences.values).all()), "influences are not finite")
    return share


def main() -> None:
    expected = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        arrays = sum(check_store(store) for store in expected["stores"])
    figures = {"zarr": zarr.__version__, "xarray": xr.__version__, "arrays": arrays}
    if importlib.util.find_spec("devinterp"):
        figures["devinterp"] = importlib.metadata.version("devinterp")
        figures["share"] = max(check_chi(case) for case in expected["chi"])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
