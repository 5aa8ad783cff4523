/** What `loss` reads beside its model, and where it may write. */
import { realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseTokens, type TokenBlock, tokenLimits } from "../../../models/formats/tokens";
import type { NamedModel } from "../../../models/hub/open";
import { textBlock } from "../../../models/text/block";
import { packingLine } from "../../../models/text/pack";
import { openTokenizer } from "../../../models/text/tokenizer";
import { usage } from "../../../runtime/config/schema";
import { readBytes } from "../../../runtime/node/files";
import { checkOutput, finalPlace, isStream } from "../../../runtime/node/output-file";
import type { Progress } from "../progress";

type TextValues = {
  readonly text?: string;
  readonly tokens?: string;
  readonly "row-length"?: number;
  readonly rows?: number;
  readonly bos: boolean;
};

/** @throws SpectroscopeError of usage: not exactly one of text and tokens, or options of a text without one */
export function checkTextOptions(values: TextValues): void {
  if ((values.text === undefined) === (values.tokens === undefined)) {
    throw usage("loss: give one of --text and --tokens", "--text FILE is tokenized, --tokens FILE holds ready ids");
  }
  const lost = (["row-length", "rows", "bos"] as const).find((key) => values[key]);
  if (values.tokens !== undefined && lost)
    throw usage(`loss: --${lost} goes with --text`, "ready ids come in rows of their own");
}

/** Rows of ids, and what is told of a text. */
export async function readBlock(
  values: TextValues,
  model: NamedModel,
  progress: Progress,
): Promise<TokenBlock & { readonly text?: Record<string, unknown> }> {
  const { tokens, text, rows: maxRows, bos } = values;
  if (tokens !== undefined) return parseTokens(await readBytes(tokens), tokens, tokenLimits(model.model));
  const block = await textBlock(await readBytes(text!), text!, {
    tokenizer: () => openTokenizer(model.source.store),
    limits: tokenLimits(model.model),
    columns: values["row-length"],
    bos,
    maxRows,
  });
  const { documents, dropped, unread, rows, endOfText } = block;
  progress.say(packingLine(block, maxRows === rows && dropped + unread > 0 ? "--rows" : undefined));
  return { ...block, text: { documents, dropped, unread, end_of_text: endOfText } };
}

type OutputValues = TextValues & { readonly out?: string; readonly grads?: string; readonly ids?: string };

/**
 * @throws SpectroscopeError when results would lie over one another, over what is read or in the model's directory, where the
 *   gradient of a checkpoint would be read as the checkpoint; or where they cannot be written
 */
export async function checkOutputs(values: OutputValues, model: NamedModel): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  const taken = new Map<string, string>();
  for (const key of ["text", "tokens"] as const) {
    const path = values[key];
    if (path !== undefined) taken.set(await real(path), `--${key}`);
  }
  const home = await real(model.directory);
  for (const key of ["out", "grads", "ids"] as const) {
    const path = values[key];
    if (path === undefined) continue;
    await checkOutput(path);
    if (await isStream(path)) continue;
    const where = await finalPlace(path);
    const other = taken.get(where);
    if (other) throw usage(`loss: --${key} ${path} is the file of ${other}`, "name another file");
    if (dirname(where) === home)
      throw usage(`loss: --${key} ${path} lies in the model's directory`, "name another place");
    taken.set(where, `--${key}`);
  }
}
