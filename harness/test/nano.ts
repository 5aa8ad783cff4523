import { type NamedModel, openModel } from "../../models/hub/open";
import { NANO } from "../../models/nano/preset";

/** The embedded model, as the command line opens it. */
export const nanoFolder = (): Promise<NamedModel> => openModel(NANO);
