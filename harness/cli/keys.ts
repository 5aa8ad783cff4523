/** The keys of a schema as people read them: rows of `--help`, and the tables of docs/formats.md. */
import { type Field, isField, kindAndBounds, type Schema } from "../../runtime/config/schema";

export interface Key {
  /** Dotted; the name in a table of numbers is a placeholder. */
  readonly key: string;
  readonly field: Field;
}

/** Every key of a schema in its order. */
export function keysOf(schema: Schema, prefix = ""): Key[] {
  return Object.entries(schema).flatMap(([name, node]) => {
    if (!isField(node)) return keysOf(node, `${prefix}${name}.`);
    return [{ key: node.type === "table" ? `${prefix}${name}.${node.placeholder}` : prefix + name, field: node }];
  });
}

/** What stands where a value is to be written. */
export function placeholder(field: Field): string {
  switch (field.type) {
    case "string":
    case "list":
      return field.placeholder ?? "TEXT";
    case "choice":
      return field.choices.join("|");
    case "boolean":
      return "true|false";
    case "numbers":
      return "X,...";
    default:
      return field.type === "integer" ? "N" : "X";
  }
}

/** What holds where nothing is said; `code` marks values that are words. Undefined: nothing does. */
export function standard(field: Field, code = (word: string) => word): string | undefined {
  if (field.type === "table") return field.otherwise;
  const value: unknown = field.default;
  if (value === null) return `null (${field.nullable})`;
  if (value === undefined) return field.nullable;
  if (Array.isArray(value)) return value.length === 0 ? undefined : code(value.join(","));
  return typeof value === "number" ? String(value) : code(String(value));
}

/** A row of help: `sampler.lr=X`, and what it means. */
export function keyRow({ key, field }: Key): [string, string] {
  const value = field.default === null ? `null: ${field.nullable}` : standard(field);
  return [`${key}=${placeholder(field)}`, value === undefined ? field.help : `${field.help} (default ${value})`];
}

const code = (word: string) => `\`${word}\``;

/** What a key takes, in a cell. */
function values(field: Field): string {
  if (field.type === "choice") return field.choices.map(code).join(", ");
  return field.type === "string"
    ? (field.placeholder?.toLowerCase() ?? "text")
    : kindAndBounds(field).replace(/^a /, "");
}

/** The keys of a schema as a Markdown table. */
export function markdownTable(schema: Schema): string {
  const rows = keysOf(schema).map(({ key, field }) => [
    code(key),
    standard(field, code) ?? "",
    values(field),
    field.help,
  ]);
  const lines = [["key", "default", "values", "meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}
