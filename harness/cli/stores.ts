/** From the path that a person gives to a store: the one place of the command line that knows which kind it is. */
import { DirectoryStore } from "../../runtime/node/directory-store";
import { Run } from "../../runtime/store/run";
import type { Store } from "../../runtime/store/store";

export const storeAt = (path: string): Store => new DirectoryStore(path);

/** A run that is there. @throws SpectroscopeError when the path holds none, or one of another version */
export const openRun = (path: string): Promise<Run> => Run.open(storeAt(path));
