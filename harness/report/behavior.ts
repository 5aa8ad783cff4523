/**
 * What moves in the page: selection of a cluster and the read-out of a token. These functions are turned into text and
 * run in the reader's browser, so they may lean on nothing outside themselves but their argument and the document.
 */
import type { PageData } from "./page";

/** Fired on the document when a cluster is selected; `detail` is its position, or -1. */
export type SelectEvent = CustomEvent<number>;

/** Selects a cluster by clicks on cards, chips and tokens; Escape clears. */
export function selectClusters(page: PageData): void {
  const bar = document.querySelector<HTMLElement>(".selection");
  if (!bar) return;
  let selected = -1;
  const select = (position: number) => {
    selected = position;
    document.body.classList.toggle("selecting", position >= 0);
    for (const element of document.querySelectorAll(".lit")) element.classList.remove("lit");
    bar.hidden = position < 0;
    if (position >= 0) {
      for (const element of document.querySelectorAll(`.t.k${position}, [data-cluster="${position}"]`))
        element.classList.add("lit");
      const size = page.cluster.filter((cluster) => cluster === position).length;
      const name = bar.querySelector("b");
      if (name) {
        name.textContent = `cluster ${page.clusters[position]}`;
        name.className = `chip k k${position}`;
      }
      const note = bar.querySelector("span");
      if (note) note.textContent = size === 1 ? "1 token" : `${size} tokens`;
      bar.querySelector("a")?.setAttribute("href", `#cluster-${page.clusters[position]}`);
    }
    document.dispatchEvent(new CustomEvent("clusterselect", { detail: position }));
  };
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest(".selection button")) return select(-1);
    if (target.closest("summary, .selection")) return;
    // Dragging over the text of a card marks text; it is no wish to select.
    if (target.closest(".card") && String(getSelection()) !== "") return;
    const token = target.closest<HTMLElement>(".map [data-token]");
    const holder = token ? undefined : target.closest<HTMLElement>("[data-cluster]");
    const position = token ? page.cluster[Number(token.dataset.token)] : holder ? Number(holder.dataset.cluster) : -2;
    if (position === -2) return;
    const link = target.closest("a");
    select(position === selected && !link ? -1 : position);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") select(-1);
    const card = event.key === "Enter" && (event.target as Element).closest<HTMLElement>(".card");
    if (card && card === event.target) select(Number(card.dataset.cluster));
  });
}

/** A small panel beside the pointer over a token of the map or of a card. */
export function describeTokens(page: PageData): void {
  const tip = document.querySelector<HTMLElement>(".tip");
  if (!tip) return;
  const line = (term: string, text: string) => {
    const row = document.createElement("div");
    const label = document.createElement("span");
    label.textContent = term;
    row.append(label, text);
    tip.append(row);
  };
  const show = (token: number) => {
    tip.replaceChildren();
    const head = document.createElement("b");
    head.textContent = page.text[token];
    tip.append(head);
    line("where", `sequence ${page.sequence[token]}, position ${page.position[token]}`);
    if (page.role[token] >= 0) line("role", page.roles[page.role[token]]);
    if (page.mode[token] >= 0) line("mode", page.modes[page.mode[token]]);
    const loss = page.loss[token];
    line("loss", loss === null ? "not finite" : `${loss.toFixed(3)} nats`);
    const cluster = page.cluster[token];
    line("cluster", cluster < 0 ? "none" : String(page.clusters[cluster]));
    const top: string[] = [];
    for (let i = 3 * token; i < 3 * token + 3; i++) {
      if (page.top[i] >= 0) top.push(`${page.columns[page.top[i]]} ${page.topZ[i].toFixed(1).replace("-", "\u2212")}`);
    }
    if (top.length > 0) line("largest z", top.join(", "));
  };
  document.addEventListener("mousemove", (event) => {
    const element = (event.target as Element).closest?.<HTMLElement>("[data-token]");
    tip.hidden = !element;
    if (!element) {
      tip.dataset.token = "";
      return;
    }
    if (tip.dataset.token !== element.dataset.token) {
      tip.dataset.token = element.dataset.token ?? "";
      show(Number(tip.dataset.token));
    }
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 18;
    const top = below + tip.offsetHeight > innerHeight - 8 ? event.clientY - tip.offsetHeight - 12 : below;
    tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  });
}
