"""Trains a sparse autoencoder of an embedded model's residual stream and writes it as SAELens does: cfg.json, sae_weights.safetensors.

From the repository root:
    npx esbuild harness/setup/corpus-text.ts --bundle --platform=node --format=esm --outfile=build/corpus-text.mjs
    node build/corpus-text.mjs nano build/sae-train 5 16384 64
    node build/corpus-text.mjs nano build/valid 2 1024 64
    node build/corpus-text.mjs nano build/probe 3 16 64
    python models/grammars/train_sae.py --model models/nano --train build/sae-train --valid build/valid --probe build/probe --out models/nano/sae

A top-k autoencoder (arXiv 2406.04093): codes = relu(top k of (x - b_dec) W_enc + b_enc), x ~ codes W_dec + b_dec, rows of W_dec of
length 1, and an auxiliary loss by which features that died reconstruct what the others leave. The activations are scaled to a mean
length of sqrt(d) for training; the scale is folded into the weights, so that the file reads activations as they are.

The same text, seed, thread count and PyTorch give the same weights; another PyTorch gives other bits of equal quality.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import GPTNeoXForCausalLM

from train import losses, read_ids

DEAD_TOKENS = 200_000  # a feature that fired on none of so many tokens is dead
AUXILIARY = 1 / 32


@torch.no_grad()
def activations(model: GPTNeoXForCausalLM, ids: torch.Tensor, layer: int) -> torch.Tensor:
    """The output of a layer, [B, T, d], of ids [B, T + 1]."""
    taken = []
    hook = model.gpt_neox.layers[layer].register_forward_hook(lambda _, __, out: taken.append(first(out)))
    for part in ids.split(512):
        model.gpt_neox(input_ids=part[:, :-1].long(), use_cache=False)
    hook.remove()
    return torch.cat(taken)


def first(output):
    """A layer's output is a tensor, in older versions of transformers a tuple of it and others."""
    return output[0] if isinstance(output, tuple) else output


