"""Models whose weights are numbers out of a counter: the definition of models/synthetic.ts, written again."""

import hashlib

import numpy as np
import torch

from model import build, parameters
from philox import derive_key, words

UNIT = 26755


def moments(name: str, shape: tuple[int, ...], config: dict) -> tuple[float, float]:
    """Mean and scale of a parameter."""
    tied = config.get("tie_word_embeddings", False)
    if name == "embed_out.weight" or (name == "gpt_neox.embed_in.weight" and tied):
        return 0.0, 1 / np.sqrt(config["hidden_size"])
    if name == "gpt_neox.embed_in.weight":
        return 0.0, 1.0
    if len(shape) == 2:
        return 0.0, 1.2 / np.sqrt(shape[1])
    return (1.0 if name.endswith("norm.weight") else 0.0), 0.2


def values(name: str, shape: tuple[int, ...], config: dict) -> np.ndarray:
    """A parameter, float32."""
    mean, scale = moments(name, shape, config)
    w = words(derive_key("synthetic", name), 0, int(np.prod(shape)))
    t = (w & 0xFFFF).astype(np.int64) + (w >> 16).astype(np.int64) - 65535
    return (mean + (scale / UNIT) * t).astype(np.float32).reshape(shape)


def synthetic_model(config: dict):
    """The model of a config.json's content, in float64."""
    model = build(config)
    with torch.no_grad():
        for name, p in parameters(model).items():
            p.copy_(torch.from_numpy(values(name, tuple(p.shape), config)))
    return model


def fingerprint(config: dict) -> str:
    """SHA-256 of every parameter's float32 bytes, in order."""
    sha = hashlib.sha256()
    with torch.device("meta"):
        shapes = {name: tuple(p.shape) for name, p in parameters(build(config)).items()}
    for name, shape in shapes.items():
        sha.update(values(name, shape, config).astype("<f4").tobytes())
    return sha.hexdigest()


def synthetic_ids(name: str, rows: int, columns: int, vocab_size: int) -> torch.Tensor:
    """Ids [rows, columns], uniform over the vocabulary."""
    w = words(derive_key("synthetic", "ids", name), 0, rows * columns) % vocab_size
    return torch.from_numpy(w.astype(np.int64)).reshape(rows, columns)
