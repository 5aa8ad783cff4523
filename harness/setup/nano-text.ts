/**
 * Writes corpus text for train.py and for studies: `node nano-text.mjs OUT_DIR SEED SEQUENCES CONTEXT`.
 * OUT_DIR gets ids.u8, modes.u8 and roles.u8 (each [SEQUENCES, CONTEXT + 1], one byte an entry) and corpus.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, generate, modeNames, roleNames, vocabulary } from "../../models/nano/corpus";

const [out, ...numbers] = process.argv.slice(2);
const [seed, sequences, context] = numbers.map(Number);
if (out === undefined || seed === undefined || sequences === undefined || context === undefined) {
  console.error("usage: node nano-text.mjs OUT_DIR SEED SEQUENCES CONTEXT");
  process.exit(2);
}
const corpus = generate({ seed, sequences, context });
mkdirSync(out, { recursive: true });
// One byte is enough for each: 104 tokens, 8 modes, 54 roles.
writeFileSync(join(out, "ids.u8"), Uint8Array.from(corpus.ids));
writeFileSync(join(out, "modes.u8"), corpus.modes);
writeFileSync(join(out, "roles.u8"), Uint8Array.from(corpus.roles));
const about = { seed, sequences, context, fingerprint: fingerprint(), modeNames, roleNames, vocabulary };
writeFileSync(join(out, "corpus.json"), `${JSON.stringify(about, null, 2)}\n`);
