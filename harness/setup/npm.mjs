/** npm, and what its failures mean. */
import { spawn } from "node:child_process";
import { DISK_FULL, masked, REFUSED, SetupError } from "./errors.mjs";

/** Runs a program to its end, so that a lock is touched meanwhile. An end of this process is one of the program. */
export function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const end = () => child.kill();
    const got = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        got[name] += text;
      });
    }
    process.once("exit", end);
    const finish = (result) => {
      process.off("exit", end);
      done({ ...got, ...result });
    };
    child.on("error", (error) => finish({ status: 1, error }));
    child.on("close", (status, signal) => finish({ status: status ?? 1, signal }));
  });
}

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** Runs npm in a folder and gives what it printed. No install script is needed: esbuild and Dawn ship their binaries. */
export async function npm(words, folder) {
  const ended = await run("npm", [...words, ...QUIET], { cwd: folder, shell: process.platform === "win32" });
  if (ended.status !== 0) throw failure(words[0], ended);
  return ended.stdout;
}

const NETWORK =
  /^(ENOTFOUND|EAI_|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EPIPE|EPROTO|ERR_|FETCH_ERROR|E5\d\d|E429|EIDLETIMEOUT|UNABLE_TO|SELF_SIGNED|CERT_|DEPTH_ZERO|HOSTNAME_)/;

/** One line for it, true of what happened. */
export function failure(word, { stderr, error, signal }) {
  if (error?.code === "ENOENT") {
    return new SetupError(
      "npm is not there, which installs the packages; it comes with Node: install both",
      "no-npm",
      error,
    );
  }
  const lines = stderr
    .split("\n")
    .map((line) => /^npm (?:error|ERR!) ?(.*)$/.exec(line)?.[1].trim())
    .filter(Boolean);
  const named = (key) => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
  const code = named("code") ?? error?.code ?? (signal ? `ended by ${signal}` : "no code");
  const said = lines.find((line) => !/^(code|errno|syscall|path|dest|network|A complete log)\b/.test(line));
  const detail = masked(said ?? stderr.trim().split("\n")[0] ?? "").slice(0, 300);
  const text = (what, kind) => new SetupError(`npm ${word} failed: ${what}`, kind, error);
  if (code === "ENOSPC" || code === "EDQUOT") return text("no space left on the disk; free some", DISK_FULL);
  if (code in REFUSED) {
    const where = masked(named("path") ?? "a file");
    return text(
      `it may not write ${where} (${REFUSED[code]}); set npm_config_cache to a folder of yours`,
      "npm-refused",
    );
  }
  if (/^E(401|403|407)$/.test(code)) {
    return text(`the registry or a proxy gives no access (${code}: ${detail}); check npm's settings`, "no-access");
  }
  if (NETWORK.test(code)) {
    return text(
      `the registry cannot be reached (${code}: ${detail}); check the network, the proxy and npm's settings`,
      "network",
    );
  }
  if (code === "EINTEGRITY") {
    return text(
      `a package is not what package-lock.json names (${detail}); check the registry and npm's cache`,
      "npm-failed",
    );
  }
  return text(`${code}: ${detail}`, "npm-failed");
}
