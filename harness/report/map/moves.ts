/**
 * A map that answers: it is dragged, zoomed, hovered and clicked. Turned into text and run in the reader's browser, with the parts of
 * `draw.ts` as arguments. What is selected comes and goes by the event `clusterselect` on the document, whose `detail` is a position of
 * a group or -1; what is said of a point is the page's own.
 */
import type { decodeMap, indexMap, MapView, paintMap } from "./draw";
import type { EncodedMap } from "./points";

export interface MapParts {
  readonly decodeMap: typeof decodeMap;
  readonly indexMap: typeof indexMap;
  readonly paintMap: typeof paintMap;
}

/** What the page tells of a point: lines of a term and a text, the first the head. */
export type Describe = (point: number, group: number, label: number) => readonly (readonly [string, string])[];

/** @param names texts at the groups on the map */
export function runMap(encoded: EncodedMap, names: readonly string[], describe: Describe, parts: MapParts): void {
  const canvas = document.querySelector<HTMLCanvasElement>(".plane canvas");
  const box = document.querySelector<HTMLElement>(".plane");
  const tip = document.querySelector<HTMLElement>(".tip");
  if (!canvas || !box || !tip) return;
  const map = parts.decodeMap(encoded);
  const nearest = parts.indexMap(map);
  const { n, xy } = map;
  /** Names on the whole map; those of the largest groups. */
  const NAMES = 40;
  let [zoom, midX, midY] = [1, 0.5, 0.5];
  let [selected, hovered, byLabel, queued] = [0, -1, false, false];
  const extent = { x: map.aspect >= 1 ? 65535 : 65535 * map.aspect, y: map.aspect >= 1 ? 65535 / map.aspect : 65535 };

  /** Names stand at the member nearest to the mean of their group, the largest group first. */
  const marksOf = (of: ArrayLike<number>, texts: readonly string[]) => {
    const sums = texts.map((text) => ({ text, size: 0, x: 0, y: 0, least: Infinity, at: -1 }));
    for (let i = 0; i < n; i++) {
      const sum = sums[of[i] - 1];
      if (!sum) continue;
      sum.size++;
      sum.x += (xy[2 * i] - sum.x) / sum.size;
      sum.y += (xy[2 * i + 1] - sum.y) / sum.size;
    }
    for (let i = 0; i < n; i++) {
      const sum = sums[of[i] - 1];
      if (!sum) continue;
      const square = (xy[2 * i] - sum.x) ** 2 + (xy[2 * i + 1] - sum.y) ** 2;
      if (square >= sum.least) continue;
      sum.least = square;
      sum.at = i;
    }
    return sums
      .filter(({ at }) => at >= 0)
      .sort((a, b) => b.size - a.size)
      .map(({ text, at }) => ({ text, x: xy[2 * at], y: xy[2 * at + 1] }));
  };
  const cut = (text: string) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);
  const groupMarks = marksOf(map.group, names);
  const labelMarks = map.label && encoded.labels ? marksOf(map.label, encoded.labels.names.map(cut)) : [];

  /** Names that are told: few far out, more close in, and of what is selected only its own. */
  const told = () => {
    if (byLabel) return labelMarks.slice(0, NAMES * zoom ** 2);
    if (selected > 0) return groupMarks.filter(({ text }) => text === names[selected - 1]);
    return groupMarks.slice(0, NAMES * zoom ** 2);
  };

  /** Canvas pixels of a CSS pixel. */
  const ratio = () => window.devicePixelRatio || 1;
  const view = (): MapView => {
    const pad = 14 * ratio();
    const fit = Math.min((canvas.width - 2 * pad) / extent.x, (canvas.height - 2 * pad) / extent.y);
    const scale = fit * zoom;
    return {
      scale,
      left: canvas.width / 2 - scale * extent.x * midX,
      top: canvas.height / 2 - scale * extent.y * midY,
    };
  };
  const paint = () => {
    queued = false;
    const style = getComputedStyle(document.body);
    const of = (name: string) => style.getPropertyValue(name).trim();
    const looks = byLabel && encoded.labels ? encoded.labels : encoded.groups;
    const colors = [
      of("--body-dot"),
      ...looks.hue.map((hue, i) => `oklch(${of(`--dot-l${looks.mark[i]}`)} ${of("--dot-c")} ${hue})`),
    ];
    const drawn = Math.min(canvas.width * canvas.height, canvas.width ** 2 / map.aspect);
    const size = Math.max(0.75 * ratio(), Math.min(5.5 * ratio(), 0.27 * Math.sqrt(drawn / n)));
    parts.paintMap(canvas, map, view(), {
      groupOf: byLabel && map.label ? map.label : map.group,
      ...{ colors, line: of("--line"), ink: of("--ink"), page: of("--card"), selected, hovered },
      radius: size * zoom ** 0.35,
      marks: told(),
      font: `600 ${12 * ratio()}px system-ui, sans-serif`,
    });
  };
  const draw = () => {
    if (!queued) requestAnimationFrame(paint);
    queued = true;
  };
  const resize = () => {
    const width = box.clientWidth;
    const height = Math.round(Math.max(260, Math.min(innerHeight * 0.72, width / map.aspect + 20, 900)));
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio());
    canvas.height = Math.round(height * ratio());
    draw();
  };
  /** Zooms about a place of the canvas, CSS pixels. */
  const zoomBy = (factor: number, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const before = view();
    const [sx, sy] = [(x * ratio() - before.left) / before.scale, (y * ratio() - before.top) / before.scale];
    zoom = Math.max(1, Math.min(200, zoom * factor));
    const { scale } = view();
    midX = (sx + (canvas.width / 2 - x * ratio()) / scale) / extent.x;
    midY = (sy + (canvas.height / 2 - y * ratio()) / scale) / extent.y;
    if (zoom === 1) [midX, midY] = [0.5, 0.5];
    // One finger moves the page until there is something to drag.
    canvas.style.touchAction = zoom > 1 ? "none" : "pan-y";
    hover(-1);
    draw();
  };
  const shift = (dx: number, dy: number) => {
    if (zoom === 1) return;
    const { scale } = view();
    midX = Math.max(0, Math.min(1, midX - (dx * ratio()) / scale / extent.x));
    midY = Math.max(0, Math.min(1, midY - (dy * ratio()) / scale / extent.y));
    draw();
  };
  const under = (event: MouseEvent) => {
    const at = canvas.getBoundingClientRect();
    const { scale, left, top } = view();
    const px = (event.clientX - at.left) * ratio();
    const py = (event.clientY - at.top) * ratio();
    return nearest((px - left) / scale, (py - top) / scale, (12 * ratio()) / scale);
  };
  const hover = (point: number, event?: MouseEvent) => {
    if (point !== hovered) {
      hovered = point;
      tip.hidden = point < 0;
      if (point >= 0) {
        const [[, head], ...lines] = describe(point, map.group[point] - 1, (map.label?.[point] ?? 0) - 1);
        const title = document.createElement("b");
        title.textContent = head;
        tip.replaceChildren(
          title,
          ...lines.map(([term, text]) => {
            const row = document.createElement("div");
            const name = document.createElement("span");
            name.textContent = term;
            row.append(name, text);
            return row;
          }),
        );
      }
      draw();
    }
    canvas.style.cursor = point >= 0 ? "pointer" : zoom > 1 ? "grab" : "default";
    if (point < 0 || !event) return;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    const top = below + tip.offsetHeight > innerHeight - 8 ? event.clientY - tip.offsetHeight - 12 : below;
    tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  };
  const select = (position: number) =>
    document.dispatchEvent(new CustomEvent("clusterselect", { detail: position, bubbles: false }));

  let held: { x: number; y: number; moved: boolean } | undefined;
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    held = { x: event.clientX, y: event.clientY, moved: true };
    hover(-1);
    shift(dx, dy);
  });
  canvas.addEventListener("mousemove", (event) => {
    if (!held?.moved) hover(under(event), event);
  });
  canvas.addEventListener("mouseleave", () => hover(-1));
  addEventListener("pointercancel", () => {
    held = undefined;
  });
  addEventListener("pointerup", (event) => {
    const was = held;
    held = undefined;
    if (!was || was.moved || event.target !== canvas) return;
    const point = under(event);
    hover(point, event);
    const group = point < 0 ? 0 : map.group[point];
    select(group === selected ? -1 : group - 1);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      // The wheel belongs to the page until the map was clicked.
      if (!event.ctrlKey && document.activeElement !== canvas) return;
      event.preventDefault();
      const at = canvas.getBoundingClientRect();
      zoomBy(1.0015 ** -event.deltaY, event.clientX - at.left, event.clientY - at.top);
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const step = 60;
    const moves: Record<string, () => void> = {
      "+": () => zoomBy(1.5),
      "=": () => zoomBy(1.5),
      "-": () => zoomBy(1 / 1.5),
      "0": () => zoomBy(1e-9),
      ArrowLeft: () => shift(step, 0),
      ArrowRight: () => shift(-step, 0),
      ArrowUp: () => shift(0, step),
      ArrowDown: () => shift(0, -step),
    };
    if (!moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves[event.key]();
  });
  // Buttons zoom in on what is selected.
  for (const button of document.querySelectorAll<HTMLElement>("[data-map-zoom]"))
    button.addEventListener("click", () => {
      const factor = Number(button.dataset.mapZoom) || 1e-9;
      const mark = factor > 1 && selected > 0 && groupMarks.find(({ text }) => text === names[selected - 1]);
      if (mark) [midX, midY] = [mark.x / extent.x, mark.y / extent.y];
      zoomBy(factor);
    });
  for (const button of document.querySelectorAll<HTMLElement>("[data-map-color]"))
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-map-color]")) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", "true");
      byLabel = button.dataset.mapColor === "label";
      draw();
    });
  document.addEventListener("clusterselect", (event) => {
    selected = (event as CustomEvent<number>).detail + 1;
    draw();
  });
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", draw);
  addEventListener("resize", resize);
  resize();
}
