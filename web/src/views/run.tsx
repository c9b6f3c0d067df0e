/* One run: its state, its metrics as small charts, its log, and exactly what was trained. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { armLook } from "../app/arms";
import { attempt } from "../app/notices";
import { setTitle } from "../app/title";
import { get, post } from "../data/api";
import { continued, lengthen, type Curve } from "../data/curves";
import { on } from "../data/events";
import { hearMetrics, jobs, keepJob, keepRuns, load, runs } from "../data/store";
import { changed, useTopic } from "../data/topics";
import { useFollow, useLoad } from "../data/use-load";
import type { Job, LogLine, Run, RunSeries } from "../data/types";
import { Asking, Choice, Facts, Panel, Waiting } from "../parts/bits";
import { Chart, type Line } from "../parts/chart";
import { JsonView } from "../parts/json";
import { StateMark, StepsBar } from "../parts/state";
import { Elapsed, Moment } from "../parts/time";
import { count, duration, NOTHING, number, plural, point } from "../text/format";
import { usualMetrics } from "./job-curves";
import { LineagePanel } from "./lineage";

const POINTS = 600;
const LOG_LINES = 1000;

interface Plotted extends Curve {
    low?: RunSeries["low"];
    high?: RunSeries["high"];
}

function curveOf(run: Run, series: RunSeries): Plotted {
    const { step, value, low, high } = series;
    const curve: Plotted = { run: run.id, step, value };
    return low && high ? { ...curve, low, high } : curve;
}

/* All metrics of a run by name, growing. A curve that grows past its reduced part loses the band
 * of the reduction: the next fetch brings it back. */
function useMetrics(run: Run): Map<string, Plotted> {
    const curves = useRef(new Map<string, Plotted>());
    const topic = `metrics:${run.id}`;
    useTopic(topic);
    useMemo(() => (curves.current = new Map()), [run.id]);
    useEffect(
        () =>
            on("metrics", (event) => {
                if (event.run !== run.id) return;
                for (const [step, name, value] of event.rows) {
                    const { low: _, high: __, ...curve } = curves.current.get(name) ?? curveOf(run, { name, count: 0, reduced: false, step: [], value: [] });
                    if (lengthen(curve, step, value)) curves.current.set(name, curve);
                }
                changed(topic);
            }),
        [run.id],
    );
    useLoad(
        (signal) =>
            load<{ series: RunSeries[] }>(`/runs/${run.id}/metrics?points=${POINTS}`, signal, ({ series }) => {
                for (const entry of series) curves.current.set(entry.name, continued(curveOf(run, entry), curves.current.get(entry.name)));
                changed(topic);
            }),
        [run.id, run.finished_ms !== null],
    );
    return curves.current;
}

function MetricPanel({ name, curve, log, unit, arm }: { name: string; curve: Plotted; log: boolean; unit: string | undefined; arm: number }) {
    /* After a zoom: the same range again, with as many points as the whole had. */
    const [close, setClose] = useState<Plotted | null>(null);
    const zoom = async (range: [number, number] | null) => {
        if (!range) return setClose(null);
        const [first, last] = [Math.floor(range[0]), Math.ceil(range[1])];
        const query = `name=${encodeURIComponent(name)}&points=${POINTS}&first=${first}&last=${last}`;
        await attempt(async () => {
            const { series } = await get<{ series: RunSeries[] }>(`/runs/${curve.run}/metrics?${query}`);
            if (series[0]) setClose({ ...curve, ...series[0] });
        });
        return undefined;
    };
    const shown = close ?? curve;
    const line: Line = { key: name, label: name, look: { ...armLook(arm), dash: [] }, step: shown.step, value: shown.value };
    if (shown.low && shown.high) Object.assign(line, { low: shown.low, high: shown.high });
    return (
        <section class="metric" aria-label={name}>
            <h3>
                {name}
                <span class="number">{number(curve.value.at(-1), 5)}{unit ? <span class="muted"> {unit}</span> : null}</span>
            </h3>
            <Chart lines={[line]} name={name} log={log} height={170} onZoom={(range) => void zoom(range)} />
        </section>
    );
}

