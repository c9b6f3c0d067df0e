/* The curves of a job's runs, growing while they train. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ArmLook } from "../app/arms";
import { continued, lengthen, pickFairly, smooth, type Curve } from "../data/curves";
import { on } from "../data/events";
import { load, runs as knownRuns } from "../data/store";
import { changed, useTopic } from "../data/topics";
import { useLoad } from "../data/use-load";
import type { Job, JobSeries, Phase, Run } from "../data/types";
import { Choice, Panel, Select, Swatch } from "../parts/bits";
import { Chart, type Line } from "../parts/chart";
import { count, plural, point } from "../text/format";

const CURVES_MOST = 60; /* lines that an eye and a frame can take */
const PLAIN_ABOVE = 12; /* more lines than this are thin and without dashes */
const POINTS_IN_ALL = 24_000;

export const usualMetrics = [
    "valid_loss", "train_loss", "valid_accuracy", "lr", "gradient_norm", "gradient_norm_l1", "update_norm", "samples_per_s",
];

/* Every metric that a run has, the usual ones first. */
export function metricsOf(runs: Run[]): string[] {
    const found = new Set(runs.flatMap((run) => Object.keys(run.metrics ?? {})));
    return [...usualMetrics.filter((name) => found.has(name)), ...[...found].filter((name) => !usualMetrics.includes(name)).sort()];
}

/* The curves of one metric by run: fetched, then lengthened by events. */
function useCurves(job: number, metric: string, phase: Phase | "all", total: number): Map<number, Curve> {
    const curves = useRef(new Map<number, Curve>());
    const topic = `curves:${job}`;
    useTopic(topic);
    const points = Math.max(24, Math.min(400, Math.floor(POINTS_IN_ALL / Math.max(1, total))));

    useMemo(() => (curves.current = new Map()), [job, metric, phase]);
    useEffect(
        () =>
            on("metrics", (event) => {
                const run = knownRuns.get(event.run);
                if (!run || run.job !== job || (phase !== "all" && run.phase !== phase)) return;
                let curve = curves.current.get(run.id);
                for (const [step, name, value] of event.rows) {
                    if (name !== metric) continue;
                    if (!curve) {
                        curve = { run: run.id, step: [], value: [] };
                        curves.current.set(run.id, curve);
                    }
                    lengthen(curve, step, value);
                }
                changed(topic);
            }),
        [job, metric, phase],
    );
    const query = `name=${encodeURIComponent(metric)}&points=${points}${phase === "all" ? "" : `&phase=${phase}`}`;
    useLoad(
        (signal) =>
            load<{ series: JobSeries[] }>(`/jobs/${job}/metrics?${query}`, signal, ({ series }) => {
                for (const { run, step, value } of series) curves.current.set(run, continued({ run, step, value }, curves.current.get(run)));
                changed(topic);
            }),
        [job, query],
    );
    return curves.current;
}

function labelOf(run: Run): string {
    const tuned = run.phase === "tune" || run.phase === "search" ? point(run.tuned) : "";
    return [run.phase === "search" ? `run ${run.id}` : run.arm, run.phase === "search" ? "" : `seed ${run.seed}`, tuned].filter(Boolean).join(" · ");
}

export function CurvesPanel({ job, runs, looks }: { job: Job; runs: Run[]; looks: (arm: string | null) => ArmLook }) {
    const compared = job.kind !== "train";
    const available = metricsOf(runs);
    const first = job.metric && compared ? job.metric.name : "valid_loss";
    const [picked, setPicked] = useState<string | null>(null);
    const metric = picked ?? (available.length === 0 || available.includes(first) ? first : (available[0] ?? first));
    const [phase, setPhase] = useState<Phase | "all" | null>(null);
    const hasTuning = compared && job.request?.["tune"] !== undefined && job.request["tune"] !== null;
    const reporting = runs.some((run) => run.phase === "report" && run.step !== null);
    const shownPhase = phase ?? (hasTuning ? (reporting ? "report" : "tune") : "all");
    const [log, setLog] = useState(false);
    const [clip, setClip] = useState(true);
    const [weight, setWeight] = useState(0);
    const [hidden, setHidden] = useState<Set<string>>(new Set());

    const curves = useCurves(job.id, metric, shownPhase, job.runs.total);
    const sign = job.metric?.goal === "maximize" ? -1 : 1;
    const merit = (run: Run) => (run.objective === null ? Infinity : sign * run.objective);
    const drawable = runs
        .filter((run) => curves.has(run.id) && !(run.arm !== null && hidden.has(run.arm)))
        .sort((a, b) => (merit(a) < merit(b) ? -1 : merit(a) > merit(b) ? 1 : a.id - b.id));
    const chosen = pickFairly(drawable, (run) => run.arm ?? "", (run) => run.state === "running", CURVES_MOST).sort((a, b) => a.id - b.id);
    const lines: Line[] = chosen.map((run) => ({
        key: String(run.id),
        label: labelOf(run),
        look: looks(run.arm),
        step: curves.get(run.id)?.step ?? [],
        value: smooth(curves.get(run.id)?.value ?? [], weight),
    }));

    const toggle = (arm: string) => {
        const next = new Set(hidden);
        if (!next.delete(arm)) next.add(arm);
        setHidden(next);
    };
    const names = available.length ? available : [metric];
    const tools = (
        <>
            <Select label="Metric" options={names.includes(metric) ? names : [metric, ...names]} value={metric} onChange={setPicked} />
            {hasTuning ? (
                <Choice label="Phase" options={[["tune", "tuning"], ["report", "report"], ["all", "both"]]} value={shownPhase} onChange={setPhase} />
            ) : null}
            <Choice label="Scale" options={[["linear", "linear"], ["log", "log"]]} value={log ? "log" : "linear"} onChange={(value) => setLog(value === "log")} />
            <label class="field range">
                <span>Smooth</span>
                <input type="range" min={0} max={0.99} step={0.01} value={weight} aria-valuetext={weight.toFixed(2)} onInput={(event) => setWeight(Number(event.currentTarget.value))} />
            </label>
            <label class="field check">
                <input type="checkbox" checked={clip} onChange={(event) => setClip(event.currentTarget.checked)} />
                <span>Clip outliers</span>
            </label>
        </>
    );
    return (
        <Panel title={compared ? "Curves of the runs" : "Curve"} tools={tools} class="curves">
            <Chart lines={lines} name={metric} log={log} clip={clip} plain={lines.length > PLAIN_ABOVE} height={300} />
            {compared && job.arms ? (
                <div class="legend" role="group" aria-label="Arms shown">
                    {job.arms.map((arm) => (
                        <button key={arm} class="arm" aria-pressed={!hidden.has(arm)} onClick={() => toggle(arm)}>
                            <Swatch look={looks(arm)} />
                            {arm}
                        </button>
                    ))}
                    {drawable.length > lines.length ? (
                        <span class="muted small">
                            {plural(lines.length, "curve")} of {count(drawable.length)}: the running and the best{job.arms.length > 1 ? " of each arm" : ""}
                        </span>
                    ) : null}
                </div>
            ) : null}
        </Panel>
    );
}
