/**
 * A map in the reader's browser, in parts: points out of their text, which point is near, what is painted. Each is turned into text,
 * so it may lean on nothing outside itself but its arguments; `look.ts` and `moves.ts` have the others.
 */
import type { EncodedMap } from "./points";

/** Points of a map, unpacked. */
export interface MapArrays {
  readonly n: number;
  readonly aspect: number;
  /** `[2 n]`: 0 to 65,535 along the longer side. */
  readonly xy: Uint16Array;
  /** `[n]`: 0 for none, groups from 1. */
  readonly group: ArrayLike<number>;
  readonly label?: ArrayLike<number>;
  /** `[2 E]` */
  readonly edges?: Uint32Array;
}

/** Where a map's steps come to lie: pixel = offset + scale * step. */
export interface MapView {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** How to paint: colors by number of a group (0 is for none), and what stands out. */
export interface MapLook {
  readonly groupOf: ArrayLike<number>;
  readonly colors: readonly string[];
  readonly line: string;
  readonly ink: string;
  readonly page: string;
  /** Radius of a dot, pixels. */
  readonly radius: number;
  /** A group of `MapArrays.group` that stands out, or 0; a point that is ringed, or -1. */
  readonly selected: number;
  readonly hovered: number;
  /** Names of groups at their places, the most important first; hidden where they would overlap. */
  readonly marks: readonly { readonly text: string; readonly x: number; readonly y: number }[];
  readonly font: string;
}

export function decodeMap(map: EncodedMap): MapArrays {
  const bytes = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const numbers = (text: string) => (map.wide ? new Uint32Array(bytes(text)) : new Uint16Array(bytes(text)));
  return {
    n: map.n,
    aspect: map.aspect,
    xy: new Uint16Array(bytes(map.xy)),
    group: numbers(map.group),
    label: map.label === undefined ? undefined : numbers(map.label),
    edges: map.edges === undefined ? undefined : new Uint32Array(bytes(map.edges)),
  };
}

/** Finds the point nearest to a place, in steps, at most `within` away; -1 where there is none. */
export function indexMap({ n, xy }: MapArrays): (x: number, y: number, within: number) => number {
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(n / 4))));
  const cell = (step: number) => Math.min(side - 1, Math.floor((step * side) / 65536));
  const starts = new Uint32Array(side * side + 1);
  for (let i = 0; i < n; i++) starts[cell(xy[2 * i + 1]) * side + cell(xy[2 * i]) + 1]++;
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
  const fill = starts.slice();
  const points = new Uint32Array(n);
  for (let i = 0; i < n; i++) points[fill[cell(xy[2 * i + 1]) * side + cell(xy[2 * i])]++] = i;
  return (x, y, within) => {
    let best = -1;
    let least = within * within;
    const bound = (step: number) => cell(Math.max(0, Math.min(65535, step)));
    for (let row = bound(y - within); row <= bound(y + within); row++)
      for (let column = bound(x - within); column <= bound(x + within); column++) {
        const c = row * side + column;
        for (let at = starts[c]; at < starts[c + 1]; at++) {
          const i = points[at];
          const square = (xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2;
          if (square > least) continue;
          least = square;
          best = i;
        }
      }
    return best;
  };
}

/** Paints a map on a canvas: lines, points of no group, groups, what is selected, names, what is hovered. */
export function paintMap(canvas: HTMLCanvasElement, map: MapArrays, view: MapView, look: MapLook): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { n, xy, group, edges } = map;
  const { groupOf, colors, radius, selected } = look;
  const x = (i: number) => view.left + view.scale * xy[2 * i];
  const y = (i: number) => view.top + view.scale * xy[2 * i + 1];
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (edges) {
    context.beginPath();
    for (let e = 0; e < edges.length; e += 2) {
      context.moveTo(x(edges[e]), y(edges[e]));
      context.lineTo(x(edges[e + 1]), y(edges[e + 1]));
    }
    context.strokeStyle = look.line;
    context.lineWidth = Math.max(0.6, radius / 5);
    context.stroke();
  }
  // Points by color, so that each color is one path; the selected ones by themselves, last.
  const others: number[][] = colors.map(() => []);
  const chosen: number[][] = colors.map(() => []);
  for (let i = 0; i < n; i++) {
    const [px, py] = [x(i), y(i)];
    if (px < -radius || py < -radius || px > canvas.width + radius || py > canvas.height + radius) continue;
    (selected > 0 && group[i] === selected ? chosen : others)[groupOf[i]].push(i);
  }
  const round = radius > 1.6;
  const fill = (points: readonly number[], color: string, size: number) => {
    if (points.length === 0) return;
    context.beginPath();
    for (const i of points) {
      if (!round) context.rect(x(i) - size, y(i) - size, 2 * size, 2 * size);
      else {
        context.moveTo(x(i) + size, y(i));
        context.arc(x(i), y(i), size, 0, 2 * Math.PI);
      }
    }
    context.fillStyle = color;
    context.fill();
  };
  context.globalAlpha = selected > 0 ? 0.16 : 0.9;
  others.forEach((points, color) => {
    fill(points, colors[color], color === 0 ? radius * 0.8 : radius);
  });
  context.globalAlpha = 1;
  chosen.forEach((points, color) => {
    fill(points, colors[color], radius * 1.15);
  });
  context.font = look.font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const height = Number.parseFloat(look.font.match(/[\d.]+px/)?.[0] ?? "12");
  const taken: [number, number, number][] = [];
  for (const { text, x: sx, y: sy } of look.marks) {
    const [px, py] = [view.left + view.scale * sx, view.top + view.scale * sy];
    const half = context.measureText(text).width / 2 + 0.2 * height;
    if (px < half || py < height || px > canvas.width - half || py > canvas.height - height) continue;
    if (taken.some(([ox, oy, other]) => Math.abs(ox - px) < half + other && Math.abs(oy - py) < 1.2 * height)) continue;
    taken.push([px, py, half]);
    context.strokeStyle = look.page;
    context.lineWidth = height / 3.5;
    context.strokeText(text, px, py);
    context.fillStyle = look.ink;
    context.fillText(text, px, py);
  }
  if (look.hovered >= 0) {
    const i = look.hovered;
    fill([i], colors[groupOf[i]], radius * 1.4);
    context.beginPath();
    context.arc(x(i), y(i), radius * 1.4 + 1.5, 0, 2 * Math.PI);
    context.strokeStyle = look.ink;
    context.lineWidth = Math.max(1.5, radius / 3);
    context.stroke();
  }
}
