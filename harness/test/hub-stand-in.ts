/**
 * A stand-in for the hub, for tests: its API, its headers, a second server in the role of the CDN that large files are
 * redirected to, and faults on demand. It keeps a list of what it was asked.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface StandInRepo {
  /** Commit by branch or tag. */
  readonly revisions: Record<string, string>;
  /** Files by commit and name. Those named `.safetensors` or `.bin` are kept as LFS keeps them. */
  readonly commits: Record<string, Record<string, Uint8Array>>;
  /** Only who sends this token gets in. */
  readonly token?: string;
  /** Everybody sees the listing, only the token gets the files. */
  readonly gated?: boolean;
}

/** What a request meets instead of its answer; undefined: nothing. */
export type Fault =
  | { readonly drop: number }
  | { readonly stall: number }
  | { readonly status: number; readonly headers?: Record<string, string> }
  | { readonly bytes: Uint8Array }
  | { readonly ignoreRange: true };

export interface Asked {
  readonly at: "hub" | "cdn";
  readonly method: string;
  readonly path: string;
  readonly range?: string;
  readonly authorization?: string;
  /** Of the body. */
  sent: number;
}

export const lfsHash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const gitHash = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
const isLarge = (name: string) => /\.(safetensors|bin)$/.test(name);

export class StandInHub {
  readonly asked: Asked[] = [];
  /** Called for every request, with how many were alike before it. */
  fault: (asked: Asked, earlier: number) => Fault | undefined = () => undefined;
  private readonly hub: Server;
  private readonly cdn: Server;
  private readonly stalled: ServerResponse[] = [];

  constructor(readonly repos: Record<string, StandInRepo>) {
    this.hub = createServer((request, response) => this.answer("hub", request, response));
    this.cdn = createServer((request, response) => this.answer("cdn", request, response));
  }

  async start(port = 0): Promise<this> {
    const listen = (server: Server, at: number) => new Promise<void>((done) => server.listen(at, "127.0.0.1", done));
    await listen(this.hub, port);
    await listen(this.cdn, 0);
    return this;
  }

