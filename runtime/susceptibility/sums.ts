export type { ComponentSums as Sums } from "./estimate";
