/** Mutants of one source: where they are, and the source with all of them in it, of which one at a time is switched on. */
import { parse } from "@babel/parser";
import type { Node } from "@babel/types";
import { leftAlone, type Replacement, replacements } from "./operators";

export interface Mutant {
  /** `file:line:column+length what`, the same in every build of the same source. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly original: string;
  readonly mutated: string;
  /** What switches it on. */
  readonly number: number;
  /** Where it is: mutants of one expression share a site. */
  readonly site: number;
}

export interface Mutated {
  readonly mutants: readonly Mutant[];
  /** The source in which `__mutant` chooses. */
  readonly switched: string;
  /** The source that tells `__hit` which sites it comes to. */
  readonly watched: string;
}

interface Site {
  readonly start: number;
  readonly end: number;
  readonly found: readonly Replacement[];
  readonly inner: readonly Site[];
}

/** Numbers of sites and mutants of one file lie together, so that a change of one file moves no other's. */
export const NUMBERS_PER_FILE = 10_000;

/** Names that a bundle's banner declares. */
export const [ACTIVE, SEEN, HIT] = ["__mutant", "__seen", "__hit"];

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value && typeof value.start === "number";

/** What hangs below a node as a node; keys of properties are names unless they are computed. */
function childrenOf(node: Node): Node[] {
  const named = (node.type === "ObjectProperty" || node.type === "ObjectMethod") && !node.computed;
  const entries: [string, unknown][] = Object.entries(node);
  return entries
    .filter(([key]) => !(named && key === "key") && key !== "leadingComments" && key !== "trailingComments")
    .flatMap(([, value]) => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []));
}

/** Makes the mutants of a source. @param from number of its first; `drawn`: whether it draws pictures */
export function mutate(file: string, source: string, from: number, drawn = false): Mutated {
  const { program } = parse(source, { sourceType: "module", plugins: ["typescript"] });
  const sites = sitesOf(program, [], source, drawn);
  const mutants: Mutant[] = [];
  const numbers = new Map<Site, { site: number; first: number }>();
  const starts = lineStarts(source);
  const number = (site: Site) => {
    numbers.set(site, { site: from + numbers.size, first: from + mutants.length });
    const line = starts.findLastIndex((start) => start <= site.start) + 1;
    const column = site.start - starts[line - 1] + 1;
    for (const { kind, text } of site.found) {
      mutants.push({
        ...{
          id: `${file}:${line}:${column}+${site.end - site.start} ${kind}`,
          file,
          line,
          number: from + mutants.length,
        },
        ...{
          original: oneLine(source.slice(site.start, site.end)),
          mutated: oneLine(text),
          site: from + numbers.size - 1,
        },
      });
    }
    for (const inner of site.inner) number(inner);
  };
  for (const site of sites) number(site);
  if (mutants.length > NUMBERS_PER_FILE)
    throw new Error(`${file}: ${mutants.length} mutants, more than a file may have`);
  const print = (start: number, end: number, inner: readonly Site[], wrap: (site: Site, text: string) => string) => {
    let text = "";
    let at = start;
    for (const site of inner) {
      text += source.slice(at, site.start) + wrap(site, print(site.start, site.end, site.inner, wrap));
      at = site.end;
    }
    return text + source.slice(at, end);
  };
  const whole = (wrap: (site: Site, text: string) => string) => print(0, source.length, sites, wrap);
  return {
    mutants,
    switched: whole((site, text) => {
      const { first } = numbers.get(site)!;
      const others = site.found.map((other, i) => `${ACTIVE} === ${first + i} ? (${other.text}) : `);
      return `(${others.join("")}(${text}))`;
    }),
    watched: whole((site, text) => {
      const { site: id } = numbers.get(site)!;
      return `(${SEEN}[${id}] || ${HIT}(${id}), (${text}))`;
    }),
  };
}

function sitesOf(node: Node, parents: readonly Node[], source: string, drawn: boolean): Site[] {
  if (leftAlone(node)) {
    // That it is told at all may be left out; what is told may not.
    const found = parents.at(-1)?.type === "ExpressionStatement" ? replacements(node, parents, source, drawn) : [];
    return found.length > 0 ? [{ start: node.start ?? 0, end: node.end ?? 0, found, inner: [] }] : [];
  }
  const below = [...parents, node];
  const inner = childrenOf(node)
    .flatMap((child) => sitesOf(child, below, source, drawn))
    .sort((a, b) => a.start - b.start);
  const found = inOptionalChain(node, parents.at(-1)) ? [] : replacements(node, parents, source, drawn);
  return found.length > 0 ? [{ start: node.start ?? 0, end: node.end ?? 0, found, inner }] : inner;
}

/** A piece of `a?.b.c()` cannot be put in parentheses: what follows would be asked of nothing. */
function inOptionalChain(node: Node, parent: Node | undefined): boolean {
  return (
    (parent?.type === "OptionalMemberExpression" && parent.object === node) ||
    (parent?.type === "OptionalCallExpression" && parent.callee === node)
  );
}

function lineStarts(source: string): number[] {
  return [0, ...Array.from(source.matchAll(/\n/g), ({ index }) => index + 1)];
}

const oneLine = (text: string) => text.replace(/\s+/g, " ").slice(0, 160);
