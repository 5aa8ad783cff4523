/** What the build writes itself: AssemblyScript that follows from the kernels' descriptors and sources, in `dist/abi`. */
import { readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { putChanged } from "./put.mjs";
import { assemblySources, files, root } from "./sources.mjs";

const FOLDER = join("dist", "abi");

/** Every kernel's exports; beside it lies a module for each kernel that says where its calls hold what. */
export const KERNELS = join(FOLDER, "index.ts");

/** The arguments of a kernel's function: those that `kernels/kernel.ts`, HostCode, names. */
const EXPORT = /^export function (\w+)\(block: usize, from: u32, to: u32, /gm;

/** One module of all kernels, so that they share a memory. */
function index() {
  const lines = assemblySources().flatMap((file) => {
    const names = [...readFileSync(join(root, file), "utf8").matchAll(EXPORT)].map(([, name]) => name);
    const from = file.split(sep).join("/").replace(/\.ts$/, "");
    return names.length > 0 ? [`export { ${names.join(", ")} } from "../../${from}";\n`] : [];
  });
  return ["// Every kernel in one module. Made by the build from the kernels' sources.\n", ...lines].join("");
}

/** Writes what is missing or has changed; `bundle` and `options`: how TypeScript is built. */
export async function generate(bundle, options) {
  const built = await bundle({ ...options, entryPoints: ["kernels/abi.ts"], sourcemap: false, write: false });
  const code = Buffer.from(built.outputFiles[0].contents).toString("base64");
  const { accessorModules } = await import(`data:text/javascript;base64,${code}`);
  for (const [name, text] of Object.entries(accessorModules())) putChanged(join(root, FOLDER, name), text);
  putChanged(join(root, FOLDER, "index.ts"), index());
}

/** What is there after that. */
export const generated = () => [...files(FOLDER)];
