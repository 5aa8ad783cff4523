/** The script that `many.ts` gives to workers; the build bundles it whole into `dist/cluster/worker.txt`. */
import { serveJobs } from "../threads/serve";
import { type ClusterJob, runClusterJob } from "./job";

serveJobs((job: ClusterJob) => runClusterJob(job, { threads: 1 }));
