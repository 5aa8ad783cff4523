"""Makes goldens/sae: `python goldens/reference/sae.py`.

Sparse autoencoders with planted features, in each format written by its package's own saver, and codes by the package's own
encode on what the package's own loader reads back. `codes.safetensors` has inputs `x` [T, d] and `<folder>` [T, F] for each.

- Codes are the package's in float64 with the stored weights. Its float32 codes must agree to 1e-5, with the same features on,
  and no pre-activation of a choice or threshold may be nearer than 1e-4: no golden hangs on how a tie or a last bit falls.
- mlsae is on no package index. Its files come from huggingface_hub's PyTorchModelHubMixin as its own class's do; its encode
  (standardize, subtract, multiply, top k, relu) is written here anew after its description.
- Configs of SAELens before version 6 are written by hand, since the present package writes its own kind only; it reads them.
- wandb, which is imported for training and never used here, may be missing: an empty module stands in.

Needs no other part of the goldens.
"""

import importlib.machinery
import json
import os
import shutil
import sys
import types
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")
try:
    import wandb  # noqa: F401
except ImportError:
    stub = types.ModuleType("wandb")
    stub.__spec__ = importlib.machinery.ModuleSpec("wandb", None)
    sys.modules["wandb"] = stub

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors.torch import load_file, save_file

OUT = Path(__file__).resolve().parent.parent / "sae"
D, F, T, K = 16, 24, 32, 4
MARGIN = 1e-4
codes: dict[str, torch.Tensor] = {}


def planted() -> dict[str, torch.Tensor]:
    """Unit directions of features, rows of inputs that are sums of three of them each, and biases."""
    generator = torch.Generator().manual_seed(17)
    draw = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    directions = torch.nn.functional.normalize(draw(F, D), dim=-1)
    center = 0.2 * draw(D)
    rows = []
    for _ in range(T):
        chosen = torch.randperm(F, generator=generator)[:3]
        weights = 1 + torch.rand(3, generator=generator)
        rows.append(center + weights @ directions[chosen] + 0.02 * draw(D))
    return {
        "directions": directions,
        "norms": 0.6 + torch.rand(F, generator=generator),
        "center": center,
        "bias": -0.4 - 0.2 * torch.rand(F, generator=generator),
        "threshold": 0.1 + 0.3 * torch.rand(F, generator=generator),
        "other": 0.1 * draw(F),
        "x": torch.stack(rows),
    }


P = planted()
X = P["x"]


def keep(folder: str, encode32, encode64, x: torch.Tensor = X) -> None:
    """Codes of a folder, after the two precisions were held to each other."""
    with torch.no_grad():
        low, high = encode32(x.float()), encode64(x.double())
    assert low.shape == high.shape == (T, F), folder
    assert torch.equal(low > 0, high > 0), f"{folder}: a feature hangs on rounding"
    assert torch.allclose(low.double(), high, rtol=1e-5, atol=1e-6), folder
    firing = high[high > 0]
    assert firing.numel() >= T and (high > 0).any(dim=1).sum() >= T // 2, f"{folder}: features do not fire"
    assert firing.min() > MARGIN, f"{folder}: smallest code {firing.min()}"
    # Choices hang on no tie and thresholds on no last bit: inputs that are a little off switch the same features on.
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        near = encode64(x.double() + 1e-5 * torch.randn(x.shape, generator=generator).double())
    assert torch.equal(near > 0, high > 0), f"{folder}: a feature is nearer to its threshold than {MARGIN}"
    codes[folder] = high.float().contiguous()


def clean(name: str) -> Path:
    path = OUT / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


# SAELens


