import { join } from "node:path";
import { type NamedModel, openModel } from "../../models/hub/open";
import { NANO } from "../../models/nano/preset";
import { projectRoot } from "../../runtime/node/root";

/** The embedded model, as the command line opens it. */
export const nanoFolder = (): Promise<NamedModel> => openModel(NANO);

/** Where it lies. */
export const NANO_FOLDER = join(projectRoot(), "models", "nano");
