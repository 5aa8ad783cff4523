export type { Device } from "../node/open-device";
