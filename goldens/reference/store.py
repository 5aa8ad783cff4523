"""Golden files and their manifest: the same content gives the same bytes."""

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import safetensors
import torch
import transformers
from safetensors.numpy import save

FORMAT = 1


def array(value: torch.Tensor | np.ndarray, dtype: type | None = None) -> np.ndarray:
    """A dense copy in row-major order; safetensors writes the buffer as it lies, strides ignored."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.array(value, dtype=dtype, order="C")


def tolerance(absolute: float, relative: float, reason: str) -> dict:
    """max |error| <= absolute + relative * max |expected|."""
    return {"absolute": absolute, "relative": relative, "reason": reason}


def tolerance_l2(relative_l2: float, reason: str) -> dict:
    """|error|_2 <= relative_l2 * |expected|_2 over the tensor."""
    return {"relative_l2": relative_l2, "reason": reason}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Store:
    """Writes golden files under `root` and keeps `manifest.json` in step with them."""

    def __init__(self, root: Path):
        self.root = root
        self.path = root / "manifest.json"
        self.before = json.loads(self.path.read_text()) if self.path.exists() else None
        self.files: dict[str, dict] = {f["file"]: f for f in self.before["files"]} if self.before else {}

    def drop(self, matches: Callable[[str], bool]) -> None:
        """Forgets files that are about to be made anew, so that one no longer made does not linger."""
        for name in [name for name in self.files if matches(name)]:
            del self.files[name]
            (self.root / name).unlink(missing_ok=True)

    def write(self, name: str, tensors: Mapping[str, np.ndarray], entries: list[dict]) -> None:
        for key, value in tensors.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"{name}: tensor {key} is not finite")
        data = save({key: array(value) for key, value in tensors.items()})
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(data)
        self.files[name] = {
            "file": name,
            "sha256": digest(data),
            "bytes": len(data),
            "entries": entries,
        }

    def finish(self) -> str:
        """Writes the manifest; its date moves only when anything else in it does. Returns a line for the screen."""
        made = {
            "torch": torch.__version__.split("+")[0],
            "transformers": transformers.__version__,
            "numpy": np.__version__,
            "safetensors": safetensors.__version__,
        }
        files = [self.files[name] for name in sorted(self.files)]
        manifest = {"format": FORMAT, "date": datetime.date.today().isoformat(), "made_with": made, "files": files}
        if self.before and {**self.before, "date": ""} == json.loads(json.dumps({**manifest, "date": ""})):
            manifest["date"] = self.before["date"]
        self.path.write_text(dumps(manifest))
        total = sum(f["bytes"] for f in files)
        return f"{len(files)} files, {sum(len(f['entries']) for f in files)} entries, {total / 1e6:.2f} MB"


def dumps(manifest: dict) -> str:
    """JSON with one line an entry, so that a change is seen in a diff."""
    head = {key: value for key, value in manifest.items() if key != "files"}
    lines = ["{"]
    lines += [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines.append('  "files": [')
    files = []
    for file in manifest["files"]:
        fields = [f'      {json.dumps(k)}: {json.dumps(v)},' for k, v in file.items() if k != "entries"]
        entries = ",\n".join(f"        {json.dumps(entry)}" for entry in file["entries"])
        files.append("    {\n" + "\n".join(fields) + '\n      "entries": [\n' + entries + "\n      ]\n    }")
    return "\n".join(lines) + "\n" + ",\n".join(files) + "\n  ]\n}\n"
