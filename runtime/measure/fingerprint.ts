/** What a run reads, in hashes: a run is not continued with other weights or text at the same path. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Run } from "../store/run";
import { sha256, sha256OfParts } from "../store/sha256";
import { pieces, type Weights } from "../transformer/weights";
import type { Corpus } from "./corpus";
import type { MeasuredModel } from "./request";
import type { SampledTexts } from "./texts";

const bytesOf = (part: ArrayBufferView) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
const hashText = (text: string) => sha256(new TextEncoder().encode(text));

/** Of the config, and of every tensor's name, shape and values. */
async function* weightsBytes(config: unknown, weights: Weights): AsyncGenerator<Uint8Array> {
  const text = (line: string) => new TextEncoder().encode(`${line}\n`);
  yield text(JSON.stringify(config));
  for (const [name, shape] of weights.shapes) {
    yield text(`${name} ${shape.join(" ")}`);
    for await (const { data } of pieces(weights, name)) yield bytesOf(data);
  }
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
    model: await sha256OfParts(weightsBytes(model.config, weights)),
    probe: await textHash(texts.probe),
    pool: await textHash(texts.pool),
    ...(texts.task ? { task: await textHash(texts.task) } : {}),
  };
}
