/** Encoding by sparse autoencoders, from activations to what fires. */
import type { Device } from "../../runtime/plan/device";
import { encodeTokens, tokenSource } from "../../runtime/sae/encode";
import { seededRandom } from "../test/random";
import { everyActivation, randomEncoder } from "../test/random-encoder";
import type { HostRow } from "./host";
import { sampleWall } from "./spread";

const [TOKENS, WIDTH, FEATURES] = [512, 512, 8192];

/** A block of tokens of Pythia-70M's width by a quarter of its usual features, with placing the weights; milliseconds. */
export async function benchEncoding(device: Device, budgetMs: number): Promise<HostRow[]> {
  const random = seededRandom(1);
  const x = Float32Array.from({ length: TOKENS * WIDTH }, () => random.normal());
  const { relu, topk } = everyActivation(FEATURES, random);
  const rows: HostRow[] = [];
  for (const activation of [relu, { ...topk, k: 16 }]) {
    const encoder = randomEncoder(WIDTH, FEATURES, random, { activation });
    // Some 25 of 8,192 fire by relu, as a hundred of 32,768.
    if (activation.kind === "relu") encoder.bias.fill(-2.745);
    const name = `encode (${TOKENS} tokens, ${WIDTH} wide, ${FEATURES} features, ${activation.kind})`;
    const spread = await sampleWall(() => encodeTokens(device, encoder, tokenSource(x, WIDTH)), budgetMs);
    rows.push({ row: "host", name, ...spread });
  }
  return rows;
}
