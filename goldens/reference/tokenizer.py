"""Makes goldens/tokenizer: `python goldens/reference/tokenizer.py [--data ../shared/data]`.

What Python's `tokenizers` (the version is written into each file) says of texts of our own, under a small tokenizer that is
trained here and, with `--data`, under GPT-NeoX's; and what it takes every Unicode character for. Nothing of `--data` is
copied: of its texts only counts and hashes of the ids are kept. Needs no other part of the goldens.
"""

import argparse
import array
import hashlib
import json
import sys
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_samples import SAMPLES, TRAINING

HERE = Path(__file__).resolve().parent
NEOX = "tokenizer/gpt-neox-20b-tokenizer.json"
TEXTS = ["text/tinyshakespeare.txt", "text/wikitext-2-valid.txt"]
SLICES = 64
VOCABULARY = 640
# Code points hashed together: a failing test names a block of so many.
BLOCK = 0x1000


def train() -> Tokenizer:
    """Byte-level BPE with GPT-NeoX's settings: two special tokens first, runs of 24 down to 2 spaces added last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>", "<|padding|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


def digest(ids: list[int]) -> dict:
    words = array.array("I", ids)
    if sys.byteorder == "big":
        words.byteswap()
    return {"count": len(ids), "sha256": hashlib.sha256(words.tobytes()).hexdigest()}


def boundaries(data: bytes) -> list[int]:
    """Offsets that cut the bytes into SLICES nearly equal parts, moved on to where a character begins."""
    cuts = [len(data) * i // SLICES for i in range(SLICES + 1)]
    for i, cut in enumerate(cuts):
        while cut < len(data) and data[cut] & 0xC0 == 0x80:
            cut += 1
        cuts[i] = cut
    return cuts


def slices(tokenizer: Tokenizer, path: Path) -> dict:
    data = path.read_bytes()
    cuts = boundaries(data)
    parts = [
        {"begin": begin, "end": end, **digest(encode(tokenizer, data[begin:end].decode()))}
        for begin, end in zip(cuts, cuts[1:])
    ]
    return {"sha256": hashlib.sha256(data).hexdigest(), "whole": digest(encode(tokenizer, data.decode())), "slices": parts}


def code_points() -> list[int]:
    return [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def classes() -> list[list]:
    """Runs [first code point, class] of what the word pattern sees: L letter, N number, S space, P anything else."""
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)

    def joins(neighbor: str, c: int) -> bool:
        return len(words.pre_tokenize_str(neighbor + chr(c))) == 1

    runs: list[list] = []
    for c in code_points():
        kind = next((name for name, neighbor in (("L", "a"), ("N", "1"), ("P", ".")) if joins(neighbor, c)), "S")
        if not runs or runs[-1][1] != kind:
            runs.append([c, kind])
    return runs


def normalized() -> dict[str, str]:
    """Hash, by block of code points, of each one's NFC alone and among marks that it would change places with."""
    nfc = normalizers.NFC()
    blocks: dict[int, list[str]] = {}
    for c in code_points():
        # Combining classes 240 and 1: any other class of c reorders one of the two.
        for text in (chr(c), "a\u0345" + chr(c), "a" + chr(c) + "\u0334"):
            blocks.setdefault(c // BLOCK, []).append(nfc.normalize_str(text))
    return {f"{b * BLOCK:x}": hashlib.sha256("".join(texts).encode()).hexdigest()[:16] for b, texts in blocks.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the tokenizer's goldens from Python's tokenizers.")
    parser.add_argument("--data", type=Path, help="folder with GPT-NeoX's tokenizer and texts; without it neox.json is kept")
    parser.add_argument("--out", type=Path, default=HERE.parent / "tokenizer", help="folder (default: goldens/tokenizer)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    made = {"made_with": {"tokenizers": tokenizers.__version__}}

    def write(name: str, value: dict) -> None:
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in value.items())
        (args.out / name).write_text("{\n" + lines + "\n}\n")
        print(f"{name}: {(args.out / name).stat().st_size} bytes", file=sys.stderr)

    tokenizer = train()
    write("tokenizer.json", json.loads(tokenizer.to_str()))
    samples = {name: {"text": text, "ids": encode(tokenizer, text)} for name, text in SAMPLES.items()}
    write("samples.json", {**made, **samples})
    write("unicode.json", {**made, "block": BLOCK, "classes": classes(), "nfc": normalized()})
    if args.data is None:
        return
    source = args.data / NEOX
    neox = Tokenizer.from_file(str(source))
    texts = {name: slices(neox, args.data / name) for name in TEXTS}
    own = {name: encode(neox, text) for name, text in SAMPLES.items()}
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    write("neox.json", {**made, "tokenizer": {"file": NEOX, "sha256": sha256}, "texts": texts, "samples": own})


if __name__ == "__main__":
    main()
