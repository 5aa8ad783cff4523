import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SpectroscopeError } from "../../../kernels/errors";
import { projectRoot } from "../../../runtime/node/root";

/** The peers' packages: no dependencies of this project, installed by harness/setup/peers.mjs and loaded by path. */
export class PeerPackages {
  private constructor(private readonly folder: string) {}

  /** @throws SpectroscopeError that names the packages that are missing or of another version, and how to get them */
  static open(folder = join(projectRoot(), ".peers"), pinned = pinnedVersions()): PeerPackages {
    const packages = new PeerPackages(folder);
    const wrong = Object.entries(pinned)
      .filter(([name, version]) => packages.installed(name) !== version)
      .map(([name, version]) => `${name} ${version} (${packages.installed(name) ?? "missing"})`);
    if (wrong.length > 0) {
      throw new SpectroscopeError(`peers are not installed: ${wrong.join(", ")}`, {
        code: "bad-input",
        hint: "node harness/setup/peers.mjs",
      });
    }
    return packages;
  }

  /** Where a file of a package lies. */
  path(name: string, file: string): string {
    return join(this.folder, "node_modules", name, file);
  }

  /** The version of an installed package. */
  version(name: string): string {
    return this.installed(name) ?? "unknown";
  }

  /** The exports of a package, or of one of its files. */
  async load(name: string, file?: string): Promise<Record<string, unknown>> {
    return import(pathToFileURL(this.path(name, file ?? this.describe(name)!.main)).href);
  }

  private installed(name: string): string | undefined {
    return this.describe(name)?.version;
  }

  private describe(name: string): PackageFile | undefined {
    const file = this.path(name, "package.json");
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  }
}

/** What is read of a package.json. */
interface PackageFile {
  readonly version: string;
  readonly main: string;
}

/** Packages and versions that are compared with, as harness/setup/peers.json pins them. */
export function pinnedVersions(): Record<string, string> {
  return JSON.parse(readFileSync(join(projectRoot(), "harness", "setup", "peers.json"), "utf8"));
}
