"""What a run directory of spectroscope measured, read without spectroscope: Zarr stores, or version 0.1's .npy files."""

import json
from pathlib import Path

import numpy as np

from chain_moments import Moments


class MeasuredRun:
    """A finished run: its config, chi of its components, and the moments of every restricted run."""

    def __init__(self, folder: Path):
        self.folder = folder
        manifest = json.loads((folder / "manifest.json").read_text())
        self.config: dict = manifest["config"]
        # A run that was continued elsewhere lists several.
        self.provenance: list[dict] = manifest["provenance"]
        self.samples = {path.stem.removeprefix("samples_"): path for path in sorted(folder.rglob("samples_*.zarr"))}

    def said(self, key: str) -> str:
        """A fact of the run's provenance, of every machine that had part in it."""
        return ", ".join(dict.fromkeys(str(part[key]) for part in self.provenance if key in part))

    def chi(self, components: list[str]) -> dict[str, np.ndarray]:
        """By component, [tokens]."""
        stores = sorted(self.folder.rglob("susceptibilities.zarr"))
        if stores:
            columns, matrix = self._chi_of_store(stores[0])
        elif (self.folder / "chi.npy").exists():
            columns = json.loads((self.folder / "results.json").read_text())["columns"]
            matrix = np.load(self.folder / "chi.npy")
        else:
            raise SystemExit(f"{self.folder}: no chi yet: run `npx spectroscope cluster {self.folder}`")
        absent = [name for name in components if name not in columns]
        if absent:
            raise SystemExit(f"{self.folder}: its chi has no column {', '.join(absent)}")
        return {name: matrix[:, columns.index(name)].astype(np.float64) for name in components}

    def _chi_of_store(self, path: Path) -> tuple[list[str], np.ndarray]:
        import xarray

        data = xarray.open_datatree(str(path), engine="zarr", consolidated=False)["susceptibilities"].dataset
        rows = np.arange(data.sizes["sus_flat"])
        if "probe" in (names := list(data.attrs.get("dataset_id_to_name", []))):
            rows = np.flatnonzero(data["dataset_id"].values == names.index("probe"))
        # Sequences in order, positions in order within each.
        rows = rows[np.lexsort((data["target_position"].values[rows], data["batch"].values[rows]))]
        return [str(name) for name in data["wr"].values], data["sus"].values[rows]

    def moments(self, restriction: str) -> Moments:
        if restriction in self.samples:
            import zarr

            store = zarr.open_group(str(self.samples[restriction]), mode="r")
            array = lambda name: np.asarray(store[name][...])
            phi = array("phi")
            by_token = lambda name: array(name).reshape(len(phi), -1)
            return Moments(phi, by_token("sum_d"), by_token("sum_phi_d"), array("baseline_probe").reshape(-1))
        unit = self.folder / "components" / restriction.replace(" ", "_")
        if not unit.exists():
            raise SystemExit(f"{self.folder}: no samples of {restriction}")
        array = lambda name: np.load(unit / f"{name.replace('_', '~5f')}.npy")
        return Moments(array("phi").T, array("sum_d"), array("sum_phi_d"), array("baseline"))