def lens(name: str, kind: str, *, dtype: str = "float32", training: dict | None = None, **settings) -> Path:
    from sae_lens import SAE, registry
    from sae_lens.saes.sae import SAEMetadata

    metadata = SAEMetadata(
        model_name="pythia-70m-deduped",
        hook_name="blocks.3.hook_resid_post",
        hook_head_index=None,
        prepend_bos=True,
        context_size=128,
        dataset_path="planted",
    )
    common = dict(d_in=D, d_sae=F, dtype=dtype, device="cpu", metadata=metadata)
    if training is None:
        cls, cfg = registry.get_sae_class(kind)
        sae = cls(cfg(**common, **settings))
    else:
        cls, cfg = registry.get_sae_training_class(kind)
        sae = cls(cfg(**common, **settings, **training))
    scale = P["norms"] if settings.get("rescale_acts_by_decoder_norm") else torch.ones(F)
    values = {
        "W_enc": P["directions"].T.contiguous(),
        "W_dec": P["directions"] * scale[:, None],
        "b_dec": P["center"],
        "b_enc": P["bias"],
        "b_gate": P["bias"],
        "b_mag": P["other"],
        "r_mag": 2 * P["other"],
        "threshold": P["threshold"],
        "topk_threshold": torch.tensor(0.35, dtype=torch.float64),
    }
    for key, tensor in sae.state_dict().items():
        tensor.copy_(values[key].to(tensor.dtype))
    path = clean(name)
    if training is None:
        sae.save_model(path)
    else:
        sae.save_inference_model(path)
    lens_codes(name, path)
    return path


def lens_codes(name: str, path: Path) -> None:
    from sae_lens import SAE

    keep(name, *(SAE.load_from_disk(path, dtype=dtype).encode for dtype in ("float32", "float64")))


def lens_old(name: str, **settings) -> None:
    """The flat config of versions 2 to 5 over the same tensors; the present package reads it."""
    path = clean(name)
    tensors = {
        "W_enc": P["directions"].T.contiguous(),
        "W_dec": P["directions"].clone(),
        "b_dec": P["center"],
        "b_enc": P["bias"],
    }
    if settings.pop("scaled", False):
        tensors["scaling_factor"] = torch.ones(F)
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path / "sae_weights.safetensors")
    cfg = {
        "d_in": D,
        "d_sae": F,
        "dtype": "torch.float32",
        "device": "cpu",
        "model_name": "pythia-70m-deduped",
        "hook_point_layer": 2,
        "hook_point_head_index": None,
        "context_size": 128,
        "dataset_path": "planted",
        "finetuning_scaling_factor": False,
        **settings,
    }
    (path / "cfg.json").write_text(json.dumps(cfg))
    lens_codes(name, path)


def make_lens() -> None:
    lens("saelens-standard", "standard")
    lens("saelens-standard-no-center", "standard", apply_b_dec_to_input=False)
    lens("saelens-standard-layer-norm", "standard", normalize_activations="layer_norm")
    lens("saelens-standard-constant-norm", "standard", normalize_activations="constant_norm_rescale")
    lens("saelens-standard-expected-average", "standard", normalize_activations="expected_average_only_in")
    lens("saelens-gated", "gated")
    lens("saelens-gated-layer-norm", "gated", normalize_activations="layer_norm")
    lens("saelens-jumprelu", "jumprelu", apply_b_dec_to_input=False)
    lens("saelens-jumprelu-bf16", "jumprelu", dtype="bfloat16")
    lens("saelens-topk", "topk", k=K)
    lens("saelens-topk-f16", "topk", k=K, dtype="float16")
    lens("saelens-topk-rescaled", "topk", k=K, rescale_acts_by_decoder_norm=True, normalize_activations="layer_norm")
    lens("saelens-batchtopk", "batchtopk", training={"k": K}, apply_b_dec_to_input=True)
    lens("saelens-matryoshka", "matryoshka_batchtopk", training={"k": K, "matryoshka_widths": [8, F]})
    lens_old("saelens-flat", hook_point="blocks.0.hook_resid_pre", activation_fn_str="relu", normalize_activations=True)
    lens_old(
        "saelens-flat-topk",
        hook_name="blocks.2.hook_mlp_out",
        architecture="standard",
        activation_fn_str="topk",
        activation_fn_kwargs={"k": K},
        apply_b_dec_to_input=False,
        prepend_bos=False,
        scaled=True,
    )


# sparsify


