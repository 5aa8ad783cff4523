"""Makes the goldens: `python goldens/reference/make.py [--only kernels|nano|random|hidden|pythia|saturated] [--out goldens]`.

Needs the packages of requirements.txt; for the nano part also Node and the repository's node_modules, because the text comes
from the project's own corpus generator. The same machine gives the same bytes; another processor may change last digits.
"""

import argparse
import sys
from pathlib import Path

import torch

import philox
from store import Store

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the goldens from PyTorch and transformers in float64.")
    parser.add_argument("--only", choices=["kernels", "nano", "random", "hidden", "pythia", "saturated"], help="make this part and keep the other")
    parser.add_argument("--out", type=Path, default=HERE.parent, help="folder of manifest.json (default: goldens)")
    parser.add_argument("--model", help="instead: the golden of a checkpoint, OWNER/NAME[@REVISION] of the hub or a directory")
    parser.add_argument("--revision", help="with --model: a branch, tag or commit")
    args = parser.parse_args()

    # One thread and no choice of algorithms: sums are taken in one order, so a second run gives the same bytes.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    philox.self_check()
    if args.model:
        from pythia import make_model

        make_model(args.out, args.model, args.revision)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    store = Store(args.out)
    if args.only in (None, "kernels"):
        # Each registers its goldens.
        import attention, codes, layers, linear, loss, sampling  # noqa: E401, F401
        from kernels import make_kernels

        make_kernels(store)
    if args.only in (None, "nano"):
        from nano import make_nano

        make_nano(store)
    if args.only in (None, "random"):
        from random_models import make_random

        make_random(store)
    if args.only in (None, "hidden"):
        # After nano and random, whose ids and weights it reads.
        from hidden import make_hidden

        make_hidden(store)
    if args.only in (None, "pythia"):
        from pythia import make_pythia

        make_pythia(store)
    if args.only in (None, "saturated"):
        from saturated import make_saturated

        make_saturated(store)
    print(store.finish(), file=sys.stderr)


if __name__ == "__main__":
    main()
