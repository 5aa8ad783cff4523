"""Makes goldens/clustering/lgc.json: what LocalGraphClustering's push and sweep find on graphs that our generators draw again.

    npx spectroscope bench --clustering --write FOLDER
    python goldens/reference/lgc.py --graphs FOLDER --build FOLDER_FOR_THE_LIBRARY [--wheel FILE]

Needs g++, and pip where no wheel is given; nothing else. A row is [seed, support, size, conductance, FNV-1a of the ascending ids].
"""

import argparse
import json
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "clustering" / "lgc.json"
# (alpha, eps) with the number of seeds; the first pair is that of the speed figures.
PAIRS = [(0.1, 1e-5, 100), (0.05, 1e-4, 50), (0.01, 1e-4, 50)]
GRAPHS = [
    "mixture-4k-union",
    "mixture-4k-mutual",
    "spatial-20k-union",
    "spatial-20k-mutual",
    "block-10k",
    "lfr-10k-d15-mu0.2",
    "lfr-10k-d5-mu0.1",
]


def rows(driver: Path, graph: Path, alpha: float, eps: float, count: int) -> list[list]:
    command = [str(driver), str(graph), repr(alpha), repr(eps), str(count), "1"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [
        [int(seed), int(support), int(size), float(conductance), digest]
        for seed, support, size, conductance, digest, _ in (line.split() for line in lines[:-1])
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=Path, required=True)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--wheel", type=Path)
    options = parser.parse_args()
    wheel = [str(options.wheel)] if options.wheel else []
    subprocess.run(["sh", str(HERE / "lgc_build.sh"), str(options.build), *wheel], check=True)
    driver = options.build.resolve() / "lgc_driver"
    runs = []
    for name in GRAPHS:
        graph = options.graphs / f"{name}.bin"
        head = graph.read_bytes()[:8]
        n, edges = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4))
        for alpha, eps, count in PAIRS:
            found = rows(driver, graph, alpha, eps, count)
            runs.append({"graph": name, "n": n, "edges": edges, "alpha": alpha, "eps": eps, "rows": found})
    lines = ",\n".join("    " + json.dumps(run, separators=(",", ":")) for run in runs)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(f'{{\n  "madeWith": {{"localgraphclustering": "0.6.1"}},\n  "runs": [\n{lines}\n  ]\n}}\n')


if __name__ == "__main__":
    main()
