/** Made-up report data for tests, shaped like a real run: nano's text, planted clusters, chains that wander. */
import { generate, modeNames, roleNames, vocabulary } from "../../models/nano/corpus";
import type { ClusterInfo, ComponentDiagnostics, ReportData, TokenInfo } from "../../runtime/measure/report-data";

/** Numbers between 0 and 1 from a 32-bit state (a Weyl step, then two rounds of xor and multiply). */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let h = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
  };
}

function columnNames(): string[] {
  return [0, 1]
    .flatMap((layer) => [
      ...Array.from({ length: 8 }, (_, head) => `l${layer}h${head}`),
      ...Array.from({ length: 4 }, (_, group) => `l${layer} mlp ${group}`),
    ])
    .concat("embed", "unembed");
}

function tokensOf(sequences: number, context: number, next: () => number): TokenInfo[] {
  const corpus = generate({ seed: 3, sequences, context });
  const tokens: TokenInfo[] = [];
  for (let s = 0; s < sequences; s++) {
    for (let t = 1; t <= context; t++) {
      const at = s * (context + 1) + t;
      tokens.push({
        text: vocabulary[corpus.ids[at]],
        sequence: s,
        position: t,
        loss: -Math.log(next() + 1e-3) * 1.4,
        mode: modeNames[corpus.modes[at]],
        role: roleNames[corpus.roles[at]],
      });
    }
  }
  return tokens;
}

function diagnosticsOf(names: readonly string[], next: () => number): ComponentDiagnostics[] {
  return names.map((name, i) => {
    const rise = 0.05 + 0.25 * next();
    const apart = i % 9 === 4 ? 0.4 : 0.05;
    const traces = Array.from({ length: 4 }, () => {
      const level = rise * (1 + apart * (next() - 0.5) * 2);
      let value = level;
      return Array.from({ length: 64 }, () => {
        value += 0.3 * (level - value) + rise * 0.25 * (next() - 0.5);
        return value;
      });
    });
    const all = traces.flat();
    const meanRise = all.reduce((sum, value) => sum + value, 0) / all.length;
    const rHat = apart > 0.1 ? 1.34 : 1 + 0.06 * next();
    const more = { effectiveDraws: 180, lag1: 0.2, acceptance: 0.41, reliability: 0.5 + 0.4 * next() };
    return { name, weights: 1000 + Math.floor(9000 * next()), lr: 0.012, meanRise, rHat, ...more, traces };
  });
}

const interval = (value: number, reach: number) => {
  return { value, error: reach / 2.4, low: value - reach, high: value + reach };
};

