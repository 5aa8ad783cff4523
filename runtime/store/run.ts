export { RunDirectory as Run } from "./run-directory";
