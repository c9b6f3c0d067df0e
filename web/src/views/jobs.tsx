/* All jobs, newest first. */
import { useEffect, useState } from "preact/hooks";
import { attempt } from "../app/notices";
import { go, setQuery, usePlace } from "../app/router";
import { setTitle } from "../app/title";
import { post } from "../data/api";
import { jobs, keepJob, load } from "../data/store";
import { on } from "../data/events";
import { useTopic } from "../data/topics";
import { useFollow, useLoad, useThrottled } from "../data/use-load";
import { jobStates, type Job } from "../data/types";
import { Choice, Copyable, Waiting } from "../parts/bits";
import { RunsBar, runsOver, StateMark } from "../parts/state";
import { Elapsed, Moment } from "../parts/time";
import { count } from "../text/format";
import { exampleText, firstCurl } from "./templates";

const PAGE = 50;

function JobRow({ job }: { job: Job }) {
    const over = runsOver(job.runs);
    return (
        <tr>
            <td class="number id">{job.id}</td>
            <td class="name">
                <a href={`/jobs/${job.id}`}>{job.name || `Job ${job.id}`}</a>
                <span class="kind">{job.kind}</span>
            </td>
            <td class="cell-state">
                <StateMark state={job.state} />
            </td>
            <td class="cell-progress">
                <RunsBar runs={job.runs} />
                <span class="number muted">
                    {count(over)}/{count(job.runs.total)}
                </span>
            </td>
            <td class="number wide-only">{job.priority === 0 ? <span class="muted">0</span> : job.priority}</td>
            <td class="wide-only">
                <Moment ms={job.started_ms ?? job.created_ms} />
            </td>
            <td class="right cell-elapsed">
                <Elapsed from={job.started_ms} to={job.finished_ms} />
            </td>
        </tr>
    );
}

function Nothing({ state }: { state: string | null }) {
    if (state)
        return (
            <div class="empty">
                <p>No job is {state}.</p>
                <p>
                    <button onClick={() => setQuery("state", null)}>Show all jobs</button>
                </p>
            </div>
        );
    const submit = () =>
        attempt(async () => {
            const job = await post<Job>("/jobs", exampleText());
            go(`/jobs/${job.id}`);
        });
    return (
        <div class="empty start">
            <h2>No jobs yet</h2>
            <p>
                A job is a training run, or a comparison of several: arms, a grid to tune each over, seeds. Start with one
                from a terminal:
            </p>
            <Copyable text={firstCurl(location.origin)} />
            <p class="actions">
                <button class="primary" onClick={() => void submit()}>
                    Submit an example
                </button>
                <a class="button" href="/submit">
                    Write a job
                </a>
            </p>
            <p class="muted">The example compares three schedules on a small analytic problem; it takes a few seconds.</p>
        </div>
    );
}

export function JobsView() {
    const { query } = usePlace();
    const state = query.get("state");
    const after = query.get("after");
    const [page, setPage] = useState<{ ids: number[]; next: number | null }>({ ids: [], next: null });
    const path = `/jobs?limit=${PAGE}${state ? `&state=${state}` : ""}${after ? `&after=${after}` : ""}`;

    useTopic("jobs");
    useFollow(null);
    const loaded = useLoad(
        (signal) =>
            load<{ jobs: Job[]; next: number | null }>(path, signal, (answer) => {
                answer.jobs.forEach(keepJob);
                setPage({ ids: answer.jobs.map((job) => job.id), next: answer.next });
            }),
        [path],
    );
    /* A job that is not on this page yet may belong on it. */
    const again = useThrottled(loaded.again, 1000);
    useEffect(() => on("job", (job) => (!page.ids.includes(job.id) && !after) || (state && job.state !== state) ? again() : undefined), [page, state, after]);
    useEffect(() => {
        setTitle("Jobs");
    }, []);

    const shown = page.ids.map((id) => jobs.get(id)).filter((job): job is Job => job !== undefined);
    return (
        <>
            <div class="head">
                <h1>Jobs</h1>
                <Choice
                    label="Jobs in state"
                    options={[["", "all"], ...jobStates.map((name) => [name, name] as const)]}
                    value={state ?? ""}
                    onChange={(value) => {
                        setQuery("after", null);
                        setQuery("state", value || null);
                    }}
                />
            </div>
            {!loaded.ready && shown.length === 0 ? <Waiting load={loaded} what="list" /> : null}
            {loaded.ready && shown.length === 0 ? <Nothing state={state} /> : null}
            {shown.length > 0 ? (
                <table class="list card jobs">
                    <thead>
                        <tr>
                            <th class="right">#</th>
                            <th>Name</th>
                            <th>State</th>
                            <th>Runs</th>
                            <th class="right wide-only">Priority</th>
                            <th class="wide-only">Started</th>
                            <th class="right">Took</th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((job) => (
                            <JobRow key={job.id} job={job} />
                        ))}
                    </tbody>
                </table>
            ) : null}
            {after || page.next !== null ? (
                <nav class="pages" aria-label="Pages">
                    {after ? <button onClick={() => setQuery("after", null)}>Newest</button> : null}
                    {page.next !== null ? <button onClick={() => go(`/?${new URLSearchParams({ ...(state ? { state } : {}), after: String(page.next) })}`)}>Older jobs</button> : null}
                </nav>
            ) : null}
        </>
    );
}
