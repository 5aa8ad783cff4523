/**
 * Writes corpus text for train.py and for studies: `node corpus-text.mjs MODEL OUT_DIR SEED SEQUENCES CONTEXT`.
 * OUT_DIR gets ids.u8, modes.u8 and roles.u8 (each [SEQUENCES, CONTEXT + 1], one byte an entry) and corpus.json.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { corpusOf, EMBEDDED } from "../../models/presets";

const [model, out, ...numbers] = process.argv.slice(2);
const [seed, sequences, context] = numbers.map(Number);
const source = corpusOf(model ?? "");
if (!source || out === undefined || seed === undefined || sequences === undefined || context === undefined) {
  console.error(`usage: node corpus-text.mjs ${EMBEDDED.join("|")} OUT_DIR SEED SEQUENCES CONTEXT`);
  process.exit(2);
}
const { vocabulary, generate, fingerprint } = source;
const { modeNames, roleNames, ...corpus } = generate({ seed, sequences, context });
mkdirSync(out, { recursive: true });
// One byte is enough for each: about a hundred tokens, 8 modes, some 55 roles.
writeFileSync(join(out, "ids.u8"), Uint8Array.from(corpus.ids));
writeFileSync(join(out, "modes.u8"), corpus.modes);
writeFileSync(join(out, "roles.u8"), Uint8Array.from(corpus.roles));
const about = { seed, sequences, context, fingerprint: fingerprint(), modeNames, roleNames, vocabulary };
writeFileSync(join(out, "corpus.json"), `${JSON.stringify(about, null, 2)}\n`);
