/** A model's directory on disk. Node only. */
import { stat } from "node:fs/promises";
import { DirectoryStore } from "../../runtime/node/directory-store";
import { fileError } from "../../runtime/node/files";
import type { ModelFiles } from "../formats/files";

/** A folder that tells when one of its files is written over: weights are read for hours, and must be one model's. */
export class ModelFolder extends DirectoryStore implements ModelFiles {
  /** Size and time of the last change. @throws SpectroscopeError when the file is gone */
  async version(key: string): Promise<string> {
    try {
      const { size, mtimeMs } = await stat(this.nameOf(key));
      return `${size} ${mtimeMs}`;
    } catch (error) {
      throw fileError("read", this.nameOf(key), error);
    }
  }
}
