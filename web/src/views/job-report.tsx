/* The outcome of a comparison: arms side by side, mean curves with bands, how each was tuned. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { armLook, type ArmLook } from "../app/arms";
import { get } from "../data/api";
import { partOf } from "../data/report";
import { changed, useTopic, watch } from "../data/topics";
import { useLoad, useThrottled } from "../data/use-load";
import type { NamedSchedule } from "../data/schedules";
import { axes, type ArmReport, type Axis, type GridPoint, type Job, type JsonObject, type Report, type Run, type Saved } from "../data/types";
import { Choice, Panel, Select, Swatch, Waiting } from "../parts/bits";
import { Chart, type Line } from "../parts/chart";
import { Schedules } from "../parts/schedules";
import { scaleOf, Strip, StripAxis, type Scale } from "../parts/strip";
import { column, count, exact, NOTHING, number, plural, point, withError } from "../text/format";
import { usualMetrics } from "./job-curves";
import { SequentialPanel } from "./looks";
import { OverTasksPanel } from "./tasks";
import { Notes, Predictions } from "./theory";
import { Pairs, Targets } from "./verdict";

type Looks = (arm: string | null) => ArmLook;

const REFRESH_MS = 2000; /* while it runs, at most this often */
const PREDICTED = ["train_loss", "loss_average"]; /* the metrics that predictions are about */
const SCHEDULES_MOST = 16; /* more lines say nothing */
const STEPS_MOST = 100000; /* of a drawing: longer runs are drawn at this length */

/* Over the seeds that both have; coloured where the verdict says so. */
function Difference({ arm, report }: { arm: ArmReport; report: Report }) {
    const pair = report.pairs.find(({ first, second }) => first === arm.name && second === report.baseline);
    if (!pair || pair.gain.mean === null) return <span class="muted">{NOTHING}</span>;
    const difference = report.metric.goal === "minimize" ? -pair.gain.mean : pair.gain.mean;
    const verdict = pair.baseline?.verdict ?? "undecided";
    return (
        <span class={verdict}>
            {difference > 0 ? "+" : ""}
            {withError(difference, pair.gain.standard_error)[0]}
            <span class="unseen"> {verdict}</span>
        </span>
    );
}

function ArmRow(props: { arm: ArmReport; report: Report; looks: Looks; scale: Scale | null; seeds: number }) {
    const { arm, report, scale } = props;
    const [mean, error] = withError(arm.mean, arm.standard_error);
    const words = arm.values.map(({ seed, value }) => `seed ${seed}: ${number(value, 5)}`).join(", ");
    const reused = arm.values.filter(({ reused_from }) => reused_from);
    return (
        <tr class={arm.best ? "best" : ""}>
            <th scope="row" class="arm-name">
                <Swatch look={props.looks(arm.name)} /> {arm.name}
                {arm.best ? <span class="tag good">★ best</span> : null}
                {arm.name === report.baseline ? <span class="tag">baseline</span> : null}
            </th>
            <td class="mono small">{arm.chosen ? point(arm.chosen) || "–" : arm.tuning.length > 0 ? <span class="muted">tuning</span> : "–"}</td>
            <td class="number arm-n">
                {arm.n}
                {arm.n < props.seeds ? <span class="muted">/{props.seeds}</span> : null}
                {arm.failed > 0 ? <span class="bad-words"> {arm.failed} failed</span> : null}
                {reused.length > 0 ? (
                    <span class="muted" title={reused.map(({ seed, reused_from }) => `seed ${seed} from run ${reused_from}`).join(", ")}>
                        {" "}
                        {reused.length} reused
                    </span>
                ) : null}
            </td>
            <td class="number arm-mean">
                <strong>{mean}</strong>
                {error ? <span class="muted"> ± {error}</span> : null}
            </td>
            <td class="number arm-delta">
                <Difference arm={arm} report={report} />
            </td>
            <td class="arm-strip">
                {scale && arm.values.length > 0 ? (
                    <Strip scale={scale} look={props.looks(arm.name)} values={arm.values} mean={arm.mean} error={arm.standard_error} label={`${arm.name}: ${words}`} />
                ) : null}
            </td>
        </tr>
    );
}

/* What was not trained; null where all was. */
function savedWords(saved: Saved): string | null {
    const parts: [number, number, string][] = [
        [saved.reused_runs, saved.reused_steps, "took over results of identical runs"],
        [saved.dropped_runs, saved.dropped_steps, "stopped at a rung"],
        [saved.decided_runs, saved.decided_steps, "were not needed: their arms were decided"],
    ];
    const words = parts.filter(([runs]) => runs > 0).map(([runs, steps, why]) => `${plural(runs, "run")} ${why}, ${plural(steps, "step")}`);
    return words.length > 0 ? words.join("; ") : null;
}

