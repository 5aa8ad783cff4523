/** What was measured on what, and two sentences for a newcomer. */
import { count, counted, duration, percent } from "./format";
import { html, type Markup, type Value } from "./html";
import type { ReportView } from "./view";

/** Terms with a value each. */
export function facts(rows: readonly (readonly [string, Value])[]): Markup {
  return html`<dl class="facts">${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** An ISO date in UTC without its letters; anything else as it is. */
function moment(date: string): string {
  const parts = date.match(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d+)?Z$/);
  return parts ? `${parts[1]} ${parts[2]} UTC` : date;
}

/** A value of a config as short text: nested objects keep JSON's form. */
function settingText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ") || "(none)";
  return JSON.stringify(value) ?? String(value);
}

/** Nested keys joined by dots, in the order given. */
function* settings(config: Readonly<Record<string, unknown>>, prefix = ""): Generator<readonly [string, string]> {
  for (const [key, value] of Object.entries(config)) {
    const plain = typeof value === "object" && value !== null && !Array.isArray(value);
    if (plain && Object.keys(value).length > 0) yield* settings(value as Record<string, unknown>, `${prefix}${key}.`);
    else yield [prefix + key, settingText(value)];
  }
}

/** A config as a list, nested keys joined by dots. */
export function settingList(config: Readonly<Record<string, unknown>>): Markup {
  return html`<dl class="settings">${[...settings(config)].map(
    ([key, value]) => html`<div><dt>${key}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

/** The config without its longest table, and of that what says something of this run: one entry for each component. */
function parted({ config, components }: ReportView["data"]) {
  const { component_scale: table, ...rest } = config as { component_scale?: Record<string, number> };
  const own = components.filter(({ name }) => table?.[name] !== undefined);
  return { config: rest, scales: Object.fromEntries(own.map(({ name }) => [name, table![name]])) };
}

function timing(phases: readonly { phase: string; seconds: number }[]): Markup {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const longest = Math.max(...phases.map(({ seconds }) => seconds), 1e-9);
  return html`<table class="timing"><tbody>${phases.map(
    ({ phase, seconds }) =>
      html`<tr><th scope="row">${phase}</th><td class="number">${duration(seconds)}</td><td class="wide"><i class="meter" style="width:${((100 * seconds) / longest).toFixed(1)}%"></i></td></tr>`,
  )}</tbody><tfoot><tr><th scope="row">total</th><td class="number">${duration(total)}</td><td></td></tr></tfoot></table>`;
}

/** Section 1. */
export function overview(view: ReportView): Markup {
  const { data } = view;
  const { model, adapter } = data;
  const { config, scales } = parted(data);
  const chains = Math.max(0, ...data.components.map(({ traces }) => traces.length));
  const draws = Math.max(0, ...data.components.flatMap(({ traces }) => traces.map((trace) => trace.length)));
  const covered = data.labels.filter((label) => label !== -1).length;
  const software =
    adapter.software &&
    html`<p class="callout"><b>No GPU.</b> ${adapter.name} computed this run on the processor. Every adapter is held to the same tolerances; the times here say nothing about a GPU.</p>`;
  const known =
    view.roles.length > 0
      ? `${counted(view.roles.length, "role")} in ${counted(view.modes.length, "mode")}`
      : "not known for this text";
  return html`<section id="measured"><h2>What was measured on what</h2>
${software}
<p class="lead">A <dfn>susceptibility</dfn> tells how one token's loss moves, against the average token's, when one component of the model is shaken by noise around its trained weights; it is negative where the token suffers more than the average, positive where it suffers less. A <dfn>conductance cluster</dfn> is a group of tokens whose susceptibilities to all components are alike: join every token to the tokens most like it, and few of the group's links leave the group (the conductance is the share that do, so smaller is tighter).</p>
${facts([
  ["Model", model.name],
  ["Parameters", count(model.parameters)],
  [
    "Shape",
    `${counted(model.layers, "layer")} of ${counted(model.heads, "head")}, width ${model.hidden}, vocabulary ${count(model.vocabulary)}`,
  ],
  [
    "Adapter",
    [
      adapter.name,
      adapter.driver && ` (${adapter.driver})`,
      adapter.software && html` <span class="tag warn">software</span>`,
    ],
  ],
  ["Ended", moment(data.date)],
  ["Version", data.version],
  ["Probe", `${counted(data.tokens.length, "token")} in ${counted(view.sequences.length, "sequence")}`],
  ["Known roles", known],
  ["Components", `${counted(data.components.length, "run")}, ${counted(data.columns.length, "column")} of chi`],
  ["Draws", `${counted(chains, "chain")} × ${counted(draws, "draw")} a component`],
  ["Clusters", counted(data.clusters.length, "cluster")],
  [
    "In a cluster",
    data.tokens.length > 0 ? `${count(covered)} tokens, ${percent(covered / data.tokens.length)}` : "0 tokens",
  ],
])}
<div class="pair"><div><h3>Config</h3>${settingList(config)}${
    Object.keys(scales).length > 0
      ? html`<details><summary>component_scale of the components</summary>${settingList(scales)}</details>`
      : undefined
  }</div><div><h3>Time</h3>${timing(data.seconds)}</div></div></section>`;
}
