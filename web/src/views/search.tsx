/* A search: how far it is, the best so far, and what its runs say about the parameters. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { attempt } from "../app/notices";
import { go } from "../app/router";
import { get, patch } from "../data/api";
import { parameterWords, searchRuns, shortNames, triedRuns, type SearchReport, type Tried } from "../data/search";
import { keepJob, keepRuns, load, runsOf } from "../data/store";
import { me } from "../data/session";
import { useTopic, watch } from "../data/topics";
import { useLoad, useThrottled } from "../data/use-load";
import type { Job, Run } from "../data/types";
import { Asking, Copyable, Facts, Panel, Waiting } from "../parts/bits";
import { runsOver } from "../parts/state";
import { count, number, plural } from "../text/format";
import { ConfirmPanel } from "./confirm";
import { LineagePanel } from "./lineage";
import { ContourPanel, ImportancePanel, SlicesPanel } from "./search-insight";
import { FrontPanel, HistoryPanel, ParallelPanel } from "./search-charts";
import { SearchRunsPanel } from "./search-runs";
import { keepDraft, layOut } from "./templates";

const REFRESH_MS = 2000; /* while it runs, at most this often */
const COST_TIMES = 8; /* and no more than an eighth of the time is spent on it */
const RUNS_MOST = 1000000;
const RUNS_KEPT = 5000; /* beyond, the best of the report have to do */

function isOver(job: Job): boolean {
    return job.finished_ms !== null || ["succeeded", "failed", "cancelled"].includes(job.state);
}

function Best({ report }: { report: SearchReport }) {
    const names = useMemo(() => shortNames(Object.keys(report.space)), [report.space]);
    const best = report.best[0];
    if (!best || report.objectives.length > 1) return null;
    const parameters = JSON.stringify(best.parameters, null, 1);
    return (
        <div class="search-best">
            <Facts
                facts={[
                    [report.objectives[0]?.metric ?? "value", <span><strong class="search-value number">{number(best.values[0], 5)}</strong>{best.error ? <span class="muted"> ± {number(best.error, 2)}</span> : null}</span>],
                    ["Run", <a href={`/runs/${best.run}`}>{best.run}</a>],
                    ...Object.entries(best.parameters).map(([name, value]): [string, preact.JSX.Element] => [
                        names.get(name) ?? name,
                        <span class="mono" title={`${name}: ${JSON.stringify(value)}`}>
                            {typeof value === "number" && !Number.isInteger(value) ? number(value, 4) : parameterWords(value)}
                        </span>,
                    ]),
                ]}
            />
            <details class="folded">
                <summary>As JSON</summary>
                <Copyable text={parameters} />
            </details>
        </div>
    );
}

function proposedWords({ counts, seeds }: SearchReport): string {
    const parts = [`${count(counts.proposed)} of ${count(counts.budget)}${seeds > 1 ? ` points with ${count(seeds)} seeds` : ""}`];
    if (counts.pending) parts.push(`${count(counts.pending)} under way`);
    if (counts.deleted) parts.push(`${count(counts.deleted)} deleted`);
    if (counts.late) parts.push(`${count(counts.late)} told late`);
    return parts.join(", ");
}

function constraintWords(constraint: SearchReport["constraints"][number]): string {
    const limit = constraint.at_least === undefined ? `≤ ${number(constraint.at_most)}` : `≥ ${number(constraint.at_least)}`;
    return `${constraint.metric} ${limit}: kept by ${count(constraint.kept)}, broken by ${count(constraint.broken)}`;
}

function improvementWords({ improvement }: SearchReport): string | null {
    if (improvement.chance === null) return null;
    const chance = improvement.chance < 0.01 ? "< 1 %" : `${Math.round(100 * improvement.chance)} %`;
    return improvement.expected === null ? chance : `${chance}, by ${number(improvement.expected, 2)} expected`;
}

function SearchFacts({ report }: { report: SearchReport }) {
    const { pruning } = report;
    const saved = pruning.share_saved ? `, saved ${Math.round(100 * pruning.share_saved)} % of all steps` : "";
    const improvement = improvementWords(report);
    const facts: [string, preact.ComponentChildren][] = [
        ["Proposed", proposedWords(report)],
        ["Algorithm", report.algorithm.type],
        ["Pruner", report.pruner.type === "none" ? "none" : `${report.pruner.type}${saved}`],
    ];
    if (report.stop.type !== "none") facts.push(["Stops by", report.stop.type]);
    if (improvement) facts.push(["Next run better?", improvement]);
    for (const constraint of report.constraints) facts.push(["Constraint", constraintWords(constraint)]);
    return <Facts facts={facts} />;
}

