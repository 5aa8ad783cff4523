// Runs LocalGraphClustering's own push and sweep for many seeds of a graph, as its Python does: aclpagerank32, division by
// the degree, sweepcut_with_sorting32. Built and called by lgc.py, against the library's headers and shared library.
//
//   lgc_driver GRAPH ALPHA EPS COUNT ROUNDS
//
// GRAPH is u32 n, u32 E, E pairs of u32, little-endian. The seeds are COUNT nodes spread evenly over those that have an
// edge. A line a seed: seed, size of the support, size of the set, its conductance, FNV-1a of its ascending ids, median
// microseconds of ROUNDS calls. Then a line "edges": median microseconds of one pass over all edge weights, which the
// library's sweep makes in every call to sum the volume.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "aclpagerank_c_interface.h"
#include "sweepcut_c_interface.h"

using Clock = std::chrono::steady_clock;

static double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int main(int argc, char **argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: lgc_driver GRAPH ALPHA EPS COUNT ROUNDS\n"), 2;
  std::FILE *file = std::fopen(argv[1], "rb");
  uint32_t head[2];
  if (!file || std::fread(head, 4, 2, file) != 2) return std::fprintf(stderr, "%s: cannot read\n", argv[1]), 1;
  const uint32_t n = head[0];
  std::vector<uint32_t> ends(2 * static_cast<size_t>(head[1]));
  if (std::fread(ends.data(), 4, ends.size(), file) != ends.size()) return std::fprintf(stderr, "%s: short\n", argv[1]), 1;
  std::fclose(file);
  const double alpha = std::atof(argv[2]), eps = std::atof(argv[3]);
  const uint32_t count = std::atoi(argv[4]), rounds = std::atoi(argv[5]);

  std::vector<uint32_t> starts(n + 1, 0), neighbors(ends.size());
  for (uint32_t end : ends) starts[end + 1]++;
  for (uint32_t v = 0; v < n; v++) starts[v + 1] += starts[v];
  std::vector<uint32_t> fill(starts.begin(), starts.end() - 1);
  for (size_t e = 0; e < ends.size(); e += 2) {
    neighbors[fill[ends[e]]++] = ends[e + 1];
    neighbors[fill[ends[e + 1]]++] = ends[e];
  }
  for (uint32_t v = 0; v < n; v++) std::sort(neighbors.begin() + starts[v], neighbors.begin() + starts[v + 1]);
  std::vector<double> weights(ends.size(), 1.0), unused(1, 0.0);

  std::vector<uint32_t> open;
  for (uint32_t v = 0; v < n; v++) if (starts[v + 1] > starts[v]) open.push_back(v);
  std::vector<uint32_t> ids(n), set(n);
  std::vector<double> values(n);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t seed = open[static_cast<uint64_t>(i) * open.size() / count];
    uint32_t support = 0, size = 0;
    double conductance = 0;
    std::vector<double> times;
    for (uint32_t round = 0; round < rounds; round++) {
      const auto started = Clock::now();
      support = aclpagerank32(n, starts.data(), neighbors.data(), 0, alpha, eps, &seed, 1, UINT32_MAX, ids.data(), n, values.data());
      for (uint32_t j = 0; j < support; j++) values[j] /= starts[ids[j] + 1] - starts[ids[j]];
      size = sweepcut_with_sorting32(values.data(), ids.data(), set.data(), support, n, starts.data(), neighbors.data(),
                                     weights.data(), 0, &conductance, unused.data(), 0);
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - started).count());
    }
    std::sort(set.begin(), set.begin() + size);
    uint32_t hash = 2166136261u;
    for (uint32_t j = 0; j < size; j++)
      for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((set[j] >> shift) & 255)) * 16777619u;
    std::printf("%u %u %u %.17g %08x %.3f\n", seed, support, size, conductance, hash, median(times));
  }
  std::vector<double> passes;
  volatile double keep = 0;
  for (int round = 0; round < 21; round++) {
    const auto started = Clock::now();
    double sum = 0;
    for (size_t e = 0; e < weights.size(); e++) sum += weights[e];
    keep = sum;
    passes.push_back(std::chrono::duration<double, std::micro>(Clock::now() - started).count());
  }
  (void)keep;
  std::printf("edges %.3f\n", median(passes));
}
