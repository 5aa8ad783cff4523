"""Other people's clusterings, for `spectroscope bench --clustering --peers`, which starts this and talks to it by lines of JSON.

A request on stdin is {"method", "graph", "points", "columns", "min_size", "labels", "seed"}: `graph` is a file of u32 n, u32 E and
E pairs of u32; `points` of float32 rows of `columns` numbers (for hdbscan); the answer's labels go to the file `labels`, i32 of each
node, -1 for none. The answer on stdout is {"seconds": ...} or {"error": ...}. Seconds are of the method alone, on a graph that lies
in the library's own form already. {"method": "datasets", "folder"} leaves NAME.points (float64 rows) and NAME.truth (i32) of small
real matrices that scikit-learn carries there and answers {"datasets": [{"name", "rows", "columns"}]}. The first line out is
{"versions": ...}. Needs requirements-cluster.txt.
"""

import importlib.metadata
import json
import random
import sys
import time

import numpy as np

PACKAGES = ("igraph", "infomap", "hdbscan", "scikit-learn", "numpy")
loaded: dict[tuple[str, str], object] = {}


def edge_list(path: str) -> tuple[int, np.ndarray]:
    words = np.fromfile(path, dtype="<u4")
    return int(words[0]), words[2:].reshape(-1, 2)


def igraph_of(request: dict):
    import igraph

    n, edges = edge_list(request["graph"])
    return igraph.Graph(n=n, edges=edges)


def louvain(graph, request: dict) -> list[int]:
    return graph.community_multilevel().membership


def leiden(graph, request: dict) -> list[int]:
    return graph.community_leiden(objective_function="modularity", n_iterations=2).membership


def leiden_converged(graph, request: dict) -> list[int]:
    return graph.community_leiden(objective_function="modularity", n_iterations=-1).membership


def label_propagation(graph, request: dict) -> list[int]:
    return graph.community_label_propagation().membership


def links_of(request: dict):
    import infomap

    n, edges = edge_list(request["graph"])
    return infomap.Infomap, n, [(int(a), int(b)) for a, b in edges]


def infomap(graph, request: dict) -> np.ndarray:
    """Two levels; adding the links counts, because the library builds its network from them as part of its work."""
    Infomap, n, links = graph
    search = Infomap(two_level=True, silent=True, seed=request["seed"])
    search.add_nodes(range(n))
    search.add_links(links)
    search.run()
    labels = np.full(n, -1, dtype=np.int32)
    for node, module in search.get_modules().items():
        labels[node] = module
    return labels


def points_of(request: dict):
    from hdbscan import HDBSCAN

    return HDBSCAN, np.fromfile(request["points"], dtype="<f4").reshape(-1, request["columns"]).astype(np.float64)


def hdbscan(data, request: dict) -> np.ndarray:
    HDBSCAN, points = data
    return HDBSCAN(min_cluster_size=request["min_size"]).fit_predict(points)


def datasets(folder: str) -> list[dict]:
    """Matrices with their classes. Columns of unlike units come twice: as they are, and standardized."""
    from sklearn import datasets as sets
    from sklearn.preprocessing import StandardScaler

    made = []
    for name, load, units in (
        ("iris", sets.load_iris, False),
        ("wine", sets.load_wine, True),
        ("breast-cancer", sets.load_breast_cancer, True),
        ("digits", sets.load_digits, False),
    ):
        points, truth = load(return_X_y=True)
        forms = [(name, points)]
        if units:
            forms.append((f"{name}-standardized", StandardScaler().fit_transform(points)))
        for form, values in forms:
            values.astype("<f8").tofile(f"{folder}/{form}.points")
            truth.astype("<i4").tofile(f"{folder}/{form}.truth")
            made.append({"name": form, "rows": values.shape[0], "columns": values.shape[1]})
    return made


METHODS = {
    "louvain": (igraph_of, louvain),
    "leiden": (igraph_of, leiden),
    "leiden converged": (igraph_of, leiden_converged),
    "label propagation": (igraph_of, label_propagation),
    "infomap": (links_of, infomap),
    "hdbscan": (points_of, hdbscan),
}


def run(request: dict) -> tuple[np.ndarray, float]:
    load, method = METHODS[request["method"]]
    key = (load.__name__, request["graph"])
    if key not in loaded:
        loaded[key] = load(request)
    random.seed(request["seed"])
    started = time.perf_counter()
    labels = method(loaded[key], request)
    seconds = time.perf_counter() - started
    return np.asarray(labels, dtype="<i4"), seconds


def main() -> None:
    print(json.dumps({"versions": {name: importlib.metadata.version(name) for name in PACKAGES}}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["method"] == "datasets":
                answer = {"datasets": datasets(request["folder"])}
            else:
                labels, seconds = run(request)
                labels.tofile(request["labels"])
                answer = {"seconds": seconds}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