function ReportTable({ report, looks, seeds }: { report: Report; looks: Looks; seeds: number }) {
    const scale = scaleOf(report.arms.flatMap((arm) => arm.values.map(({ value }) => value)));
    return (
        <table class="list report">
            <thead>
                <tr>
                    <th>Arm</th>
                    <th>Chosen</th>
                    <th class="right">n</th>
                    <th class="right">
                        {report.metric.name} <span class="muted">mean ± s.e.</span>
                    </th>
                    <th class="right">vs baseline</th>
                    <th class="strip-head">{scale ? <StripAxis scale={scale} /> : "Seeds"}</th>
                </tr>
            </thead>
            <tbody>
                {report.arms.map((arm) => (
                    <ArmRow key={arm.name} arm={arm} report={report} looks={looks} scale={scale} seeds={seeds} />
                ))}
            </tbody>
        </table>
    );
}

function same(a: JsonObject, b: JsonObject | null): boolean {
    return b !== null && Object.entries(a).every(([key, value]) => JSON.stringify(b[key]) === JSON.stringify(value));
}

/* 0 (worst) … 1 (best) among the arm's points, by rank so that one bad point does not hide the rest. */
function merit(arm: ArmReport, mean: number | null, goal: string): number {
    const known = arm.tuning.map((entry) => entry.mean).filter((value): value is number => value !== null);
    if (mean === null || known.length < 2) return 0;
    const worse = known.filter((other) => (goal === "minimize" ? other > mean : other < mean)).length;
    return worse / (known.length - 1);
}

function TuneCell({ arm, entry, report, show }: { arm: ArmReport; entry: GridPoint | undefined; report: Report; show: (mean: number | null) => string }) {
    if (!entry) return <td />;
    const chosen = same(entry.point, arm.chosen);
    const { dropped } = entry;
    const failed = entry.values.length > 0 && entry.mean === null && !dropped;
    const fill = Math.round(4 + 26 * merit(arm, entry.mean, report.metric.goal));
    const title = dropped
        ? `dropped at rung ${dropped.rung}, behind ${count(dropped.step)} steps: other points were better`
        : entry.values.map(({ seed, value }) => `seed ${seed}: ${number(value, 5)}`).join(", ");
    return (
        <td class={`number tune ${chosen ? "chosen" : ""}`} title={title} style={entry.mean === null ? {} : { background: `color-mix(in oklab, var(--accent) ${fill}%, var(--surface))` }}>
            {failed ? <span class="bad-words">failed</span> : dropped ? <span class="muted"><span class="unseen">dropped at </span>rung {dropped.rung}</span> : show(entry.mean)}
            {chosen ? (
                <>
                    <span aria-hidden="true"> ◆</span>
                    <span class="unseen"> chosen</span>
                </>
            ) : null}
        </td>
    );
}

