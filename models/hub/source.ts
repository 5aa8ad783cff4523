/** What a model is fetched from. */
import type { SpectroscopeError } from "../../kernels/errors";
import type { CacheFolder } from "./cache";
import type { RemoteFile } from "./download";

export interface ModelSource {
  /** For messages, and as `repo` in results. */
  readonly label: string;
  /** Branch, tag or commit as it was asked for; a plain folder has none. */
  readonly revision?: string;
  /** Known before any file is asked for; a plain folder's follows from its files. */
  readonly commit?: string;
  readonly folder: CacheFolder;
  /** A file's facts, or undefined when there is none of this name. @throws SpectroscopeError */
  find(file: string): Promise<RemoteFile | undefined>;
  /** The error for a model without this file. */
  lacks(file: string): SpectroscopeError;
}
