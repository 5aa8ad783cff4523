/** The script that `many.ts` gives to workers; the build bundles it whole into `dist/cluster/worker.txt`. */
import { serveJobs } from "../threads/serve";
import { runWorkerJob } from "./job";

serveJobs(runWorkerJob);
