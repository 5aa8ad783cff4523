import { join } from "node:path";
import { readReportData } from "../../runtime/measure/run-files";
import type { Run } from "../../runtime/store/run";
import { sealText } from "../../runtime/store/sealed";
import { renderReport } from "./report";

/** Renders report.html of an analyzed run that lies in a folder; returns its path. */
export async function writeReport(run: Run, folder: string): Promise<string> {
  await run.writeFile("report.html", await sealText(renderReport(await readReportData(run))));
  return join(folder, "report.html");
}
