/* One job: how far it is, its report, curves and runs. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { attempt } from "../app/notices";
import { armLook } from "../app/arms";
import { setTitle } from "../app/title";
import { patch, post } from "../data/api";
import { hearMetrics, jobs, keepJob, keepRuns, load, runsOf } from "../data/store";
import { useTopic } from "../data/topics";
import { useFollow, useLoad } from "../data/use-load";
import type { Job, Run } from "../data/types";
import { Asking, Facts, Panel, Waiting } from "../parts/bits";
import { JsonView } from "../parts/json";
import { countsInWords, RunsBar, runsOver, StateMark } from "../parts/state";
import { Elapsed, Moment } from "../parts/time";
import { count } from "../text/format";
import { ConfirmsNote } from "./confirm";
import { CurvesPanel } from "./job-curves";
import { ReportPanels } from "./job-report";
import { RunsPanel } from "./job-runs";
import { SearchPanels } from "./search";

const RUNS_PAGE = 1000;
const RUNS_MOST = 5000; /* kept on the page; the rest has the API */

/* All runs, page after page, up to RUNS_MOST. */
async function loadRuns(job: number, signal: AbortSignal): Promise<void> {
    let after: number | null = 0;
    for (let seen = 0; after !== null && seen < RUNS_MOST; seen += RUNS_PAGE) {
        const path: string = `/jobs/${job}/runs?limit=${RUNS_PAGE}${after ? `&after=${after}` : ""}`;
        await load<{ runs: Run[]; next: number | null }>(path, signal, (answer) => {
            keepRuns(answer.runs);
            after = answer.next;
        });
    }
}

/* 0 … 1, running runs counted by their steps. */
function progressOf(job: Job, runs: Run[]): number {
    const under = runs.reduce((sum, run) => sum + (run.state === "running" && run.steps ? Math.min(1, (run.step ?? 0) / run.steps) : 0), 0);
    return job.runs.total ? (runsOver(job.runs) + under) / job.runs.total : 0;
}

function isOver(job: Job): boolean {
    return job.finished_ms !== null || ["succeeded", "failed", "cancelled"].includes(job.state);
}

function Priority({ job }: { job: Job }) {
    /* What is being typed stays, whatever events draw meanwhile. */
    const [typed, setTyped] = useState<string | null>(null);
    const set = (text: string) => {
        setTyped(null);
        const priority = Number(text);
        if (text === "" || !Number.isInteger(priority) || Math.abs(priority) > 1000) return;
        if (priority !== job.priority) void attempt(async () => keepJob(await patch<Job>(`/jobs/${job.id}`, { priority })));
    };
    return (
        <label class="field" title="−1000 … 1000, higher goes first">
            <span>Priority</span>
            <input type="number" min={-1000} max={1000} step={1} value={typed ?? job.priority} onInput={(event) => setTyped(event.currentTarget.value)} onChange={(event) => set(event.currentTarget.value)} />
        </label>
    );
}

function Actions({ job }: { job: Job }) {
    const act = (what: string) => attempt(async () => keepJob(await post<Job>(`/jobs/${job.id}/${what}`)));
    const left = job.runs.total - runsOver(job.runs);
    return (
        <div class="actions">
            {isOver(job) ? null : (
                <>
                    <Priority job={job} />
                    {job.paused ? <button onClick={() => void act("resume")}>Resume</button> : <button onClick={() => void act("pause")}>Pause</button>}
                    <Asking
                        words="Cancel…"
                        question={`Cancel this job? ${left === 1 ? "One run" : `${count(left)} runs`} will not finish; what is done is kept.`}
                        yes="Cancel the job"
                        act={() => void act("cancel")}
                    />
                </>
            )}
            <a class="button" href={`/submit?from=${job.id}`}>
                Use as template
            </a>
        </div>
    );
}

function Header({ job, part }: { job: Job; part: number }) {
    return (
        <header class="job-head">
            <div class="head">
                <h1>
                    <span class="muted number">#{job.id}</span> {job.name || `Job ${job.id}`}
                </h1>
                <Actions job={job} />
            </div>
            <div class="job-progress">
                <StateMark state={job.state} />
                <RunsBar runs={job.runs} />
                <span class="number">{Math.floor(100 * part)} %</span>
            </div>
            <Facts
                facts={[
                    ["Kind", job.kind],
                    ["Runs", <span title={countsInWords(job.runs)}>{countsInWords(job.runs) || "none"}</span>],
                    ["Submitted", <Moment ms={job.created_ms} />],
                    ["Took", <Elapsed from={job.started_ms} to={job.finished_ms} />],
                    ...(job.metric ? ([["Metric", `${job.metric.name}, ${job.metric.at}, ${job.metric.goal}`]] as [string, string][]) : []),
                ]}
            />
        </header>
    );
}

export function JobView({ id: text }: { id: string }) {
    const id = Number(text);
    useTopic(`job:${id}`);
    useTopic(`runs:${id}`);
    const [tried, setTried] = useState(0);

    useFollow(id);
    useEffect(hearMetrics, [id]);
    const loaded = useLoad((signal) => load<Job>(`/jobs/${id}`, signal, keepJob), [id]);
    const runsLoaded = useLoad((signal) => loadRuns(id, signal), [id, tried]);

    const job = jobs.get(id);
    const runs = runsOf(id);
    const part = job ? progressOf(job, runs) : 0;
    const under = job !== undefined && !isOver(job);
    useEffect(() => {
        if (job) setTitle(job.name || `Job ${id}`, under ? part : null, job.runs.failed > 0);
    }, [job?.name, part, under, job?.runs.failed]);

    const armNames = job?.arms;
    const looks = useMemo(() => {
        const names = armNames ?? [];
        return (arm: string | null) => armLook(arm === null ? 0 : names.indexOf(arm));
    }, [armNames]);

    const trained = job?.request?.["runner"] !== "external";
    if (!job || !job.request) return <Waiting load={loaded} what="job" />;
    return (
        <>
            <Header job={job} part={part} />
            {job.kind === "compare" ? <ConfirmsNote job={job} /> : null}
            {job.kind === "compare" ? <ReportPanels job={job} looks={looks} /> : null}
            {job.kind === "search" ? <SearchPanels job={job} runs={runs} /> : null}
            {trained ? <CurvesPanel job={job} runs={runs} looks={looks} /> : null}
            {job.kind === "search" ? null : <RunsPanel job={job} runs={runs} looks={looks} load={runsLoaded} again={() => setTried(tried + 1)} />}
            <Panel title="As submitted" class="folded">
                <details>
                    <summary>Show the JSON of this job</summary>
                    <JsonView value={job.request} />
                </details>
            </Panel>
        </>
    );
}
