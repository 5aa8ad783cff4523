/** Parts of a map, each laid out by itself, put side by side: no distance between them means anything. */

export interface Part {
  /** `[size, 2]`, moved in place. */
  readonly at: Float64Array;
  /** Area that it asks for. */
  readonly area: number;
}

/** Margin about a part, as a share of its side. */
const MARGIN = 0.12;
/** Width over height of the whole. */
const ASPECT = 1.5;

/** Turns a part so that its longest extent is level, its center at 0; the first node away from the center is to the left. */
export function level(at: Float64Array): void {
  const n = at.length / 2;
  let [mx, my] = [0, 0];
  for (let v = 0; v < n; v++) {
    mx += at[2 * v] / n;
    my += at[2 * v + 1] / n;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (let v = 0; v < n; v++) {
    const [x, y] = [at[2 * v] - mx, at[2 * v + 1] - my];
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  // The main axis of a 2 x 2 covariance, without trigonometry.
  const half = (xx - yy) / 2;
  const root = Math.sqrt(half * half + xy * xy);
  let [ax, ay] = half >= 0 ? [half + root, xy] : [xy, root - half];
  const length = Math.sqrt(ax * ax + ay * ay);
  [ax, ay] = length > 0 ? [ax / length, ay / length] : [1, 0];
  const fx = at[0] - mx;
  const fy = at[1] - my;
  const turnX = ax * fx + ay * fy > 0 ? -1 : 1;
  const turnY = ax * fy - ay * fx > 0 ? -1 : 1;
  for (let v = 0; v < n; v++) {
    const [x, y] = [at[2 * v] - mx, at[2 * v + 1] - my];
    at[2 * v] = turnX * (ax * x + ay * y);
    at[2 * v + 1] = turnY * (ax * y - ay * x);
  }
}

/** Quantile beyond which nodes are drawn in, and how far they may still stand out, as a share of half the extent within. */
const TAIL = 0.02;
const OUTSIDE = 0.35;

/** Draws in what lies far outside along either axis, its order kept: a few strays would leave the rest no room. */
export function drawIn(at: Float64Array): void {
  const n = at.length / 2;
  const sorted = new Float64Array(n);
  for (let d = 0; d < 2; d++) {
    for (let v = 0; v < n; v++) sorted[v] = at[2 * v + d];
    sorted.sort();
    const low = sorted[Math.floor(TAIL * (n - 1))];
    const high = sorted[Math.ceil((1 - TAIL) * (n - 1))];
    const half = (high - low) / 2;
    if (!(half > 0)) continue;
    for (let v = 0; v < n; v++) {
      const away = (at[2 * v + d] - (low + half)) / half;
      const over = Math.abs(away) - 1;
      if (over <= 0) continue;
      const held = 1 + (OUTSIDE * over) / (OUTSIDE + over);
      at[2 * v + d] = low + half + (away < 0 ? -half : half) * held;
    }
  }
}

interface Box {
  readonly part: Part;
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** Extent of a part, and the scale that gives its box the area that it asks for. Flat parts count as a third as high as wide. */
function boxOf(part: Part): Box {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < part.at.length; i += 2) {
    left = Math.min(left, part.at[i]);
    right = Math.max(right, part.at[i]);
    top = Math.min(top, part.at[i + 1]);
    bottom = Math.max(bottom, part.at[i + 1]);
  }
  const longest = Math.max(right - left, bottom - top);
  const side = longest > 0 ? longest : 1;
  const wide = Math.max(right - left, side / 3);
  const high = Math.max(bottom - top, side / 3);
  const scale = Math.sqrt(part.area / (wide * high));
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  return {
    ...{ part, scale, width: wide * scale, height: high * scale },
    ...{ left: middle.x - wide / 2, top: middle.y - high / 2 },
  };
}

/**
 * Puts parts on shelves, in the order given within equal heights, the highest first: the same order of the same parts is the same
 * map. Coordinates are at least 0.
 */
export function pack(parts: readonly Part[]): void {
  const boxes = parts.map(boxOf);
  const gap = (box: Box) => MARGIN * Math.sqrt(box.width * box.height);
  const order = boxes.map((_, i) => i).sort((a, b) => boxes[b].height - boxes[a].height || a - b);
  let area = 0;
  let widest = 0;
  for (const box of boxes) {
    area += (box.width + 2 * gap(box)) * (box.height + 2 * gap(box));
    widest = Math.max(widest, box.width + 2 * gap(box));
  }
  const full = Math.max(widest, Math.sqrt(area * ASPECT)) * (1 + 1e-9);
  let [x, y, shelf] = [0, 0, 0];
  for (const i of order) {
    const box = boxes[i];
    const margin = gap(box);
    if (x > 0 && x + box.width + 2 * margin > full) {
      y += shelf;
      [x, shelf] = [0, 0];
    }
    const { at } = box.part;
    for (let j = 0; j < at.length; j += 2) {
      at[j] = x + margin + (at[j] - box.left) * box.scale;
      at[j + 1] = y + margin + (at[j + 1] - box.top) * box.scale;
    }
    x += box.width + 2 * margin;
    shelf = Math.max(shelf, box.height + 2 * margin);
  }
}
