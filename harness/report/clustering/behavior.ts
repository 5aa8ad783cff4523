/** What moves in the page besides the map. Turned into text and run in the reader's browser: it may lean on nothing outside itself. */
import type { runMap } from "../map/moves";
import type { ClusteringPage } from "./page-data";

/** Selects a cluster by clicks on cards and chips, and by the event `clusterselect` of others; Escape clears. */
export function selectCluster(page: ClusteringPage): void {
  const bar = document.querySelector<HTMLElement>(".selection");
  const [name, note, link] = ["b", "span", "a"].map((tag) => bar?.querySelector(tag));
  if (!bar || !name || !note || !link) return;
  let selected = -1;
  const select = (position: number) =>
    document.dispatchEvent(new CustomEvent<number>("clusterselect", { detail: position }));
  document.addEventListener("clusterselect", (event) => {
    selected = (event as CustomEvent<number>).detail;
    document.body.classList.toggle("selecting", selected >= 0);
    for (const element of document.querySelectorAll(".lit")) element.classList.remove("lit");
    bar.hidden = selected < 0;
    if (selected < 0) return;
    for (const element of document.querySelectorAll(`[data-cluster="${selected}"]`)) element.classList.add("lit");
    const { id, size, conductance, card } = page.clusters[selected];
    name.textContent = `cluster ${id}`;
    name.className = `chip k k${selected}`;
    note.textContent = `${size} ${size === 1 ? page.unit[0] : page.unit[1]}, conductance ${conductance.toFixed(3)}`;
    link.toggleAttribute("hidden", !card);
    if (card) link.setAttribute("href", `#cluster-${id}`);
  });
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    if (target.closest(".selection button")) return select(-1);
    if (target.closest(".selection, .plane")) return;
    // Dragging over the text of a card marks text; it is no wish to select.
    if (target.closest(".card") && String(getSelection()) !== "") return;
    const holder = target.closest<HTMLElement>("[data-cluster]");
    if (!holder) return;
    const position = Number(holder.dataset.cluster);
    select(position === selected && !target.closest("a") ? -1 : position);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") select(-1);
    const card = event.key === "Enter" && (event.target as Element).closest<HTMLElement>(".card");
    if (card && card === event.target) select(Number(card.dataset.cluster));
  });
}

/** The map, and what is said of its points. */
export function startMap(page: ClusteringPage, run: typeof runMap, parts: Parameters<typeof runMap>[3]): void {
  const { map, clusters, names, labels, unit } = page;
  if (!map) return;
  const ids = clusters.map(({ id }) => String(id));
  const describe: Parameters<typeof runMap>[2] = (point, group, label) => {
    const where = `${unit[0]} ${point}`;
    const lines: [string, string][] = [["", names ? names[point] : where]];
    if (names) lines.push(["number", String(point)]);
    const found = clusters[group];
    lines.push(["cluster", found ? `${found.id}, of ${found.size} ${unit[1]}` : "none"]);
    if (labels) lines.push(["label", labels[label] ?? "none"]);
    return lines;
  };
  run(map, ids, describe, parts);
}
