"""PyTorch on the CPU as a line beside WebGPU implementations.

Reads one JSON line an order and answers each with one JSON line:
{"prepare": {kind, gradient, dims, inputs: {name: file}, folder, threads}} -> {"outputs": {name: file}} (raw f32)
{"run": n} -> {}
The first line of output is {"version": ...}. Layouts are those of harness/bench/peers/operation.ts.
"""

import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

EPS = 1e-5


def load(file, dtype=np.float32):
    return torch.from_numpy(np.fromfile(file, dtype=dtype).copy())


def program(order):
    """A function without arguments that gives outputs by name."""
    d, files, gradient = order["dims"], order["inputs"], order["gradient"]
    kind = order["kind"]

    def leaf(name, *shape):
        return load(files[name]).reshape(shape).requires_grad_(gradient)

    def both(forward, leaves, names, output, dy):
        def compute():
            value = forward(*leaves)
            grads = torch.autograd.grad(value, leaves, dy)
            return {output: value.detach(), **dict(zip(names, grads))}

        def values():
            with torch.no_grad():
                return {output: forward(*leaves)}

        return compute if gradient else values

    if kind == "matmul":
        M, N, K = d["M"], d["N"], d["K"]
        dy = load(files["dy"]).reshape(M, N) if gradient else None
        return both(F.linear, [leaf("x", M, K), leaf("w", N, K)], ["dx", "dw"], "y", dy)
    if kind == "layernorm":
        R, D = d["R"], d["D"]
        dy = load(files["dy"]).reshape(R, D) if gradient else None
        leaves = [leaf("x", R, D), leaf("weight", D), leaf("bias", D)]
        return both(
            lambda x, w, b: F.layer_norm(x, (D,), w, b, EPS), leaves, ["dx", "dweight", "dbias"], "y", dy
        )
    if kind == "loss":
        R, V, D = d["R"], d["V"], d["D"]
        targets = load(files["targets"], np.uint32).to(torch.int64)
        dy = torch.full((R,), 1 / R) if gradient else None
        leaves = [leaf("x", R, D), leaf("w", V, D)]
        return both(
            lambda x, w: F.cross_entropy(F.linear(x, w), targets, reduction="none"),
            leaves,
            ["dx", "dw"],
            "losses",
            dy,
        )
    if kind == "attention":
        T, H, K = d["T"], d["H"], d["K"]
        dy = load(files["dout"]).reshape(T, H, K) if gradient else None

        def attend(qkv):
            q, k, v = (qkv[:, :, part].transpose(0, 1)[None] for part in range(3))
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)[0].transpose(0, 1)

        return both(attend, [leaf("qkv", T, H, 3, K)], ["dqkv"], "out", dy)
    raise ValueError(f"unknown operation {kind}")


def main():
    def answer(value):
        print(json.dumps(value), flush=True)

    answer({"version": torch.__version__, "threads": torch.get_num_threads()})
    compute = None
    for line in sys.stdin:
        order = json.loads(line)
        if "prepare" in order:
            torch.set_num_threads(order["prepare"]["threads"])
            compute = program(order["prepare"])
            outputs = {}
            for name, tensor in compute().items():
                file = os.path.join(order["prepare"]["folder"], name)
                tensor.contiguous().numpy().astype(np.float32).tofile(file)
                outputs[name] = file
            answer({"outputs": outputs})
        else:
            for _ in range(order["run"]):
                compute()
            answer({})


main()