/* More runs, or no more than have begun. */
function Budget({ job, report }: { job: Job; report: SearchReport }) {
    const [typed, setTyped] = useState<string | null>(null);
    const { seeds } = report;
    const budget = report.counts.budget * seeds;
    const proposed = report.counts.proposed * seeds;
    const change = (runs: number) => attempt(async () => {
        await patch(`/jobs/${job.id}`, { budget: { runs } });
        keepJob(await get<Job>(`/jobs/${job.id}`));
    });
    const set = (event: Event) => {
        event.preventDefault();
        const runs = Number(typed);
        setTyped(null);
        if (typed && Number.isInteger(runs / seeds) && runs >= 1 && runs <= RUNS_MOST && runs !== budget) void change(runs);
    };
    return (
        <>
            <form class="field" onSubmit={set}>
                <label class="field">
                    Runs in all
                    <input type="number" min={Math.max(seeds, proposed)} max={RUNS_MOST} step={seeds} value={typed ?? budget} onInput={(event) => setTyped(event.currentTarget.value)} />
                </label>
                <button disabled={typed === null || Number(typed) === budget}>Set</button>
            </form>
            {!isOver(job) && proposed < budget && proposed > 0 ? (
                <Asking words="Stop now…" question={`Propose no more runs? ${plural(budget - proposed, "run")} of the budget will not begin; those under way go on.`} yes="Stop the search" act={() => void change(proposed)} />
            ) : null}
        </>
    );
}

function External({ job }: { job: Job }) {
    const api = `${location.origin}/api/v1`;
    useTopic("session");
    const token = me?.needs_token ? " -H 'Authorization: Bearer TOKEN'" : "";
    const head = `-H 'Content-Type: application/json'${token}`;
    return (
        <Panel title={<>Ask and tell <span class="muted">this search is run by whoever asks</span></>} class="external">
            <Copyable text={`curl ${api}/jobs/${job.id}/ask ${head} -d '{"count": 1, "lease_s": 600}'\ncurl ${api}/runs/RUN/tell ${head} -d '{"state": "succeeded", "values": [0.123]}'`} />
        </Panel>
    );
}

function Narrower({ job, report }: { job: Job; report: SearchReport }) {
    const { narrower } = report;
    if (!narrower) return null;
    const next = () => {
        const { enqueue: _, ...request } = job.request ?? {}; /* those points were for the wider one */
        keepDraft(layOut({ ...request, name: `${job.name || `job ${job.id}`}, narrower`, space: narrower.space, warm_start: { jobs: [job.id] } }));
        go("/submit");
    };
    return (
        <Panel title={<>A narrower space <span class="muted">{narrower.note}</span></>} tools={<button onClick={next}>Search it next</button>} class="narrower">
            <Copyable text={layOut(narrower.space)} />
        </Panel>
    );
}

function Summary({ job, report }: { job: Job; report: SearchReport }) {
    const tools = (
        <>
            <Budget job={job} report={report} />
            <a class="button" href={`/api/v1/jobs/${job.id}/report?format=csv`} download={`job-${job.id}-search.csv`}>
                CSV
            </a>
            <a class="button" href={`/api/v1/jobs/${job.id}/report`} download={`job-${job.id}-search.json`}>
                JSON
            </a>
        </>
    );
    return (
        <Panel title={<>Search {isOver(job) ? null : <span class="muted">so far</span>}</>} tools={tools} class="search-summary">
            <p class="verdict sentence">{report.sentence}.</p>
            {report.stopped ? <p class="verdict">It ended early: {report.stopped}.</p> : null}
            <Best report={report} />
            <SearchFacts report={report} />
            {report.explained ? <p class="muted note">{report.explained}</p> : null}
            {report.warnings.length > 0 ? (
                <ul class="callout warn">
                    {report.warnings.map((words) => (
                        <li key={words}>{words}</li>
                    ))}
                </ul>
            ) : null}
        </Panel>
    );
}

/* What of the report is asked for; kept here so that one request has all of it. */
export interface Wishes {
    objective: number;
    pair: [string, string] | null;
    pairs: boolean; /* importances with those of pairs */
}

