/**
 * Draws the heat map and reads it out. Turned into text and run in the reader's browser: it may lean on nothing outside
 * itself but its argument and the document.
 */
import type { PageData } from "./page";

export function drawHeatMap(page: PageData): void {
  const canvas = document.querySelector<HTMLCanvasElement>(".heat canvas");
  const box = document.querySelector<HTMLElement>(".heat .scroll");
  const readout = document.querySelector<HTMLElement>(".readout");
  const context = canvas?.getContext("2d");
  if (!canvas || !box || !readout || !context) return;
  const { order, mean, deviation, clip } = page.heat;
  const rows = page.columns.length;
  const tokens = order.length;
  // CSS pixels: the cluster band, as the style sheet has it, and a component's row.
  const BAND = 16;
  const ROW = page.heat.rowHeight;
  const decode = (text: string) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const chi = decode(page.heat.chi);
  const error = decode(page.heat.error);
  const z = chi.map((value, i) => (value - mean[i % rows]) / deviation[i % rows]);
  let zoom = 1;
  let selected = -1;
  let width = 0;

  /** One pixel of the page's own colors: a canvas has no style sheet. */
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const resolve = (color: string): number[] => {
    if (!probe) return [128, 128, 128];
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = color;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };

  /** Cluster ids on the band, where there is room. */
  const label = (ratio: number) => {
    context.fillStyle = getComputedStyle(document.body).color;
    context.font = `${10 * ratio}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    let from = 0;
    for (let i = 1; i <= tokens; i++) {
      if (i < tokens && page.cluster[order[i]] === page.cluster[order[from]]) continue;
      const cluster = page.cluster[order[from]];
      const text = cluster < 0 ? "none" : String(page.clusters[cluster]);
      const room = ((i - from) / tokens) * canvas.width;
      const middle = ((i + from) / 2 / tokens) * canvas.width;
      if (context.measureText(text).width + 2 * ratio < room) context.fillText(text, middle, ((BAND - 2) / 2) * ratio);
      from = i;
    }
  };

  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    // Browsers refuse canvases much wider than this.
    width = Math.min(Math.max(box.clientWidth, 200) * zoom, 16000 / ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${BAND + ROW * rows}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round((BAND + ROW * rows) * ratio);
    const style = getComputedStyle(document.body);
    const [low, middle, high] = ["--neg", "--mid", "--pos"].map((name) => resolve(style.getPropertyValue(name)));
    const plain = resolve(style.getPropertyValue("--faint"));
    const bands = page.clusters.map((_, position) => {
      const chip = document.querySelector(`.index .k${position}`);
      return chip ? resolve(getComputedStyle(chip).backgroundColor) : plain;
    });
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const color = (r: number, g: number, b: number, a = 255) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
    const line = new Uint32Array(canvas.width);
    const fill = (from: number, to: number) => {
      for (let y = Math.round(from * ratio); y < Math.round(to * ratio); y++) pixels.set(line, y * canvas.width);
    };
    // Tokens under a pixel: at least one; where several share it, their mean is shown.
    const first = (x: number) => Math.min(tokens - 1, Math.floor((x * tokens) / canvas.width));
    const end = (x: number) => Math.max(first(x) + 1, Math.floor(((x + 1) * tokens) / canvas.width));
    for (let x = 0; x < canvas.width; x++) {
      const cluster = page.cluster[order[first(x)]];
      const [r, g, b] = cluster < 0 ? plain : bands[cluster];
      line[x] = selected >= 0 && cluster !== selected ? color(r, g, b, 60) : color(r, g, b);
    }
    fill(0, BAND - 3);
    for (let c = 0; c < rows; c++) {
      for (let x = 0; x < canvas.width; x++) {
        let sum = 0;
        let n = 0;
        for (let token = first(x); token < end(x); token++) {
          sum += Math.max(-clip, Math.min(clip, z[token * rows + c]));
          n++;
        }
        const t = sum / n / clip;
        const to = t < 0 ? low : high;
        const share = Math.abs(t);
        const mix = (i: number) => Math.round(middle[i] + (to[i] - middle[i]) * share);
        const dim = selected >= 0 && page.cluster[order[first(x)]] !== selected;
        // NaN mixes to NaN: a transparent gap.
        line[x] = Number.isFinite(share) ? color(mix(0), mix(1), mix(2), dim ? 70 : 255) : 0;
      }
      fill(BAND + c * ROW, BAND + (c + 1) * ROW);
    }
    context.putImageData(image, 0, 0);
    label(ratio);
  };

  const number = (value: number) => {
    const small = value !== 0 && Math.abs(value) < 1e-2;
    const text = small ? value.toExponential(2) : value.toPrecision(3);
    return (Number.isFinite(value) ? text : "not finite").replaceAll("-", "\u2212");
  };
  canvas.addEventListener("mousemove", (event) => {
    const at = Math.max(0, Math.min(tokens - 1, Math.floor((event.offsetX / width) * tokens)));
    const token = order[at];
    const cluster = page.cluster[token];
    const c = Math.floor((event.offsetY - BAND) / ROW);
    const role = page.role[token] >= 0 ? ` (${page.roles[page.role[token]]})` : "";
    const where = `sequence ${page.sequence[token]}, position ${page.position[token]}`;
    const name = cluster < 0 ? "no cluster" : `cluster ${page.clusters[cluster]}`;
    const i = at * rows + c;
    const value =
      c >= 0 && c < rows
        ? `${page.columns[c]}: chi ${number(chi[i])} ± ${number(error[i])}, z ${z[i].toFixed(2).replace("-", "\u2212")} · `
        : "";
    readout.textContent = `${value}${page.text[token]}${role}, ${where}, ${name}`;
  });
  canvas.addEventListener("click", (event) => {
    const at = Math.max(0, Math.min(tokens - 1, Math.floor((event.offsetX / width) * tokens)));
    const cluster = page.cluster[order[at]];
    document.querySelector<HTMLElement>(`#tokens button[data-cluster="${cluster}"]`)?.click();
  });
  for (const button of document.querySelectorAll<HTMLElement>("[data-zoom]")) {
    button.addEventListener("click", () => {
      for (const other of document.querySelectorAll("[data-zoom]")) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", "true");
      zoom = Number(button.dataset.zoom);
      draw();
    });
  }
  document.addEventListener("clusterselect", (event) => {
    selected = (event as CustomEvent<number>).detail;
    draw();
  });
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", draw);
  addEventListener("resize", draw);
  draw();
}