function Metrics({ run, arm }: { run: Run; arm: number }) {
    const curves = useMetrics(run);
    const [log, setLog] = useState(false);
    const names = [...usualMetrics.filter((name) => curves.has(name)), ...[...curves.keys()].filter((name) => !usualMetrics.includes(name)).sort()];
    const tools = (
        <>
            <Choice label="Scale" options={[["linear", "linear"], ["log", "log"]]} value={log ? "log" : "linear"} onChange={(value) => setLog(value === "log")} />
            <a class="button" href={`/api/v1/runs/${run.id}/metrics?format=csv`} download={`run-${run.id}.csv`}>
                CSV
            </a>
        </>
    );
    return (
        <Panel title="Metrics" tools={tools}>
            {names.length === 0 ? <div class="empty muted">No values yet</div> : null}
            <div class="multiples">
                {names.map((name) => {
                    const curve = curves.get(name);
                    return curve ? <MetricPanel key={name} name={name} curve={curve} log={log} unit={name === "samples_per_s" ? "/s" : undefined} arm={arm} /> : null;
                })}
            </div>
        </Panel>
    );
}

function Log({ run }: { run: Run }) {
    const [lines, setLines] = useState<LogLine[]>([]);
    const box = useRef<HTMLDivElement>(null);
    const loaded = useLoad(
        (signal) => load<{ lines: LogLine[] }>(`/runs/${run.id}/log?limit=${LOG_LINES}`, signal, (answer) => setLines(answer.lines)),
        [run.id],
    );
    useEffect(() => on("log", (event) => event.run === run.id && setLines((before) => [...before, { attempt: event.attempt, text: event.text }].slice(-LOG_LINES))), [run.id]);
    useEffect(() => {
        const view = box.current;
        if (view && view.scrollHeight - view.scrollTop - view.clientHeight < 120) view.scrollTop = view.scrollHeight;
    }, [lines.length]);
    const attempts = new Set(lines.map((line) => line.attempt)).size > 1;
    return (
        <Panel title="Log">
            {loaded.failed ? <p class="muted note">{loaded.failed.message}</p> : null}
            {lines.length === 0 ? (
                <p class="muted note">Nothing was logged.</p>
            ) : (
                <div class="log" ref={box} tabIndex={0} role="log" aria-label="Log of this run">
                    {lines.map((line, i) => (
                        <div key={line.id ?? `live ${i}`}>
                            <span class="muted">{line.wall_ms !== undefined ? <Moment ms={line.wall_ms} /> : null}</span>
                            {attempts ? <span class="muted"> #{line.attempt}</span> : null} {line.text}
                        </div>
                    ))}
                </div>
            )}
        </Panel>
    );
}

/* Trained by whoever asked for it: there is no model here, and no log. */
function isExternal(run: Run): boolean {
    return run.phase === "search" && run.spec?.["optimizer"] === undefined && run.worker !== null && run.steps === null;
}

/* Its members go on from each other's weights. */
function isOfPopulation(job: Job | undefined): boolean {
    const algorithm = job?.request?.["algorithm"];
    return typeof algorithm === "object" && algorithm !== null && !Array.isArray(algorithm) && algorithm["type"] === "pbt";
}

/* How its point came about. */
function proposalFacts({ proposal }: Run): [string, preact.ComponentChildren][] {
    if (!proposal) return [];
    const facts: [string, preact.ComponentChildren][] = [["Proposed by", `${proposal.how}, knowing ${plural(proposal.seen, "result")}`]];
    if (proposal.values && proposal.values.length > 1) facts.push(["All values", <span class="number">{proposal.values.map((value) => number(value, 6)).join(", ")}</span>]);
    if (proposal.parent !== null) facts.push(["Weights from", <span class="number">number {proposal.parent} of the search</span>]);
    if (proposal.late) facts.push(["Told", "after its lease had ended"]);
    return facts;
}

function Actions({ run }: { run: Run }) {
    const act = (what: string) => attempt(async () => keepRuns([await post<Run>(`/runs/${run.id}/${what}`)]));
    const live = ["waiting", "queued", "running"].includes(run.state);
    return (
        <div class="actions">
            {run.state === "succeeded" && !isExternal(run) ? (
                <a class="button" href={`/api/v1/runs/${run.id}/model`} download={`run-${run.id}.safetensors`}>
                    Model (safetensors)
                </a>
            ) : null}
            {run.state === "failed" || run.state === "cancelled" ? <button onClick={() => void act("retry")}>Retry</button> : null}
            {live ? <Asking words="Cancel…" question="Cancel this run? Its curve up to here is kept." yes="Cancel the run" act={() => void act("cancel")} /> : null}
        </div>
    );
}

function Header({ run, job }: { run: Run; job: Job | undefined }) {
    const ran = run.started_ms !== null && run.finished_ms !== null ? duration(run.finished_ms - run.started_ms) : null;
    return (
        <header class="job-head">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href={`/jobs/${run.job}`}>
                    #{run.job} {job?.name ?? ""}
                </a>
            </nav>
            <div class="head">
                <h1>
                    Run {run.id} {run.arm !== null ? <span class="muted">{run.arm}</span> : null}
                </h1>
                <Actions run={run} />
            </div>
            <div class="job-progress">
                <StateMark state={run.state} note={run.reason} />
                <StepsBar step={run.step} steps={run.steps ?? run.step} state={run.state} />
                <span class="number">
                    {run.step !== null ? count(run.step) : 0}
                    {run.steps ? ` / ${count(run.steps)}` : ""}
                </span>
            </div>
            {run.message && run.state === "failed" ? <p class="callout bad">{run.message}</p> : null}
            <Facts
                facts={[
                    ["Objective", <strong class="number">{number(run.objective, 6)}</strong>],
                    ["Phase", run.phase],
                    ["Seed", <span class="number">{run.seed}</span>],
                    ...(Object.keys(run.tuned ?? {}).length ? ([[run.phase === "search" ? "Parameters" : "Tuned", <span class="mono">{point(run.tuned)}</span>]] as [string, preact.JSX.Element][]) : []),
                    ...proposalFacts(run),
                    ...(run.reused_from ? ([["Reused from", <a href={`/runs/${run.reused_from}`}>run {run.reused_from}</a>]] as [string, preact.JSX.Element][]) : []),
                    ["Attempt", <span class="number">{run.attempt || NOTHING}</span>],
                    ["Started", <Moment ms={run.started_ms} />],
                    ["Took", ran ?? <Elapsed from={run.started_ms} to={run.finished_ms} />],
                    ...(run.worker ? ([["Worker", <span class="mono small">{run.worker}</span>]] as [string, preact.JSX.Element][]) : []),
                    ...(run.resumed_step ? ([["Resumed at", <span class="number">{count(run.resumed_step)}</span>]] as [string, preact.JSX.Element][]) : []),
                ]}
            />
        </header>
    );
}

export function RunView({ id: text }: { id: string }) {
    const id = Number(text);
    useTopic(`run:${id}`);
    const [job, setJob] = useState<number | null>(runs.get(id)?.job ?? null);

    /* Which job's events to follow is known only once the run is. */
    const found = useLoad(
        async (signal) => {
            const run = await get<Run>(`/runs/${id}`, signal);
            keepRuns([run]);
            setJob(run.job);
        },
        [id],
    );
    useFollow(job ?? undefined);
    useEffect(hearMetrics, [id]);
    const run = runs.get(id);
    useLoad(
        async (signal) => {
            if (job === null) return;
            await load<Run>(`/runs/${id}`, signal, (answer) => keepRuns([answer]));
            if (!jobs.get(job)?.arms) await load<Job>(`/jobs/${job}`, signal, keepJob);
        },
        [id, job, run?.finished_ms],
    );
    useTopic(`job:${job ?? 0}`);
    useEffect(() => {
        const part = run && run.state === "running" && run.steps ? (run.step ?? 0) / run.steps : null;
        setTitle(`Run ${id}${run?.arm ? ` · ${run.arm}` : ""}`, part);
    }, [id, run?.state, run?.step, run?.steps]);

    if (!run?.spec && run?.series === undefined) return <Waiting load={found} what="run" />;
    const parent = jobs.get(run.job);
    const arm = run.arm === null ? 0 : (parent?.arms ?? []).indexOf(run.arm);
    return (
        <>
            <Header run={run} job={parent} />
            <Metrics run={run} arm={arm} />
            {isOfPopulation(parent) && run.finished_ms !== null && run.proposal ? <LineagePanel job={run.job} run={run.id} /> : null}
            <div class="pair even" hidden={isExternal(run)}>
                <Panel title="Resolved specification">{run.spec ? <JsonView value={run.spec} /> : <p class="muted note">Known once its arm is tuned.</p>}</Panel>
                <div>
                    <Log run={run} />
                    {run.fingerprint ? (
                        <Panel title="Numeric fingerprint">
                            <JsonView value={run.fingerprint} />
                        </Panel>
                    ) : null}
                </div>
            </div>
        </>
    );
}
