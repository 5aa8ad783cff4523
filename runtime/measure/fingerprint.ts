/** What a run reads, in hashes: a run is not continued with other weights or text at the same path. */
import { sha256 } from "../store/sha256";
import { pieces, type Weights } from "../transformer/weights";
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

/** Hashes of the model and of every text. */
export async function fingerprints(
  { model, weights }: MeasuredModel,
  texts: SampledTexts,
): Promise<Record<string, string>> {
  const tokens = async ({ columns, ids }: SampledTexts["probe"]) =>
    hashText(`${columns} ${await sha256(bytesOf(ids))}`);
  return {
    model: await weightsHash(model.config, weights),
    probe: await tokens(texts.probe),
    pool: await tokens(texts.pool),
    ...(texts.task ? { task: await tokens(texts.task) } : {}),
  };
}