/** @param options.roles false leaves roles, modes and scores of roles out; `clusters: 0` plants none */
export function sampleReport(
  options: { sequences?: number; roles?: boolean; clusters?: number; software?: boolean } = {},
): ReportData {
  const { sequences = 8, roles = true, clusters: most = 40, software = true } = options;
  const next = noise(7);
  const normal = () => next() + next() + next() + next() - 2;
  const columns = columnNames();
  const known = tokensOf(sequences, 64, next);
  const byRole = new Map<string, number[]>();
  known.forEach(({ role = "" }, token) => {
    byRole.set(role, [...(byRole.get(role) ?? []), token]);
  });
  const planted = [...byRole].filter(([, members]) => members.length >= 6).slice(0, most);
  const shapes = new Map([...byRole.keys()].map((role) => [role, columns.map(() => 1.6 * normal())]));
  const chi = new Float32Array(known.length * columns.length);
  const chiError = new Float32Array(chi.length);
  known.forEach(({ role = "" }, token) => {
    const size = Math.exp(0.5 * normal());
    columns.forEach((_, c) => {
      chi[token * columns.length + c] = 2e-3 * size * ((shapes.get(role)?.[c] ?? 0) + 0.7 * normal());
      chiError[token * columns.length + c] = 4e-4 * (0.5 + next());
    });
  });
  const labels = new Int32Array(known.length).fill(-1);
  const clusters: ClusterInfo[] = planted.map(([name, tokens], id) => {
    const members = tokens.filter(() => next() < 0.85);
    if (members.length === 0) members.push(tokens[0]);
    for (const member of members) labels[member] = id;
    const f1 = (2 * members.length) / (members.length + tokens.length);
    return {
      id,
      members,
      conductance: 0.05 + 0.4 * next(),
      seed: members[0],
      profile: shapes.get(name) ?? [],
      profileError: columns.map(() => 0.1 + 0.2 * next()),
      ...(roles && { bestRole: { name, f1 } }),
    };
  });
  const drawn = { chains: 4, draws: 64, meanRise: 0.213, reliability: 0.71 };
  const row = (features: string, meanBestF1: number, control = false, baseline = false) => ({
    features,
    control,
    baseline,
    ...(baseline ? {} : { drawn: features.startsWith("trace") ? { ...drawn, reliability: undefined } : drawn }),
    clusters: 30,
    covered: 0.4 + meanBestF1 / 2,
    meanBestF1,
    rolesAboveHalf: Math.round(40 * meanBestF1),
    ariRoles: meanBestF1 ** 2,
    ariModes: meanBestF1 ** 3,
    nmiRoles: meanBestF1,
  });
  return {
    title: "Susceptibility clusters of nano",
    date: "2026-02-03T10:20:30.000Z",
    version: "0.1.0",
    adapter: { name: "SwiftShader Device (Subzero)", software, driver: "SwiftShader 5.0.0" },
    model: { name: "nano", parameters: 78_592, layers: 2, heads: 8, hidden: 64, vocabulary: vocabulary.length },
    config: {
      seed: 1,
      sampler: { kind: "rmsprop_sgld", lr: 0.012, n_beta: 10, localization: 100, num_chains: 4, num_draws: 64 },
      estimator: "two_chain",
      columns: "asinh",
      weight_restrictions: ["full", "embed", "unembed", "heads", "mlp_groups"],
    },
    seconds: [
      { phase: "set-up", seconds: 2.2 },
      { phase: "sampling", seconds: 214 },
      { phase: "controls", seconds: 41 },
      { phase: "clustering", seconds: 3.4 },
    ],
    components: diagnosticsOf(["full", ...columns], next),
    tokens: roles ? known : known.map(({ role: _role, mode: _mode, ...rest }) => rest),
    starts: known.map(() => "<s>"),
    columns,
    chi,
    chiError,
    clusters,
    labels,
    ...(roles && { roles: byRole.size }),
    scores: [
      row("chi", 0.52),
      row("chi, shuffled draws", 0.36, true),
      row("chi, n_beta = 0", 0.31, true),
      row("chi, n_beta = 0 at equal rise", 0.33, true),
      row("trace features", 0.64),
      row("trace features, shuffled draws", 0.35, true),
      row("token identity", 0.46, false, true),
      row("last-layer activations", 0.7, false, true),
    ],
    comparisons: [
      {
        features: "chi",
        against: "chi, n_beta = 0",
        chains: 4,
        parts: 4,
        draws: [64, 64],
        scores: !roles
          ? []
          : [
              { measure: "mean best F1", means: [0.47, 0.45], difference: interval(0.02, 0.03) },
              { measure: "kNN accuracy", means: [0.7, 0.64], difference: interval(0.06, 0.02) },
            ],
        clusters: { within: [0.4, 0.42], between: 0.39, excess: interval(-0.02, 0.03) },
        columns: {
          apart: 1,
          correlation: 0.94,
          together: interval(-0.04, 0.02),
          each: columns.map((name, c) => ({
            ...{ name, apart: c === 3, within: [0.8, 0.7] as const, between: 0.7, correlation: 0.94 },
            excess: interval(-0.05, 0.04),
          })),
        },
        said: ["chi and chi, n_beta = 0 differ by known roles: made up"],
      },
    ],
    remarks: ["Made-up data: it shows what a report looks like and nothing about a model."],
  };
}
