/** The project's version, as in package.json. */
export { version } from "../../package.json";
