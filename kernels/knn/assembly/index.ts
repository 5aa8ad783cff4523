export { descend, snapshot, tidy, turn } from "./descent";
export { search } from "./exact";
export { join, plant } from "./forest";
