"""Trains an embedded model on its corpus and writes config.json and model.safetensors into its folder.

From the repository root:
    npx esbuild harness/setup/corpus-text.ts --bundle --platform=node --format=esm --outfile=build/corpus-text.mjs
    node build/corpus-text.mjs nano build/train 1 200000 64
    node build/corpus-text.mjs nano build/valid 2 1024 64
    python models/grammars/train.py --train build/train --valid build/valid --out models/nano

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
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM


def architecture(vocab_size: int, context: int, heads: int, width: int, mlp: int) -> dict:
    """The part of an HF config that decides the numbers, and nothing else."""
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "vocab_size": vocab_size,
        "hidden_size": width,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "intermediate_size": mlp,
        "hidden_act": "gelu",
        "max_position_embeddings": context,
        "rotary_pct": 0.5,
        "rotary_emb_base": 10000,
        "layer_norm_eps": 1e-5,
        "use_parallel_residual": True,
        "attention_bias": True,
        "tie_word_embeddings": False,
        "initializer_range": 0.06,
        "bos_token_id": 0,
        "eos_token_id": 0,
        "torch_dtype": "float32",
    }


def read_ids(folder: Path) -> tuple[torch.Tensor, dict]:
    about = json.loads((folder / "corpus.json").read_text())
    ids = np.fromfile(folder / "ids.u8", dtype=np.uint8).reshape(about["sequences"], about["context"] + 1)
    return torch.from_numpy(ids), about


def losses(model: GPTNeoXForCausalLM, ids: torch.Tensor) -> torch.Tensor:
    """Per-token losses in nats, [B, T], of ids [B, T + 1]."""
    ids = ids.long()
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")


def main() -> None:
    args = argparse.ArgumentParser()
    args.add_argument("--train", type=Path, required=True)
    args.add_argument("--valid", type=Path, required=True)
    args.add_argument("--out", type=Path, required=True)
    args.add_argument("--steps", type=int, default=2800)
    args.add_argument("--batch", type=int, default=64)
    args.add_argument("--lr", type=float, default=4e-3)
    args.add_argument("--heads", type=int, default=8)
    args.add_argument("--width", type=int, default=64)
    args.add_argument("--mlp", type=int, default=128)
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--threads", type=int, default=1)
    args = args.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, about = read_ids(args.train)
    valid, _ = read_ids(args.valid)
    shape = architecture(len(about["vocabulary"]), about["context"], args.heads, args.width, args.mlp)
    model = GPTNeoXForCausalLM(GPTNeoXConfig(**{k: v for k, v in shape.items() if k != "torch_dtype"}))
    print(f"{sum(p.numel() for p in model.parameters())} parameters, corpus {about['fingerprint']}", flush=True)

    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.05)
    warmup = 200

    def rate(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(1, args.steps - warmup)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    order = torch.randperm(len(train))
    began = time.time()
    for step in range(args.steps):
        at = torch.arange(step * args.batch, (step + 1) * args.batch) % len(train)
        loss = losses(model, train[order[at]]).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % 250 == 0 or step + 1 == args.steps:
            with torch.no_grad():
                heldout = losses(model, valid).mean().item()
            print(f"step {step + 1} train {loss.item():.4f} valid {heldout:.4f} {time.time() - began:.0f} s", flush=True)

    args.out.mkdir(parents=True, exist_ok=True)
    # PyTorch's module may carry buffers in other versions of transformers; only what is trained is written.
    # transformers 5 calls the unembedding lm_head in memory; files keep the name that Pythia's have.
    weights = {name.replace("lm_head.", "embed_out."): p.detach().contiguous() for name, p in model.named_parameters()}
    save_file(weights, args.out / "model.safetensors", metadata={"format": "pt"})
    (args.out / "config.json").write_text(json.dumps(shape, indent=2) + "\n")

    reloaded = GPTNeoXForCausalLM.from_pretrained(args.out)
    with torch.no_grad():
        drift = (losses(reloaded, valid[:64]) - losses(model, valid[:64])).abs().max().item()
    if drift != 0:
        raise SystemExit(f"reloaded model differs: max |loss difference| {drift}")
    roles = np.fromfile(args.valid / "roles.u8", dtype=np.uint8).reshape(valid.shape)[:, 1:]
    with torch.no_grad():
        table = losses(model, valid).numpy()
    for role, name in enumerate(about["roleNames"]):
        here = roles == role
        if here.any():
            print(f"{name:24s} {here.sum():6d} tokens, mean loss {table[here].mean():.3f}")


if __name__ == "__main__":
    main()
