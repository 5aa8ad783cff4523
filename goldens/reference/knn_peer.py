"""scikit-learn's brute-force neighbors, timed for `spectroscope bench`: harness/bench/knn.ts asks, this answers.

    python knn_peer.py ROWS COLS K < standard input

Standard input begins with ROWS * COLS little-endian f64 values. Then every line read is answered by a line "SECONDS", the
wall time of one `NearestNeighbors(algorithm="brute")` search with its default threads; the first is preceded by a line
with the version. The last line, after the end of input, is the sum of all ids, so that no work can be skipped.
"""

import sys
import time

import numpy
import sklearn
from sklearn.neighbors import NearestNeighbors


def main() -> None:
    rows, cols, k = (int(a) for a in sys.argv[1:4])
    stream = sys.stdin.buffer
    points = numpy.frombuffer(stream.read(rows * cols * 8), dtype="<f8").reshape(rows, cols)
    print(sklearn.__version__, flush=True)
    total = 0
    while stream.readline():
        start = time.perf_counter()
        ids = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors(return_distance=False)
        seconds = time.perf_counter() - start
        total += int(ids.sum())
        print(seconds, flush=True)
    print(total, flush=True)


if __name__ == "__main__":
    main()