class Autoencoder:
    """W_enc [d, F], b_enc [F], W_dec [F, d], b_dec [d]."""

    def __init__(self, mean: torch.Tensor, features: int, k: int):
        directions = torch.randn(features, len(mean))
        directions /= directions.norm(dim=1, keepdim=True)
        self.k = k
        self.W_enc = directions.T.clone().requires_grad_()
        self.b_enc = torch.zeros(features, requires_grad=True)
        self.W_dec = directions.clone().requires_grad_()
        self.b_dec = mean.clone().requires_grad_()

    def parameters(self) -> list[torch.Tensor]:
        return [self.W_enc, self.b_enc, self.W_dec, self.b_dec]

    def before(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.b_dec) @ self.W_enc + self.b_enc

    def top(self, before: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Values and numbers of the k largest, [tokens, k] each; none below 0."""
        values, numbers = before.topk(k, dim=-1)
        return values.relu(), numbers

    def decode(self, values: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Without b_dec."""
        codes = torch.zeros(len(values), len(self.W_dec)).scatter(-1, numbers, values)
        return codes @ self.W_dec

    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(*self.top(self.before(x), self.k)) + self.b_dec

    def codes(self, x: torch.Tensor) -> torch.Tensor:
        values, numbers = self.top(self.before(x), self.k)
        return torch.zeros(*values.shape[:-1], len(self.W_dec)).scatter(-1, numbers, values)

    @torch.no_grad()
    def rescale(self, factor: float) -> None:
        """What was trained on factor * x reads x from now on; codes are those of x too."""
        self.b_enc /= factor
        self.b_dec /= factor


def train(x: torch.Tensor, sae: Autoencoder, steps: int, batch: int, lr: float) -> None:
    optimizer = torch.optim.Adam(sae.parameters(), lr=lr, betas=(0.9, 0.999))
    silent = torch.zeros(len(sae.W_dec))
    order = torch.randperm(len(x))
    warmup, decay = steps // 20, steps // 3
    rate = lambda step: min(1.0, (step + 1) / warmup, (steps - step) / decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    began = time.time()
    for step in range(steps):
        at = torch.arange(step * batch, (step + 1) * batch) % len(x)
        own = x[order[at]]
        before = sae.before(own)
        values, numbers = sae.top(before, sae.k)
        error = own - sae.decode(values, numbers) - sae.b_dec
        scale = own.var(dim=0, unbiased=False).sum()
        loss = error.square().sum(dim=1).mean() / scale
        with torch.no_grad():
            silent += batch
            silent[numbers[values > 0]] = 0
            dead = silent > DEAD_TOKENS
        count = int(dead.sum())
        if count > 0:
            left = before.masked_fill(~dead, -math.inf)
            rest = sae.decode(*sae.top(left, min(count, len(sae.b_dec) // 2)))
            auxiliary = (error.detach() - rest).square().sum(dim=1).mean() / error.detach().square().sum(dim=1).mean()
            loss = loss + AUXILIARY * auxiliary
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            # Only the part of a step that turns a row: its length stays 1.
            along = (sae.W_dec.grad * sae.W_dec).sum(dim=1, keepdim=True)
            sae.W_dec.grad -= along * sae.W_dec
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            sae.W_dec /= sae.W_dec.norm(dim=1, keepdim=True)
        if (step + 1) % 1000 == 0 or step + 1 == steps:
            print(f"step {step + 1} unexplained {loss.item():.4f} dead {count} {time.time() - began:.0f} s", flush=True)


@torch.no_grad()
def quality(model: GPTNeoXForCausalLM, sae: Autoencoder, ids: torch.Tensor, layer: int) -> dict:
    """Held-out figures: what the codes explain, how many there are, and what the model loses that reads the reconstruction."""
    x = activations(model, ids, layer).flatten(0, 1)
    codes = sae.codes(x)
    error = x - codes @ sae.W_dec - sae.b_dec
    rate = (codes > 0).double().mean(dim=0)

    def loss_with(change) -> float:
        replace = lambda _, __, out: (change(out[0]), *out[1:]) if isinstance(out, tuple) else change(out)
        hook = model.gpt_neox.layers[layer].register_forward_hook(replace)
        mean = losses(model, ids).double().mean().item()
        hook.remove()
        return mean

    whole = losses(model, ids).double().mean().item()
    through = loss_with(lambda h: sae.reconstruct(h.flatten(0, 1)).reshape(h.shape))
    mean = x.mean(dim=0)
    constant = loss_with(lambda h: mean.expand(h.shape))
    zero = loss_with(torch.zeros_like)
    return {
        "explained_variance": 1 - (error.double().square().sum() / (x - mean).double().square().sum()).item(),
        "l0": (codes > 0).sum(dim=1).double().mean().item(),
        "dead": int((rate == 0).sum()),
        "above_10_percent": int((rate > 0.1).sum()),
        "loss": whole,
        "loss_with_reconstruction": through,
        "loss_with_mean": constant,
        "loss_with_zero": zero,
        "loss_recovered": (zero - through) / (zero - whole),
    }


def f1(sets: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Of every column of sets [n, F] with members [n, R]: [F, R]."""
    both = sets.T.astype(np.float64) @ members
    return 2 * both / np.maximum(1, sets.sum(0)[:, None] + members.sum(0)[None, :])


@torch.no_grad()
def role_scores(model: GPTNeoXForCausalLM, sae: Autoencoder, folder: Path, layer: int) -> list[str]:
    """How well single features know the roles of the probe, beside single token ids. A feature is read at the token that has the
    role, and at the one before it, where that is predicted. The last id of a row is not read."""
    ids, about = read_ids(folder)
    roles = np.fromfile(folder / "roles.u8", dtype=np.uint8).reshape(ids.shape)
    codes = sae.codes(activations(model, ids, layer).flatten(0, 1)).reshape(len(ids), ids.shape[1] - 1, -1).numpy() > 0
    lines = []
    best = {}
    own = ids.numpy()[:, 1:-1].ravel()
    for name, sets, target in [("at the token", codes[:, 1:], roles[:, 1:-1]), ("before the token", codes, roles[:, 1:])]:
        known, counts = np.unique(target, return_counts=True)
        members = target.ravel()[:, None] == known[None, :]
        scores = f1(sets.reshape(-1, sets.shape[-1]), members)
        best[name] = dict(zip(known.tolist(), scores.max(0)))
        often = counts >= 8
        lines.append(
            f"{name}: mean best F1 {scores.max(0).mean():.3f} over {len(known)} roles, {scores.max(0)[often].mean():.3f} over the {often.sum()} of 8 "
            f"targets or more; above 0.5: {(scores.max(0) > 0.5).sum()}, above 0.9: {(scores.max(0) > 0.9).sum()}"
        )
    known, counts = np.unique(roles[:, 1:-1], return_counts=True)
    members = roles[:, 1:-1].ravel()[:, None] == known[None, :]
    tokens = f1(own[:, None] == np.unique(own)[None, :], members).max(0)
    above = sum(best["at the token"][role] > score for role, score in zip(known.tolist(), tokens))
    often = counts >= 8
    lines.append(f"single token id: mean best F1 {tokens.mean():.3f}, {tokens[often].mean():.3f}; a feature is better in {above} of {len(known)} roles")
    for role, count, token in zip(known.tolist(), counts, tokens):
        lines.append(
            f"  {about['roleNames'][role]:24s} {count:4d}  at {best['at the token'][role]:.2f}  before {best['before the token'].get(role, 0):.2f}  token {token:.2f}"
        )
    return lines


def config(args: argparse.Namespace, width: int) -> dict:
    """What SAELens writes. Without its version it would take the file for one of an older form, and not read the metadata."""
    return {
        "d_in": width,
        "d_sae": args.features,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": "6.54.12",
            "sae_lens_training_version": None,
            "model_name": args.model.name,
            "hook_name": f"blocks.{args.layer}.hook_resid_post",
            "hook_head_index": None,
            # The model as it is: TransformerLens would center what is written to the residual stream.
            "model_from_pretrained_kwargs": {"center_writing_weights": False},
            "prepend_bos": False,
            "context_size": args.context,
            "dataset_path": f"models/{args.model.name}/corpus.ts",
        },
        "k": args.k,
        "rescale_acts_by_decoder_norm": False,
        "architecture": "topk",
    }


def main() -> None:
    args = argparse.ArgumentParser()
    args.add_argument("--model", type=Path, required=True)
    args.add_argument("--train", type=Path, required=True)
    args.add_argument("--valid", type=Path, required=True)
    args.add_argument("--probe", type=Path)
    args.add_argument("--out", type=Path, required=True)
    args.add_argument("--layer", type=int, default=0)
    args.add_argument("--features", type=int, default=512)
    args.add_argument("--k", type=int, default=8)
    args.add_argument("--steps", type=int, default=6000)
    args.add_argument("--batch", type=int, default=1024)
    args.add_argument("--lr", type=float, default=1e-3)
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    model = GPTNeoXForCausalLM.from_pretrained(args.model).eval()
    ids, about = read_ids(args.train)
    args.context = about["context"]
    x = activations(model, ids, args.layer).flatten(0, 1)
    width = x.shape[1]
    scale = math.sqrt(width) / x.norm(dim=1).mean().item()
    x *= scale
    print(f"{len(x)} activations of width {width}, corpus {about['fingerprint']}, scale {scale:.4f}", flush=True)
    sae = Autoencoder(x.mean(dim=0), args.features, args.k)
    train(x, sae, args.steps, args.batch, args.lr)
    sae.rescale(scale)

    valid, _ = read_ids(args.valid)
    print(json.dumps(quality(model, sae, valid, args.layer), indent=2))
    if args.probe:
        print("\n".join(role_scores(model, sae, args.probe, args.layer)))
    args.out.mkdir(parents=True, exist_ok=True)
    names = ["W_enc", "b_enc", "W_dec", "b_dec"]
    save_file({name: p.detach().contiguous() for name, p in zip(names, sae.parameters())}, args.out / "sae_weights.safetensors", metadata={"format": "pt"})
    (args.out / "cfg.json").write_text(json.dumps(config(args, width), indent=2) + "\n")


if __name__ == "__main__":
    main()