def sparsify(name: str, **settings) -> None:
    from sparsify import SparseCoder, SparseCoderConfig

    path = clean(name)
    coder = SparseCoder(D, SparseCoderConfig(num_latents=F, k=K, **settings))
    with torch.no_grad():
        coder.encoder.weight.copy_(P["directions"])
        coder.encoder.bias.copy_(0.2 * P["bias"])
        coder.W_dec.copy_(P["directions"])
        coder.b_dec.copy_(P["center"])
        if coder.W_skip is not None:
            coder.W_skip.copy_(torch.eye(D))
    coder.save_to_disk(path)

    def encode(dtype):
        loaded = SparseCoder.load_from_disk(path).to(dtype)

        def run(x):
            acts, indices, _ = loaded.encode(x)
            return torch.zeros(len(x), F, dtype=dtype).scatter_(-1, indices, acts)

        return run

    keep(name, encode(torch.float32), encode(torch.float64))


def make_sparsify() -> None:
    clean("sparsify")
    (OUT / "sparsify" / "config.json").write_text(json.dumps({"model": "EleutherAI/pythia-70m-deduped", "ctx_len": 2048}))
    sparsify("sparsify/layers.3")
    sparsify("sparsify/layers.3.mlp", activation="groupmax")
    sparsify("sparsify/layers.2", transcode=True, skip_connection=True, multi_topk=True)


# mlsae


class MLSAE(torch.nn.Module, PyTorchModelHubMixin):
    """Parameters and settings of mlsae's class, by their names."""

    def __init__(
        self,
        n_inputs: int,
        n_latents: int,
        k: int,
        dead_steps_threshold: int,
        dead_threshold: float = 1e-3,
        auxk: int | None = 256,
        standardize: bool = True,
        layers: list[int] | None = None,
        lens: bool = False,
    ):
        super().__init__()
        self.k, self.standardize = k, standardize
        self.encoder = torch.nn.Linear(n_inputs, n_latents, bias=False)
        self.decoder = torch.nn.Linear(n_latents, n_inputs, bias=False)
        self.pre_encoder_bias = torch.nn.Parameter(torch.zeros(n_inputs))
        self.register_buffer("last_nonzero", torch.zeros(n_latents, dtype=torch.long))

    def codes(self, x: torch.Tensor) -> torch.Tensor:
        if self.standardize:
            centered = x - x.mean(dim=-1, keepdim=True)
            x = centered / (centered.std(dim=-1, keepdim=True) + 1e-5)
        values, indices = torch.topk(self.encoder(x - self.pre_encoder_bias), k=self.k)
        return torch.zeros(len(x), F, dtype=x.dtype).scatter_(-1, indices, torch.relu(values))


def mlsae(name: str, **settings) -> None:
    path = clean(name)
    model = MLSAE(n_inputs=D, n_latents=F, k=K, dead_steps_threshold=100, **settings)
    with torch.no_grad():
        model.encoder.weight.copy_(P["directions"])
        model.decoder.weight.copy_(P["directions"].T)
        model.pre_encoder_bias.copy_(P["center"])
    model.save_pretrained(path)
    (path / "README.md").unlink(missing_ok=True)
    loaded = MLSAE.from_pretrained(path)
    keep(name, loaded.codes, lambda x: MLSAE.from_pretrained(path).double().codes(x))


# dictionary_learning


