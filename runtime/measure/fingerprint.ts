/** What a run reads, in hashes: a run is not continued with other weights or text at the same path. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Run } from "../store/run";
import { sha256 } from "../store/sha256";
import { pieces, type Weights } from "../transformer/weights";
import type { Corpus } from "./corpus";
import type { MeasuredModel } from "./request";
import type { SampledTexts } from "./texts";

const bytesOf = (part: ArrayBufferView) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
const hashText = (text: string) => sha256(new TextEncoder().encode(text));

/** Of names, shapes and values, piece by piece: WebCrypto hashes whole messages only, so it is the hash of the pieces' hashes. */
async function weightsHash(config: unknown, weights: Weights): Promise<string> {
  const parts = [JSON.stringify(config)];
  for (const [name, shape] of weights.shapes) {
    parts.push(`${name} ${shape.join(" ")}`);
    for await (const { data } of pieces(weights, name)) parts.push(await sha256(bytesOf(data)));
  }
  return hashText(parts.join("\n"));
}

/** Of a text's rows. */
export const textHash = async ({ columns, ids }: Corpus) => hashText(`${columns} ${await sha256(bytesOf(ids))}`);

/** Refuses to name the tokens of a run after another text. @throws SpectroscopeError */
export async function checkProbe(run: Run, probe: Corpus): Promise<void> {
  const inputs = run.config.inputs as { readonly probe?: string } | undefined;
  if (inputs?.probe === undefined || inputs.probe === (await textHash(probe))) return;
  throw new SpectroscopeError(`${run.name}: was sampled on another probe`, {
    code: "bad-input",
    hint: "give the text that the run was begun with",
  });
}

/** Hashes of the model and of every text. */
export async function fingerprints(
  { model, weights }: MeasuredModel,
  texts: SampledTexts,
): Promise<Record<string, string>> {
  return {
    model: await weightsHash(model.config, weights),
    probe: await textHash(texts.probe),
    pool: await textHash(texts.pool),
    ...(texts.task ? { task: await textHash(texts.task) } : {}),
  };
}
