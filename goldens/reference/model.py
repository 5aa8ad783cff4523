"""GPT-NeoX by transformers in float64, and the parameter block of a weight restriction.

transformers computes rotary angles in float32 whatever the model's type, and so does this project: models were trained with
them, and at position 2,047 exact angles move a loss by up to 1e-4. Everything else here is float64.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

BLOCK_ALIGNMENT = 64
UNEMBEDDING = {"lm_head.weight": "embed_out.weight"}  # transformers 5 renamed the module, not the weight in files


def build(config: dict) -> GPTNeoXForCausalLM:
    """A model of a config.json's content, in float64 and without dropout; its weights are still to be set."""
    fields = {key: value for key, value in config.items() if key not in ("torch_dtype", "dtype", "architectures")}
    # "eager" takes its softmax in float32; "sdpa" stays in float64.
    settings = GPTNeoXConfig(**fields, attn_implementation="sdpa")
    settings.attention_dropout = settings.hidden_dropout = 0.0
    model = GPTNeoXForCausalLM(settings).to(torch.float64).eval()
    return model


def parameters(model: GPTNeoXForCausalLM) -> dict[str, torch.nn.Parameter]:
    """By the name used in files, in order."""
    return {UNEMBEDDING.get(name, name): p for name, p in model.named_parameters()}


# What old checkpoints carry beside their parameters: masks and frequencies that follow from the config.
BUFFER = re.compile(r"\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$")


def load(folder: Path) -> GPTNeoXForCausalLM:
    """The model of a directory, one file or shards, with the weights as they are stored, in float64."""
    model = build(json.loads((folder / "config.json").read_text()))
    files = sorted(folder.glob("*.safetensors"))
    weights = {k: v for file in files for k, v in load_file(file).items() if not BUFFER.search(k)}
    weights = {UNEMBEDDING.get(name, name): value for name, value in weights.items()}
    named = parameters(model)
    if model.config.tie_word_embeddings:
        weights.pop("embed_out.weight", None)
    if set(weights) != set(named):
        raise ValueError(f"{folder}: weights {sorted(set(weights) ^ set(named))} are in the files or the model only")
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(weights[name])
    return model


def token_losses(model: GPTNeoXForCausalLM, ids: torch.Tensor) -> torch.Tensor:
    """Per-token losses in nats, [B, T], of ids [B, T + 1]."""
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")


@dataclass(frozen=True)
class Slice:
    """Rows (axis 0) or columns (axis 1) `start` to `stop` of a parameter, at `offset` of the block."""

    parameter: str
    axis: int
    start: int
    stop: int
    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class Block:
    """A restriction's parameters as one row of floats: slices row-major, each padded to whole 64 floats."""

    def __init__(self, model: GPTNeoXForCausalLM, restriction: str):
        self.named = parameters(model)
        self.slices: list[Slice] = []
        self.size = 0
        for name, axis, start, stop in self.choose(model.config, restriction):
            shape = list(self.named[name].shape)
            start, stop = start or 0, shape[axis] if stop is None else stop
            shape[axis] = stop - start
            self.slices.append(Slice(name, axis, start, stop, self.size, tuple(shape)))
            self.size += -(-int(np.prod(shape)) // BLOCK_ALIGNMENT) * BLOCK_ALIGNMENT

    def choose(self, config: GPTNeoXConfig, restriction: str):
        """(parameter, axis, start, stop) of a restriction; None: the whole axis."""
        whole = lambda names: [(name, 0, None, None) for name in names]
        if restriction == "full":
            return whole(self.named)
        if restriction == "embed":
            return whole(["gpt_neox.embed_in.weight"])
        if restriction == "unembed":
            return whole(["embed_out.weight"])
        if "+" in restriction:  # pieces of one head a layer, named in their order: parameter by parameter
            order = list(self.named).index
            chosen = [one for part in restriction.split("+") for one in self.choose(config, part)]
            return sorted(chosen, key=lambda one: order(one[0]))
        match = re.fullmatch(r"l(\d+)(?:h(\d+)(?:\.([qkvo]))?| (attn)| (mlp)(?:\[(\d+):(\d+)\])?)?", restriction)
        if not match:
            raise ValueError(f"unknown restriction {restriction}")
        layer, head, piece, attn, mlp, low, high = match.groups()
        of = f"gpt_neox.layers.{layer}."
        qkv, dense = f"{of}attention.query_key_value.", f"{of}attention.dense."
        up, down = f"{of}mlp.dense_h_to_4h.", f"{of}mlp.dense_4h_to_h."
        if head is not None:
            k = config.hidden_size // config.num_attention_heads
            j = int(head)
            rows = (3 * k * j, 3 * k * (j + 1))
            out = [(dense + "weight", 1, k * j, k * (j + 1))]
            if piece == "o":
                return out
            if piece:
                first = rows[0] + k * "qkv".index(piece)
                return [(qkv + "weight", 0, first, first + k), (qkv + "bias", 0, first, first + k)]
            return [(qkv + "weight", 0, *rows), (qkv + "bias", 0, *rows), *out]
        if attn:
            return whole([qkv + "weight", qkv + "bias", dense + "weight", dense + "bias"])
        if low is not None:
            a, b = int(low), int(high)
            return [(up + "weight", 0, a, b), (up + "bias", 0, a, b), (down + "weight", 1, a, b)]
        if mlp:
            return whole([up + "weight", up + "bias", down + "weight", down + "bias"])
        return whole([name for name in self.named if name.startswith(of)])

    def gather(self, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
        """The block [P] of given tensors by name; padding 0."""
        out = torch.zeros(self.size)
        for s in self.slices:
            part = tensors[s.parameter].narrow(s.axis, s.start, s.stop - s.start)
            out[s.offset : s.offset + s.size] = part.reshape(-1)
        return out

    def weights(self) -> torch.Tensor:
        return self.gather({name: p.detach() for name, p in self.named.items()})

    def gradient(self, loss: torch.Tensor) -> torch.Tensor:
        names = list(dict.fromkeys(s.parameter for s in self.slices))
        return self.gather(dict(zip(names, torch.autograd.grad(loss, [self.named[n] for n in names]))))

    @torch.no_grad()
    def scatter(self, block: torch.Tensor) -> None:
        """Sets the model's weights from a block; padding is not read."""
        for s in self.slices:
            part = self.named[s.parameter].narrow(s.axis, s.start, s.stop - s.start)
            part.copy_(block[s.offset : s.offset + s.size].reshape(s.shape))
