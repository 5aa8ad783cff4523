"""Truth for rotary positions (transformers' GPT-NeoX code) and causal attention (PyTorch's), in float64, with autograd."""

import torch
import torch.nn.functional as F
from transformers.models.gpt_neox.modeling_gpt_neox import apply_rotary_pos_emb

from kernels import Case, Draw, exact, golden, gradients
from store import tolerance


def rotary_tables(positions: torch.Tensor, ndims: int, base: float) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin [..., ndims, rounded up to even] in float64, both halves alike, as GPTNeoXRotaryEmbedding lays them out."""
    frequencies = base ** (-torch.arange(0, ndims, 2, dtype=torch.float64) / ndims)
    angles = positions[..., None].to(torch.float64) * frequencies
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def heads_first(packed: torch.Tensor) -> torch.Tensor:
    """[G, B, T, H, K] to [G*B, H, T, K], transformers' layout."""
    return packed.flatten(0, 1).transpose(1, 2)


def packed_qkv(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """[G*B, H, T, K] each, to [G, B, T, H, 3, K]."""
    return torch.stack([part.transpose(1, 2) for part in (q, k, v)], dim=3).reshape(shape)


def interleaved(name: str, dims: dict[str, int], params: dict[str, float], **more) -> Case:
    """A case of GPT-NeoX's order: a row holds one head's q, k and v after another; kernels/common/heads.ts, interleavedHeads."""
    H, K = dims["H"], dims["K"]
    row, head = 3 * H * K, 3 * K
    views = {"q_first": 0, "q_row": row, "q_head": head, "k_first": K, "v_first": 2 * K, "kv_row": row, "kv_head": head}
    return Case(name, dims | {"KV": H, "S": dims["G"] * dims["B"] * dims["T"] * row}, params | views, **more)


@golden(
    "rotary/rotate",
    [
        interleaved("one", {"G": 1, "B": 1, "T": 2, "H": 1, "K": 2, "Rt": 2}, {"sign": 1.0}),
        interleaved("ragged", {"G": 2, "B": 2, "T": 7, "H": 3, "K": 5, "Rt": 4}, {"sign": 1.0}),
        interleaved("gradient, ragged", {"G": 1, "B": 3, "T": 5, "H": 2, "K": 7, "Rt": 6}, {"sign": -1.0}),
        interleaved("vec4", {"G": 2, "B": 1, "T": 33, "H": 2, "K": 8, "Rt": 4}, {"sign": 1.0}),
        interleaved("gradient, whole head", {"G": 1, "B": 2, "T": 17, "H": 2, "K": 8, "Rt": 8}, {"sign": -1.0}),
    ],
    out=tolerance(1e-7, 1.5e-7, "two products and a sum, rounded three times"),
)
def rotary_rotate(case: Case, draw: Draw):
    qkv = draw.normal("qkv", case.G, case.B, case.T, case.H, 3, case.K)
    cos, sin = (exact(table) for table in rotary_tables(torch.arange(case.T), case.Rt, 10000.0))
    half = case.Rt // 2
    table = torch.cat([cos[:, :half], sin[:, :half]], dim=1)
    q, k, v = (heads_first(qkv[..., part, :]) for part in range(3))
    if case.p("sign") > 0:
        q, k = apply_rotary_pos_emb(q, k, cos[None], sin[None])
    else:
        # qkv is the gradient of the rotated tensors; rotation is linear, so any point will do.
        at = torch.zeros_like(q, requires_grad=True), torch.zeros_like(k, requires_grad=True)
        rotated = apply_rotary_pos_emb(*at, cos[None], sin[None])
        q, k = torch.autograd.grad(rotated, at, (q, k))
    return {"qkv": qkv, "table": table}, {"out": packed_qkv(q, k, v, qkv.shape)}


OUT = tolerance(1e-7, 5e-7, "scores good to 2 ulp of 5, and weighted means of values")
LSE = tolerance(2e-7, 3e-7, "scores good to 2 ulp, and a logarithm")
DQKV = tolerance(2e-7, 1e-6, "weights good to 1e-6, differences dout.v - dout.out of sums of K, then sums over T")
SHARP = tolerance(2e-7, 4e-6, "scores of size 40 are good to 5e-6, and so are the ratios of their exponentials")


def attention_cases() -> list[Case]:
    def case(name: str, G: int, B: int, T: int, H: int, K: int, **more) -> Case:
        return interleaved(name, {"G": G, "B": B, "T": T, "H": H, "K": K}, {"scale": K**-0.5}, **more)

    return [
        case("one", 1, 1, 1, 1, 1),
        case("ragged", 2, 2, 13, 3, 5),
        case("vec4", 1, 2, 33, 2, 8),
        case("tiles and one", 1, 1, 65, 1, 16),
        case("sharp", 1, 1, 20, 2, 8, tolerances={"out": SHARP, "dqkv": SHARP}),
    ]


def attention_all(case: Case, draw: Draw) -> dict[str, torch.Tensor]:
    qkv = draw.normal("qkv", case.G, case.B, case.T, case.H, 3, case.K)
    if case.name == "sharp":
        qkv[..., :2, :] *= 4
        qkv = exact(qkv)
    dout = draw.normal("dout", case.G, case.B, case.T, case.H, case.K)
    at = qkv.clone().requires_grad_()
    q, k, v = (heads_first(at[..., part, :]) for part in range(3))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=case.p("scale"))
    out = out.transpose(1, 2).reshape(dout.shape)
    (dqkv,) = gradients(out, dout, at)
    scores = (q @ k.transpose(2, 3) * case.p("scale")).detach()
    future = torch.ones(case.T, case.T, dtype=torch.bool).triu(1)
    lse = scores.masked_fill(future, float("-inf")).logsumexp(dim=3)
    lse = lse.transpose(1, 2).reshape(case.G, case.B, case.T, case.H)
    return {"qkv": qkv, "out": out, "lse": lse, "dout": dout, "dqkv": dqkv}


@golden("attention/forward", attention_cases(), out=OUT, lse=LSE)
def attention_forward(case: Case, draw: Draw):
    found = attention_all(case, draw)
    return {"qkv": found["qkv"]}, {name: found[name] for name in ("out", "lse")}


@golden("attention/backward", attention_cases(), derived=("out", "lse"), dqkv=DQKV)
def attention_backward(case: Case, draw: Draw):
    found = attention_all(case, draw)
    return {name: found[name] for name in ("qkv", "out", "lse", "dout")}, {"dqkv": found["dqkv"]}
