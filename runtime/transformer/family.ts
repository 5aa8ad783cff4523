export type { NeoxConfig as Model } from "./config";
