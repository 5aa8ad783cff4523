import { createHash } from "node:crypto";
import { escapeControls } from "../../../kernels/escape";
import { byteCount } from "../../../models/hub/bytes";
import { checkRun, type HashOf } from "../../../runtime/measure/check";
import { attentionOf } from "../attention";
import { command, JSON_FLAG, output } from "../command";
import { Progress } from "../progress";
import { storeAt } from "../stores";

/** What is in memory of a file at once. */
const PIECE_BYTES = 2 ** 24;

const streamed: HashOf = async (store, key) => {
  const size = await store.size(key);
  if (size === undefined) return undefined;
  const hash = createHash("sha256");
  for (let from = 0; from < size; from += PIECE_BYTES) {
    const piece = await store.get(key, { from, to: Math.min(size, from + PIECE_BYTES) });
    if (!piece) return undefined;
    hash.update(piece);
  }
  return hash.digest("hex");
};

/** Verifies a run. */
export const check = command(
  {
    name: "check",
    summary: "Verify every file of a run against the hash it is held to, and say what repairs what is wrong.",
    options: { json: JSON_FLAG },
    positionals: [{ name: "RUN", help: "run directory, or a shard's; nothing is written" }],
    examples: ["check runs/nano"],
  },
  async ({ values, positionals: [path] }) => {
    const progress = new Progress(values.json);
    const { faults, notes, files, bytes, hashes } = await checkRun(storeAt(path), attentionOf(progress), streamed);
    if (values.json) output(JSON.stringify({ run: path, faults, notes, files, bytes, hashes }));
    else {
      const lines = faults.map(({ file, what, remedy }) => escapeControls(`${file}: ${what}; ${remedy}`));
      const counted = `${files} files, ${byteCount(bytes)}, ${hashes} hashes`;
      const many = `${faults.length} fault${faults.length === 1 ? "" : "s"}`;
      output([...lines, ...notes, `${path}: ${counted}: ${faults.length > 0 ? many : "all as written"}`].join("\n"));
    }
    return faults.length > 0 ? 1 : 0;
  },
);
