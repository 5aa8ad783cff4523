import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import { FILES } from "../../../runtime/formats/parquet-cases";
import { suite } from "../../test/suite";
import { readMatrix } from "./read-matrix";

const test = suite("harness/cli/cluster/read-matrix");

test("files by content, packed by gzip too; a name that says .npy is held to it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
  const put = async (name: string, data: Uint8Array | string) => {
    await writeFile(join(folder, name), data);
    return join(folder, name);
  };
  try {
    const csv = "a,b\n1,2\n3,4\n";
    for (const path of [await put("x.csv", csv), await put("x.csv.gz", gzipSync(csv)), await put("x", csv)]) {
      const { matrix, names } = await readMatrix(path);
      assert.equal(matrix, { rows: 2, cols: 2, data: Float64Array.of(1, 2, 3, 4) });
      assert.equal(names, ["a", "b"]);
    }
    const parquet = await put("x.parquet", Buffer.from(FILES.groups, "base64"));
    assert.equal((await readMatrix(parquet)).names, ["x", "y"]);
    let line = "";
    await readMatrix(await put("x.npy", csv)).catch((error) => {
      line = error.line;
    });
    assert.match(line, /x\.npy: not a \.npy file/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
