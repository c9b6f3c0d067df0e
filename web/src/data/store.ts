/*
 * Jobs and runs by id, as fetched and then as events changed them. A fetch that was under way while
 * events came in may be older than they are: they are applied again on top of it.
 */
import { get } from "./api";
import { on, streamOpen } from "./events";
import { changed } from "./topics";
import type { Job, MetricsEvent, Run, RunChange } from "./types";

export const jobs = new Map<number, Job>();
export const runs = new Map<number, Run>();
const runsOfJob = new Map<number, Run[]>();

let fetching = 0;
const since: (() => void)[] = []; /* what happened while something was being fetched */

function happened(change: () => void): void {
    change();
    if (fetching > 0) since.push(change);
}

/* Fetches, hands the answer to `apply`, then brings it up to date. */
export async function load<T>(path: string, signal: AbortSignal, apply: (answer: T) => void): Promise<void> {
    await streamOpen();
    const from = since.length;
    fetching++;
    try {
        apply(await get<T>(path, signal));
        for (const change of since.slice(from)) change();
    } finally {
        if (--fetching === 0) since.length = 0;
    }
}

export function keepJob(job: Job): void {
    jobs.set(job.id, { ...jobs.get(job.id), ...job });
    changed(`job:${job.id}`);
    changed("jobs");
}

export function keepRuns(list: Run[]): void {
    for (const run of list) {
        const known = runs.get(run.id);
        runs.set(run.id, known ? Object.assign(known, run) : run);
        if (!known) runsOf(run.job).push(run);
        changed(`run:${run.id}`);
        changed(`runs:${run.job}`);
    }
}

/* The runs of a job that are known, in order of their number. */
export function runsOf(job: number): Run[] {
    const list = runsOfJob.get(job) ?? [];
    runsOfJob.set(job, list);
    return list;
}

function changeRun(change: RunChange): void {
    const run = runs.get(change.id);
    if (!run) return;
    const ended = run.state !== change.state && change.finished_ms !== null;
    Object.assign(run, change);
    changed(`run:${run.id}`);
    changed(`runs:${run.job}`);
    if (ended) changed(`ended:${run.job}`);
}

function noteMetrics(event: MetricsEvent): void {
    const run = runs.get(event.run);
    if (!run) return;
    run.metrics ??= {};
    for (const [step, name, value] of event.rows) {
        run.metrics[name] = value;
        if (step > (run.step ?? -1)) run.step = step;
    }
    changed(`run:${run.id}`);
    changed(`runs:${run.job}`);
}

on("job", (job) => happened(() => keepJob(job)));
on("run", (change) => happened(() => changeRun(change)));

/* Metrics of all jobs are a flood: only pages about one job or run listen. */
export function hearMetrics(): () => void {
    return on("metrics", (event) => happened(() => noteMetrics(event)));
}