  stop(): void {
    for (const response of this.stalled) response.destroy();
    for (const server of [this.hub, this.cdn]) {
      server.close();
      server.closeAllConnections();
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.hub.address() as AddressInfo).port}`;
  }

  get cdnOrigin(): string {
    return `http://127.0.0.1:${(this.cdn.address() as AddressInfo).port}`;
  }

  /** Bytes of bodies sent since `from` requests ago were asked. */
  sent(from = 0): number {
    return this.asked.slice(from).reduce((sum, { sent }) => sum + sent, 0);
  }

  private answer(at: "hub" | "cdn", request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url: path = "" } = request;
    const asked: Asked = {
      at,
      method,
      path,
      range: request.headers.range,
      authorization: request.headers.authorization,
      sent: 0,
    };
    const earlier = this.asked.filter((one) => one.at === at && one.method === method && one.path === path).length;
    this.asked.push(asked);
    const fault = this.fault(asked, earlier);
    if (fault && "status" in fault) response.writeHead(fault.status, fault.headers).end();
    else if (at === "cdn") this.file(asked, response, this.byHash(path.slice(1)), fault);
    else this.route(asked, response, fault);
  }

  private byHash(hash: string): Uint8Array {
    for (const { commits } of Object.values(this.repos)) {
      for (const files of Object.values(commits)) {
        for (const bytes of Object.values(files)) if (lfsHash(bytes) === hash) return bytes;
      }
    }
    throw new Error(`no file ${hash}`);
  }

  private refuse(response: ServerResponse, status: number, code: string): void {
    response.writeHead(status, { "x-error-code": code, "x-error-message": code, "content-type": "application/json" });
    response.end(JSON.stringify({ error: code }));
  }

  private route(asked: Asked, response: ServerResponse, fault?: Fault): unknown {
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/?]+)/.exec(asked.path);
    const resolve = /^(?:\/api\/resolve-cache\/models)?\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(asked.path);
    const [, name = "", revision = "", file = ""] = api ? [api[0], api[1], api[3]] : (resolve ?? []);
    const repo = this.repos[name];
    const allowed = repo?.token === undefined || asked.authorization === `Bearer ${repo.token}`;
    if (!repo || (!allowed && !repo.gated))
      return this.refuse(response, asked.authorization ? 404 : 401, "RepoNotFound");
    const wanted = decodeURIComponent(revision);
    const commit = repo.revisions[wanted] ?? Object.keys(repo.commits).find((one) => one.startsWith(wanted));
    if (commit === undefined) return this.refuse(response, 404, "RevisionNotFound");
    const files = repo.commits[commit];
    if (api) return this.listing(asked, response, name, commit, files, api[2] === "tree");
    const bytes = files[decodeURIComponent(file)];
    if (bytes === undefined) return this.refuse(response, 404, "EntryNotFound");
    if (!allowed) return this.refuse(response, asked.authorization ? 403 : 401, "GatedRepo");
    response.setHeader("x-repo-commit", commit);
    if (isLarge(file)) {
      response.setHeader("x-linked-etag", `"${lfsHash(bytes)}"`);
      response.setHeader("x-linked-size", bytes.length);
      // As the real one: the redirect has a length and an ETag of its own.
      response
        .writeHead(302, { location: `${this.cdnOrigin}/${lfsHash(bytes)}`, etag: '"redirect"', "content-length": 0 })
        .end();
    } else if (file === "tokenizer.json" && !asked.path.startsWith("/api/")) {
      // A redirect on the hub itself, which the token goes along with and which knows no hash.
      response.writeHead(307, { location: `/api/resolve-cache/models${asked.path}` }).end();
    } else {
      response.setHeader("etag", `"${gitHash(bytes)}"`);
      return this.file(asked, response, bytes, fault);
    }
  }

  private listing(
    asked: Asked,
    response: ServerResponse,
    id: string,
    sha: string,
    files: Record<string, Uint8Array>,
    tree: boolean,
  ): void {
    const names = Object.keys(files);
    const siblings = names.map((rfilename) => ({ rfilename }));
    const entries = names.map((path) => {
      const [size, oid] = [files[path].length, gitHash(files[path])];
      const lfs = isLarge(path) ? { lfs: { oid: lfsHash(files[path]), size, pointerSize: 130 } } : {};
      return { type: "file", path, size, oid, ...lfs };
    });
    const text = JSON.stringify(
      tree ? entries : { id, modelId: id, sha, siblings, private: false, tags: [], downloads: 0, likes: 0 },
    );
    asked.sent += text.length;
    response.writeHead(200, { "content-type": "application/json" }).end(text);
  }

  private file(asked: Asked, response: ServerResponse, bytes: Uint8Array, fault?: Fault): void {
    const given = fault && "bytes" in fault ? fault.bytes : bytes;
    const range = fault && "ignoreRange" in fault ? null : /^bytes=(\d+)-$/.exec(asked.range ?? "");
    const start = range ? Number(range[1]) : 0;
    response.setHeader("accept-ranges", "bytes");
    if (start >= given.length && range) {
      response.writeHead(416, { "content-range": `bytes */${given.length}` }).end();
      return;
    }
    const rest = given.subarray(start);
    response.setHeader("content-length", rest.length);
    if (range) response.setHeader("content-range", `bytes ${start}-${given.length - 1}/${given.length}`);
    response.statusCode = range ? 206 : 200;
    if (asked.method === "HEAD") {
      response.end();
      return;
    }
    const cut = fault && "drop" in fault ? fault.drop : fault && "stall" in fault ? fault.stall : rest.length;
    asked.sent += Math.min(cut, rest.length);
    if (cut >= rest.length) response.end(rest);
    else if (fault && "stall" in fault) {
      this.stalled.push(response);
      response.write(rest.subarray(0, cut));
    } else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 100));
  }
}
