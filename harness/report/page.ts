/** The data that the page's script reads: token facts by columns, and the heat map's numbers. */
import { type HeatData, heatData } from "./heatmap";
import { named } from "./html";
import { type ReportView, zScore } from "./view";

/** Components named in the read-out of a token. */
const TOP = 3;

export interface PageData {
  /** Cluster ids by position. */
  readonly clusters: readonly number[];
  readonly columns: readonly string[];
  readonly roles: readonly string[];
  readonly modes: readonly string[];
  /** Per token; -1 is none. `top` and `topZ` hold `TOP` a token: columns of the largest |z|, and z. */
  readonly text: readonly string[];
  readonly sequence: readonly number[];
  readonly position: readonly number[];
  readonly loss: readonly (number | null)[];
  readonly role: readonly number[];
  readonly mode: readonly number[];
  readonly cluster: readonly number[];
  readonly top: readonly number[];
  readonly topZ: readonly number[];
  readonly heat: HeatData;
}

function strongest(view: ReportView, token: number): { column: number; z: number }[] {
  return view.data.columns
    .map((_, column) => ({ column, z: zScore(view, token, column) }))
    .filter(({ z }) => Number.isFinite(z))
    .sort((a, b) => Math.abs(b.z) - Math.abs(a.z) || a.column - b.column)
    .slice(0, TOP);
}

export function pageData(view: ReportView): PageData {
  const { tokens, clusters, columns } = view.data;
  const top: number[] = [];
  const topZ: number[] = [];
  for (let token = 0; token < tokens.length; token++) {
    const found = strongest(view, token);
    for (let i = 0; i < TOP; i++) {
      top.push(found[i]?.column ?? -1);
      topZ.push(Math.round((found[i]?.z ?? 0) * 100) / 100);
    }
  }
  return {
    clusters: clusters.map(({ id }) => id),
    columns,
    roles: view.roles,
    modes: view.modes,
    text: tokens.map(({ text }) => named(text)),
    sequence: tokens.map(({ sequence }) => sequence),
    position: tokens.map(({ position }) => position),
    loss: tokens.map(({ loss }) => (Number.isFinite(loss) ? Math.round(loss * 1e4) / 1e4 : null)),
    role: [...view.roleOf],
    mode: [...view.modeOf],
    cluster: [...view.clusterOf],
    top,
    topZ,
    heat: heatData(view),
  };
}