def dictionary(name: str, model, trainer: dict, protocol: int = 2, dtype: torch.dtype = torch.float32) -> None:
    from dictionary_learning.utils import load_dictionary

    path = clean(name)
    own = {
        "encoder.weight": P["directions"],
        "decoder.weight": P["directions"].T,
        "encoder.bias": P["bias"],
        "decoder.bias": P["center"],
        "bias": P["center"],
        "decoder_bias": P["center"],
        "gate_bias": P["bias"],
        "mag_bias": P["other"],
        "r_mag": 2 * P["other"],
        "b_dec": P["center"],
        "W_enc": P["directions"].T,
        "W_dec": P["directions"],
        "b_enc": P["bias"],
        "threshold": P["threshold"],
    }
    if trainer.pop("scaled", False):
        own["decoder.weight"] = own["decoder.weight"] * P["norms"]
    state = model.state_dict()
    for key, tensor in state.items():
        if key in ("k", "group_sizes"):
            continue
        if key == "threshold" and tensor.ndim == 0:
            tensor.fill_(0.3)
        else:
            tensor.copy_(own[key])
    if dtype != torch.float32:
        model = model.to(dtype)
    torch.save(model.state_dict(), path / "ae.pt")
    config = {
        "trainer": {
            "activation_dim": D,
            "dict_size": F,
            "layer": 3,
            "lm_name": "EleutherAI/pythia-70m-deduped",
            "submodule_name": "resid_post_layer_3",
            **trainer,
        },
        "buffer": {"d_submodule": D, "ctx_len": 128, "io": "out", "n_ctxs": 8},
    }
    (path / "config.json").write_text(json.dumps(config, indent=4))
    load = lambda kind: load_dictionary(str(path), "cpu")[0].to(kind).encode  # noqa: E731
    keep(name, load(torch.float32), load(torch.float64))
    # The package's loader reads protocol 2 alone; others save with later ones.
    if protocol != 2:
        torch.save(model.state_dict(), path / "ae.pt", pickle_protocol=protocol)


def make_dictionaries() -> None:
    from dictionary_learning import dictionary as d
    from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
    from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
    from dictionary_learning.trainers.top_k import AutoEncoderTopK

    named = lambda kind: {"dict_class": kind}  # noqa: E731
    dictionary("dictionary-standard", d.AutoEncoder(D, F), named("AutoEncoder"))
    dictionary("dictionary-standard-scaled", d.AutoEncoder(D, F), {**named("AutoEncoder"), "scaled": True})
    dictionary("dictionary-new", d.AutoEncoderNew(D, F), {**named("AutoEncoderNew"), "scaled": True}, protocol=5)
    dictionary("dictionary-gated", d.GatedAutoEncoder(D, F), named("GatedAutoEncoder"), protocol=4)
    dictionary("dictionary-topk", AutoEncoderTopK(D, F, K), {**named("AutoEncoderTopK"), "k": K})
    dictionary("dictionary-batchtopk", BatchTopKSAE(D, F, K), {**named("BatchTopKSAE"), "k": K})
    dictionary("dictionary-batchtopk-bf16", BatchTopKSAE(D, F, K), {**named("BatchTopKSAE"), "k": K}, dtype=torch.bfloat16)
    groups = MatryoshkaBatchTopKSAE(D, F, K, group_sizes=[8, F - 8])
    dictionary("dictionary-matryoshka", groups, {**named("MatryoshkaBatchTopKSAE"), "k": K})
    dictionary("dictionary-jumprelu", d.JumpReluAutoEncoder(D, F), named("JumpReluAutoEncoder"), dtype=torch.float16)
    old = OUT / "refused-legacy"
    if old.exists():
        return  # Storages are named by their addresses there: every run would give other bytes.
    old.mkdir()
    torch.save({"bias": torch.zeros(2)}, old / "ae.pt", _use_new_zipfile_serialization=False)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    OUT.mkdir(parents=True, exist_ok=True)
    make_lens()
    make_sparsify()
    mlsae("mlsae-standardized", layers=[3])
    mlsae("mlsae-plain", standardize=False, layers=[0, 1, 2])
    make_dictionaries()
    packages = ["sae-lens", "eai-sparsify", "dictionary-learning", "torch", "safetensors", "huggingface_hub"]
    made = {name: version(name) for name in packages}
    save_file({"x": X.contiguous(), **codes}, OUT / "codes.safetensors", metadata={"made_with": json.dumps(made)})
    assert load_file(OUT / "codes.safetensors").keys() == {"x", *codes}
    print(f"{len(codes)} autoencoders in {OUT}")


if __name__ == "__main__":
    # SAELens writes keys of a config in the order of a set: the same one each time.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