/* The two that matter most, once that is known. */
function defaultPair(report: SearchReport): [string, string] | null {
    const names = report.importance.parameters.map(({ name }) => name);
    for (const name of Object.keys(report.space)) if (!names.includes(name)) names.push(name);
    return names[0] !== undefined && names[1] !== undefined ? [names[0], names[1]] : null;
}

/* Runs get their parameters when they are proposed, of which no event tells. */
async function loadNew(job: number, signal: AbortSignal): Promise<void> {
    const known = runsOf(job);
    const isProposed = (run: Run) => Object.keys(run.tuned ?? {}).length > 0;
    const bare = known.filter((run) => run.state !== "waiting" && !isProposed(run)).map(({ id }) => id);
    const after = bare.length > 0 ? Math.min(...bare) - 1 : Math.max(0, ...known.filter(isProposed).map(({ id }) => id));
    if (known.length >= RUNS_KEPT) return;
    await load<{ runs: Run[] }>(`/jobs/${job}/runs?limit=200${after ? `&after=${after}` : ""}`, signal, (answer) => keepRuns(answer.runs));
}

function useReport(job: Job, wishes: Wishes) {
    const [report, setReport] = useState<SearchReport | null>(null);
    const [every_ms, setEvery] = useState(REFRESH_MS);
    const { objective, pair, pairs } = wishes;
    const query = new URLSearchParams({ top: "1", objective: String(objective) });
    if (pair) query.set("contour", pair.join(","));
    if (pairs) query.set("importance", "fanova");
    const path = `/jobs/${job.id}/report?${query}`;
    const loaded = useLoad(
        async (signal) => {
            const begun = performance.now();
            const [found] = await Promise.all([get<SearchReport>(path, signal), loadNew(job.id, signal)]);
            setReport(found);
            setEvery(Math.max(REFRESH_MS, COST_TIMES * Math.round(performance.now() - begun)));
        },
        [path],
    );
    const refresh = useThrottled(loaded.again, every_ms);
    useEffect(() => watch(`ended:${job.id}`, refresh), [job.id, refresh]);
    useEffect(refresh, [job.state, runsOver(job.runs), job.runs.waiting]);
    return { report, loaded, refresh };
}

export interface Shown {
    report: SearchReport;
    tried: Tried[];
    names: Map<string, string>;
}

function Charts({ shown, wishes, wish }: { shown: Shown; wishes: Wishes; wish: (wishes: Wishes) => void }) {
    return (
        <>
            <HistoryPanel shown={shown} wishes={wishes} wish={wish} />
            <FrontPanel shown={shown} />
            <div class="pair even">
                <ImportancePanel shown={shown} wishes={wishes} wish={wish} />
                <ContourPanel shown={shown} wishes={wishes} wish={wish} />
            </div>
            <SlicesPanel shown={shown} />
            <ParallelPanel shown={shown} />
        </>
    );
}

export function SearchPanels({ job, runs }: { job: Job; runs: Run[] }) {
    const [wishes, setWishes] = useState<Wishes>({ objective: 0, pair: null, pairs: false });
    const { report, loaded, refresh } = useReport(job, wishes);
    const shown = useMemo<Shown | null>(() => report && { report, tried: triedRuns(report), names: shortNames(Object.keys(report.space)) }, [report]);
    const pair = report ? defaultPair(report) : null;
    useEffect(() => {
        if (!wishes.pair && pair && report && report.counts.done > 0) setWishes({ ...wishes, pair });
    }, [pair?.join(), report?.counts.done]);

    /* The same until there is a new report, however often a run says how far it is. */
    const charts = useMemo(
        () => shown && <Charts shown={shown} wishes={wishes} wish={setWishes} />,
        [shown, wishes],
    );

    if (!report || !shown) return loaded.failed?.status === 404 ? null : <Panel title="Search" class="search-waiting"><Waiting load={loaded} what="report" /></Panel>;
    const external = job.request?.["runner"] === "external";
    return (
        <>
            <Summary job={job} report={report} />
            {external && !isOver(job) ? <External job={job} /> : null}
            <ConfirmPanel job={job} report={report} refresh={refresh} />
            {report.algorithm.type === "pbt" && report.counts.done > 0 ? <LineagePanel job={job.id} run={null} again={report.counts.done} /> : null}
            {charts}
            <SearchRunsPanel job={job} report={report} entries={searchRuns(report, runs)} names={shown.names} />
            <Narrower job={job} report={report} />
        </>
    );
}
