import { byteCount } from "../../../models/hub/bytes";
import { nameText } from "../../../models/hub/fetch";
import { maskedName } from "../../../models/hub/masked";
import { parseRemoteName, REMOTE_FORMS, type RemoteName } from "../../../models/hub/name";
import { fetchNamed, hubEnvironment } from "../../../models/hub/open";
import { usage } from "../../../runtime/config/schema";
import { command, JSON_FLAG, OFFLINE, output } from "../command";
import { onInterrupt } from "../interrupt";
import { duration, Progress, showFetching } from "../progress";

/** The name with the revision of `--revision`. @throws SpectroscopeError */
function nameOf(text: string, revision: string | undefined, endpoint: string): RemoteName {
  const name = parseRemoteName(text, endpoint);
  if (!name) throw usage(`${JSON.stringify(maskedName(text))} is no model's name`, `write ${REMOTE_FORMS}`);
  if (revision === undefined) return name;
  if (name.kind === "folder") throw usage(`--revision ${revision}: a plain URL has no revisions`, "leave it out");
  if (name.revision !== undefined) throw usage(`--revision ${revision}: the name has a revision already`, "keep one");
  return parseRemoteName(`${name.repo}@${revision}`, endpoint) as RemoteName;
}

/** Brings a checkpoint into the cache that Python's huggingface_hub and this program share. */
export const fetch = command(
  {
    name: "fetch",
    summary: "Fetch a checkpoint from the Hugging Face hub, or from any URL, into the shared cache.",
    positionals: [{ name: "MODEL", help: REMOTE_FORMS }],
    options: {
      revision: {
        type: "string",
        placeholder: "REV",
        help: "branch, tag such as step143000, or commit (default main)",
      },
      offline: { ...OFFLINE, help: "ask nobody: only tell where the cache has it" },
      json: JSON_FLAG,
    },
    examples: ["fetch EleutherAI/pythia-14m", "fetch EleutherAI/pythia-14m@step143000 --json"],
  },
  async ({ values, positionals }) => {
    const environment = hubEnvironment(values.offline);
    const name = nameOf(positionals[0], values.revision, environment.endpoint);
    const progress = new Progress(values.json);
    const interrupt = onInterrupt((line) => progress.say(line));
    try {
      const model = await fetchNamed(name, { environment, on: showFetching(progress), signal: interrupt.signal });
      const { repo, revision = null, commit, directory, files, downloadedBytes, mended } = model;
      const { seconds } = progress;
      if (values.json) {
        output(
          JSON.stringify({ repo, revision, commit, directory, files, downloaded_bytes: downloadedBytes, seconds }),
        );
        return 0;
      }
      const size = `${files.length} files, ${byteCount(files.reduce((sum, { bytes }) => sum + bytes, 0))}`;
      const there = mended.length > 0 ? "put there again from the cache" : "all there already";
      const brought = downloadedBytes > 0 ? `${byteCount(downloadedBytes)} fetched now` : there;
      progress.say(`${nameText(name)}, commit ${commit.slice(0, 10)}: ${size}, ${brought} (${duration(seconds)})`);
      output(directory);
      return 0;
    } finally {
      interrupt.done();
    }
  },
);
