/**
 * A folder of a plain web server as a model's source. It names no hashes and no commits: files are told apart by ETag or date,
 * and the folder's state by a digest of those. Node only.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { CacheFolder } from "./cache";
import { type RemoteFile, validatorOf } from "./download";
import { folderOf, type HubEnvironment } from "./environment";
import type { HttpClient, Reply } from "./http";
import type { FolderName } from "./name";
import type { ModelSource } from "./source";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Where the copy of a folder lies: among the files of this program, since the hub's cache knows only repositories. */
export function folderOfUrl(environment: HubEnvironment, url: string): CacheFolder {
  const name = `${new URL(url).host.replace(/[^A-Za-z0-9.]/g, "-")}-${sha256(url).slice(0, 16)}`;
  const root = join(folderOf(environment, "assets"), "spectroscope", "urls", name);
  return new CacheFolder(root, join(root, ".locks"));
}

export class WebFolder implements ModelSource {
  constructor(
    private readonly client: HttpClient,
    private readonly environment: HubEnvironment,
    private readonly name: FolderName,
  ) {}

  get label(): string {
    return this.name.url;
  }

  get folder(): CacheFolder {
    return folderOfUrl(this.environment, this.name.url);
  }

  async find(file: string): Promise<RemoteFile | undefined> {
    const url = `${this.name.url}/${encodeURIComponent(file)}`;
    const refused = ({ status, body }: Reply) => {
      body.destroy();
      return new SpectroscopeError(`${url}: the server answered ${status}`, { code: "network", hint: "check the URL" });
    };
    const reply = await this.client.persist(() => this.client.ask("HEAD", url));
    reply.body.resume();
    if (reply.status === 404 || reply.status === 410) return undefined;
    if (reply.status !== 200) throw refused(reply);
    const value = validatorOf(reply);
    const length = reply.headers["content-length"];
    if (value === undefined || length === undefined) {
      throw new SpectroscopeError(
        `${url}: the server tells no ${value === undefined ? "ETag or Last-Modified" : "size"}`,
        {
          code: "network",
          hint: "so a copy cannot be told from an outdated one: download the files and name their directory",
        },
      );
    }
    const blob = sha256(`${file}\n${value}\n${length}`);
    return { name: file, url, blob, size: Number(length), check: { kind: "validator", value }, refused };
  }

  lacks(file: string): SpectroscopeError {
    return new SpectroscopeError(`${this.label}: no ${file} there`, {
      code: "not-found",
      hint: "the URL must be of a folder that holds config.json and model.safetensors",
    });
  }
}

/** What stands for a commit: 40 digits that change when any of the files does. */
export function stateOf(files: readonly RemoteFile[]): string {
  const lines = files.map(({ name, blob }) => `${name} ${blob}`).sort();
  return sha256(lines.join("\n")).slice(0, 40);
}