function TuningTable({ report, looks }: { report: Report; looks: Looks }) {
    const points = report.arms.find((arm) => arm.tuning.length > 0)?.tuning.map((entry) => entry.point) ?? [];
    const names = Object.keys(points[0] ?? {});
    const show = column(report.arms.flatMap((arm) => arm.tuning.map((entry) => entry.mean)), 4);
    const single = names.length === 1 ? names[0] : undefined;
    const heading = (values: JsonObject) => {
        const value = single === undefined ? null : values[single];
        return typeof value === "number" ? exact(value) : point(values);
    };
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Tuning results">
            <table class="list tuning">
                <thead>
                    <tr>
                        <th>{single ? <span class="mono small">{single.slice(1)}</span> : "Arm"}</th>
                        {points.map((values) => (
                            <th key={JSON.stringify(values)} class="right mono small">
                                {heading(values)}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {report.arms.map((arm) => (
                        <tr key={arm.name}>
                            <th scope="row" class="nowrap">
                                <Swatch look={looks(arm.name)} /> {arm.name}
                            </th>
                            {points.map((values, i) => (
                                <TuneCell key={JSON.stringify(values)} arm={arm} report={report} show={show} entry={arm.tuning.find((entry) => same(entry.point, values)) ?? arm.tuning[i]} />
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/* What closed forms say the loss comes to, across the curves; arms with the same law share a line. */
function predictionLines(report: Report, curves: Line[], looks: Looks): Line[] {
    const first = Math.min(...curves.map(({ step }) => step[0] ?? Infinity));
    const last = Math.max(...curves.map(({ step }) => step.at(-1) ?? 0));
    if (!(last > first)) return [];
    const seen = new Set<number>();
    return report.arms.flatMap(({ name, prediction }) => {
        const loss = prediction?.loss ?? null;
        if (loss === null || seen.has(loss)) return [];
        seen.add(loss);
        const line = { key: `theory ${name}`, label: `${name}, closed form`, look: { colour: looks(name).colour, dash: [1, 4] } };
        return [{ ...line, step: [first, last], value: [loss, loss], endLabel: "theory" }];
    });
}

function MeanCurves({ job, report, looks }: { job: Job; report: Report; looks: Looks }) {
    const [metric, setMetric] = useState<string | null>(null);
    const [log, setLog] = useState(false);
    const [by, setBy] = useState<Axis>("step");
    const [other, setOther] = useState<Report | null>(null);
    const shownMetric = metric ?? report.metric.name;
    const usual = shownMetric === report.metric.name && by === "step";
    useLoad(
        async (signal) => {
            if (usual) return;
            const all = await get<Report>(`/jobs/${job.id}/report?pairs=baseline&metric=${encodeURIComponent(shownMetric)}&by=${by}`, signal);
            setOther(partOf(all, report.task ?? null));
        },
        [job.id, shownMetric, by, report],
    );
    const source = usual ? report : other;
    const quartiles = source?.arms[0]?.curve?.band === "quantiles";
    const lines = (source?.arms ?? [])
        .filter((arm) => arm.curve && arm.curve.metric === shownMetric && arm.curve.by === by && arm.curve.mean.length > 0)
        .map((arm) => ({
            key: arm.name,
            label: arm.name,
            look: looks(arm.name),
            step: arm.curve?.step ?? arm.curve?.x ?? [],
            value: arm.curve?.median ?? arm.curve?.mean ?? [],
            low: arm.curve?.low ?? [],
            high: arm.curve?.high ?? [],
            endLabel: arm.name,
        }));
    const drawn = [...lines, ...(PREDICTED.includes(shownMetric) ? predictionLines(report, lines, looks) : [])];
    const names = [...new Set([report.metric.name, ...usualMetrics])];
    const tools = (
        <>
            <Select label="Metric of the mean curves" options={names} value={shownMetric} onChange={setMetric} />
            <Select label="Axis of the mean curves" options={axes} value={by} onChange={(value) => setBy(value as Axis)} />
            <Choice label="Scale of the mean curves" options={[["linear", "linear"], ["log", "log"]]} value={log ? "log" : "linear"} onChange={(value) => setLog(value === "log")} />
        </>
    );
    return (
        <Panel title={<>Mean curves <span class="muted">{quartiles ? "median and quartiles" : "± standard error"}</span></>} tools={tools} class="mean-curves">
            <Chart lines={drawn} name={`mean ${shownMetric}`} axis={by} log={log} clip height={280} />
        </Panel>
    );
}

interface ArmSchedule extends NamedSchedule {
    steps: number;
}

/* What an arm trained with, from its first run that knows: a refined one gets its shape only when
 * its source is done. */
async function scheduleOf(arm: ArmReport, signal: AbortSignal): Promise<ArmSchedule | null> {
    const first = arm.values[0]?.run ?? arm.tuning.flatMap((entry) => entry.values)[0]?.run;
    if (first === undefined) return null;
    const run = await get<Run>(`/runs/${first}`, signal);
    const schedule = run.spec?.["schedule"];
    if (typeof schedule !== "object" || schedule === null || Array.isArray(schedule)) return null;
    return { name: arm.name, schedule, steps: run.steps ?? 0 };
}

/* Drawn where the arms differ by it. */
function ArmSchedules({ report, looks }: { report: Report; looks: Looks }) {
    const [found, setFound] = useState<ArmSchedule[]>([]);
    const known = report.arms.map((arm) => arm.values[0]?.run ?? arm.tuning.flatMap((entry) => entry.values)[0]?.run ?? 0).join(" ");
    useLoad(
        async (signal) => {
            const all = await Promise.all(report.arms.slice(0, SCHEDULES_MOST).map((arm) => scheduleOf(arm, signal)));
            setFound(all.filter((entry) => entry !== null));
        },
        [known],
    );
    const shapes = new Set(found.map(({ schedule }) => JSON.stringify(schedule)));
    const steps = Math.max(...found.map((entry) => entry.steps), 0);
    if (shapes.size < 2 || steps < 2) return null;
    return (
        <Panel title={<>Schedules <span class="muted">and the bound that ranks them</span></>} class="preview">
            <Schedules schedules={found} looks={found.map(({ name }) => looks(name))} steps={Math.min(steps, STEPS_MOST)} />
        </Panel>
    );
}

function seedsOf(job: Job): number {
    const seeds = job.request?.["seeds"];
    return Array.isArray(seeds) ? seeds.length : 0;
}

export function ReportPanels({ job, looks }: { job: Job; looks: Looks }) {
    const [report, setReport] = useState<Report | null>(null);
    const topic = `report:${job.id}`;
    useTopic(topic);
    const loaded = useLoad(
        async (signal) => {
            setReport(await get<Report>(`/jobs/${job.id}/report?pairs=baseline`, signal));
            changed(topic);
        },
        [job.id],
    );
    const refresh = useThrottled(loaded.again, REFRESH_MS);
    useEffect(() => watch(`ended:${job.id}`, refresh), [job.id]);
    useEffect(refresh, [job.state]);

    if (!report) return loaded.failed?.status === 404 ? null : <Panel title="Report"><Waiting load={loaded} what="report" /></Panel>;
    return report.tasks ? <TaskPanels job={job} report={report} /> : <Parts job={job} report={report} looks={looks} />;
}

/* All tasks together, then one of them as if it were a comparison of its own. */
function TaskPanels({ job, report }: { job: Job; report: Report }) {
    const tasks = report.tasks ?? [];
    const [chosen, choose] = useState<string | null>(null);
    const task = chosen ?? tasks[0]?.name ?? "";
    const part = useMemo(() => partOf(report, task), [report, task]);
    const names = part.arms.map(({ name }) => name).join("\n");
    const looks = useMemo(() => {
        const places = names.split("\n");
        return (arm: string | null) => armLook(arm === null ? 0 : places.indexOf(arm));
    }, [names]);
    return (
        <>
            <OverTasksPanel report={report} looks={looks} task={task} choose={choose} />
            <Parts key={task} job={job} report={part} looks={looks} />
        </>
    );
}

function Parts({ job, report, looks }: { job: Job; report: Report; looks: Looks }) {
    const tuned = report.arms.some((arm) => arm.tuning.length > 0);
    const curved = !tuned || report.arms.some((arm) => arm.curve && arm.curve.mean.length > 0);
    const best = report.arms.find((arm) => arm.best);
    const saved = savedWords(report.saved);
    const tools = (
        <>
            <a class="button" href={`/api/v1/jobs/${job.id}/report?format=csv`} download={`job-${job.id}-report.csv`}>
                CSV
            </a>
            <a class="button" href={`/api/v1/jobs/${job.id}/report?format=csv&table=pairs`} download={`job-${job.id}-pairs.csv`}>
                CSV of pairs
            </a>
            <a class="button" href={`/api/v1/jobs/${job.id}/report`} download={`job-${job.id}-report.json`}>
                JSON
            </a>
        </>
    );
    return (
        <>
            <Panel title={<>Report {report.task ? `on ${report.task} ` : ""}{report.finished ? null : <span class="muted">so far</span>}</>} tools={tools}>
                {report.pairs.some(({ seeds }) => seeds > 0) ? <p class="verdict sentence">{report.sentence}.</p> : null}
                {best && report.finished ? (
                    <p class="verdict muted">
                        Best by {report.metric.at} {report.metric.name}: <strong>{best.name}</strong>
                        {best.chosen && point(best.chosen) ? <> with <span class="mono">{point(best.chosen)}</span></> : null}, over {plural(best.n, "seed")}.
                    </p>
                ) : null}
                {saved ? <p class="verdict muted">Saved: {saved}.</p> : null}
                {report.warnings.length > 0 ? (
                    <ul class="callout warn">
                        {report.warnings.map((words) => (
                            <li key={words}>{words}</li>
                        ))}
                    </ul>
                ) : null}
                <ReportTable report={report} looks={looks} seeds={seedsOf(job)} />
            </Panel>
            <Pairs report={report} looks={looks} />
            <SequentialPanel report={report} looks={looks} />
            <div class={tuned && curved ? "pair" : ""}>
                {curved ? <MeanCurves job={job} report={report} looks={looks} /> : null}
                {tuned ? (
                    <Panel title={<>Tuning <span class="muted">{report.metric.name}, mean of the tuning seeds</span></>}>
                        <TuningTable report={report} looks={looks} />
                    </Panel>
                ) : null}
            </div>
            <Targets report={report} looks={looks} />
            <Predictions report={report} looks={looks} />
            <ArmSchedules report={report} looks={looks} />
            <Notes report={report} looks={looks} />
        </>
    );
}
