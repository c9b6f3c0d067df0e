/* What a search found over its runs: the best value, the front of two objectives, all parameters at once. */
import { useMemo, useState } from "preact/hooks";
import { go } from "../app/router";
import { choices, parameters, type SearchReport, type Tried } from "../data/search";
import { at, suitsLog, ticksOf, valueScale, within, type Scale } from "../data/scales";
import { Choice, Panel, Select } from "../parts/bits";
import { Plot, useWidth, type Dot, type DotKind } from "../parts/plot";
import { count, number, plural } from "../text/format";
import type { Shown, Wishes } from "./search";

export type Wish = (wishes: Wishes) => void;

export const openRun = (run: number) => go(`/runs/${run}`);

export function kindOf(run: Tried): DotKind {
    return run.outcome === "done" && !run.feasible ? "broken" : run.outcome;
}

/* null where there is no value: a failed run, or one pruned before its first. */
export function dotOf(run: Tried, x: number, objective: number): Dot {
    const value = run.values[objective] ?? null;
    const what = run.outcome === "done" ? (run.feasible ? "" : ", breaks a constraint") : `, ${run.outcome}`;
    return { key: run.run, kind: kindOf(run), x, y: value, words: `run ${run.run}${what}`, value: number(value, 5) };
}

export const badEnd = (report: SearchReport, objective = report.objective): "top" | "bottom" =>
    report.objectives[objective]?.goal === "maximize" ? "bottom" : "top";

/* Of a parameter; of a choice its places. */
export function parameterScale(report: SearchReport, name: string): Scale {
    const space = report.space[name];
    const words = choices(space);
    if (words) return { kind: "choice", low: 0, high: words.length, words };
    return { kind: space?.["scale"] === "log" ? "log" : "linear", low: Number(space?.["low"]), high: Number(space?.["high"]) };
}

/* The values that the scale of an objective is made of: those of runs that are done. */
export function doneValues(tried: Tried[], objective: number): (number | null)[] {
    return tried.filter(({ outcome }) => outcome === "done").map(({ values }) => values[objective] ?? null);
}

function Legend({ tried }: { tried: Tried[] }) {
    const words: Record<DotKind, string> = { done: "done", pruned: "pruned", failed: "failed", broken: "breaks a constraint", good: "front" };
    const seen = [...new Set(tried.map(kindOf))];
    if (seen.length < 2) return null;
    const shapes: Record<DotKind, string> = { done: "M7 6h0", good: "M7 6h0", pruned: "M4 6h6", failed: "M4 3l6 6m0-6-6 6", broken: "M7 2.500l3.500 3.500-3.500 3.500-3.500-3.500z" };
    return (
        <div class="legend small">
            {seen.map((kind) => (
                <span key={kind} class="legend-kind">
                    <svg width="14" height="12" aria-hidden="true">
                        <path d={shapes[kind]} class={`dots ${kind}`} />
                    </svg>
                    {words[kind]}
                </span>
            ))}
        </div>
    );
}

export function HistoryPanel({ shown, wishes, wish }: { shown: Shown; wishes: Wishes; wish: Wish }) {
    const { report, tried } = shown;
    const { objective } = report;
    const goal = report.objectives[objective]?.goal ?? "minimize";
    const metric = report.objectives[objective]?.metric ?? "value";
    const values = useMemo(() => doneValues(tried, objective), [tried, objective]);
    const positive = values.every((value) => value === null || value > 0);
    const [picked, setPicked] = useState<"linear" | "log" | null>(null);
    const log = positive && (picked ?? (suitsLog(values) ? "log" : "linear")) === "log";
    const y = useMemo(() => valueScale(values, goal, log), [values, goal, log]);
    const dots = useMemo(() => tried.map((run) => dotOf(run, run.told + 1, objective)), [tried, objective]);
    const last = Math.max(2, report.counts.told);
    const steps = useMemo(() => {
        const points = report.history.map(([told, value]): [number, number] => [told + 1, value]);
        const end = points.at(-1);
        return end ? [{ kind: "best" as const, shape: "after" as const, points: [...points, [last, end[1]] as [number, number]] }] : [];
    }, [report.history, last]);
    const x = useMemo<Scale>(() => ({ kind: "linear", low: 1, high: last }), [last]);
    const order = useMemo(() => new Map(tried.map((run) => [run.run, run.told + 1])), [tried]);
    const names = report.objectives.map((entry) => entry.metric);
    const tools = (
        <>
            {names.length > 1 ? <Select label="Objective" options={names} value={metric} onChange={(name) => wish({ ...wishes, objective: names.indexOf(name) })} /> : null}
            {positive ? <Choice label="Scale of the values" options={[["linear", "linear"], ["log", "log"]]} value={log ? "log" : "linear"} onChange={setPicked} /> : null}
        </>
    );
    const some = report.runs.of > tried.length ? `, ${count(tried.length)} of ${plural(report.runs.of, "run")}` : "";
    return (
        <Panel title={<>Best {metric} <span class="muted">over the runs in the order in which they ended{some}</span></>} tools={tools} class="search-history">
            {y ? (
                <Plot label={`Best ${metric} over the runs`} x={x} y={y} dots={dots} steps={steps} bad={badEnd(report)} height={260} yName={metric} xName={(dot) => `ended as number ${count(order.get(dot.key) ?? 0)}`} onPick={openRun} />
            ) : (
                <div class="plot-empty muted" style={{ height: "260px" }}>
                    No values yet
                </div>
            )}
            <Legend tried={tried} />
        </Panel>
    );
}

export function FrontPanel({ shown }: { shown: Shown }) {
    const { report, tried } = shown;
    const { front, objectives } = report;
    const [pair, setPair] = useState<[number, number]>([0, 1]);
    const [a, b] = pair;
    const names = objectives.map(({ metric }) => metric);
    const best = useMemo(() => new Set(front?.points.map(({ run }) => run)), [front]);
    const scales = useMemo(() => {
        const scale = (objective: number) => {
            const values = doneValues(tried, objective);
            return valueScale(values, objectives[objective]?.goal ?? "minimize", suitsLog(values));
        };
        return [scale(a), scale(b)] as const;
    }, [tried, a, b]);
    const dots = useMemo(
        () =>
            tried.flatMap((run) => {
                const x = run.values[a];
                if (x === null || x === undefined || run.values[b] === null || run.outcome !== "done") return [];
                const dot = dotOf(run, x, b);
                return [best.has(run.run) ? { ...dot, kind: "good" as const, words: `run ${run.run}, on the front` } : dot];
            }),
        [tried, best, a, b],
    );
    const [x, y] = scales;
    if (!front || !x || !y) return null;
    const points = front.points.map(({ values }): [number, number] => [values[a] ?? 0, values[b] ?? 0]).sort((left, right) => left[0] - right[0]);
    const shape = objectives[a]?.goal === "minimize" ? "after" : "before";
    const choose = (place: 0 | 1) => (name: string) => {
        const next = names.indexOf(name);
        if (next !== pair[1 - place]) setPair(place === 0 ? [next, b] : [a, next]);
    };
    const tools =
        names.length > 2 ? (
            <>
                <Select label="Across" options={names} value={names[a] ?? ""} onChange={choose(0)} shown />
                <Select label="Up" options={names} value={names[b] ?? ""} onChange={choose(1)} shown />
            </>
        ) : undefined;
    const xOf = new Map(dots.map((dot) => [dot.key, dot.x]));
    return (
        <Panel title={<>Pareto front <span class="muted">{plural(front.of, "run")}, hypervolume {number(front.hypervolume, 5)}{front.exact ? "" : ` ± ${number(front.error, 2)}, estimated`}</span></>} tools={tools} class="front">
            <Plot
                label={`${names[b]} against ${names[a]}`}
                x={x}
                y={y}
                dots={dots}
                steps={names.length === 2 ? [{ kind: "front", shape, points }] : []}
                bad={badEnd(report, b)}
                height={300}
                yName={names[b] ?? ""}
                xName={(dot) => `${names[a]} ${number(xOf.get(dot.key), 5)}`}
                onPick={openRun}
            />
            <p class="muted small axis-name">
                across {names[a]}, up {names[b]}
            </p>
        </Panel>
    );
}

/* --- all parameters at once --- */

const LINES_MOST = 400; /* the best ones; more is a grey area */
const LINES_LEAST = 5;
const AXES_MOST = 10;
const AXES_NARROW = 4; /* on a phone */
const GROUPS = ["rest", "good", "best"] as const;
const LETTER_PX = 7.5;
const TOP_PX = 26;
const FOOT_PX = 22;

interface Ranked {
    run: Tried;
    group: (typeof GROUPS)[number];
}

/* The best first; groups: the very best, the best tenth, the rest. */
function ranked(shown: Shown): Ranked[] {
    const { objective, objectives } = shown.report;
    const sign = objectives[objective]?.goal === "maximize" ? -1 : 1;
    const done = shown.tried.filter((run) => run.outcome === "done" && typeof run.values[objective] === "number");
    const merit = (run: Tried) => (run.feasible ? 0 : 1e300) + sign * (run.values[objective] ?? 0);
    done.sort((a, b) => merit(a) - merit(b) || a.number - b.number);
    const good = Math.max(1, Math.round(done.length / 10));
    return done.slice(0, LINES_MOST).map((run, i) => ({ run, group: i === 0 ? "best" : i < good ? "good" : "rest" }));
}

function shortened(name: string, letters: number): string {
    return name.length > letters ? `${name.slice(0, Math.max(3, Math.floor(letters) - 1))}…` : name;
}

/* A break where a parameter does not apply. */
function linePath(places: (number | null)[], x: (axis: number) => number, y: (share: number) => number): string {
    let pen = "M";
    return places
        .map((place, i) => {
            if (place === null) {
                pen = "M";
                return "";
            }
            const part = `${pen}${x(i).toFixed(1)} ${y(place).toFixed(1)}`;
            pen = "L";
            return part;
        })
        .join("");
}

function Parallel({ shown, lines, value }: { shown: Shown; lines: Ranked[]; value: Scale }) {
    const { report, names } = shown;
    const [host, width] = useWidth<HTMLDivElement>();
    const all = parameters(report);
    const order = report.importance.parameters.map(({ name }) => name);
    const axes = [...order, ...all.filter((name) => !order.includes(name))].slice(0, width < 480 ? AXES_NARROW : AXES_MOST);
    const height = 250;
    const scales = axes.map((name) => parameterScale(report, name));
    const side = Math.min(60, width * 0.11);
    const x = (axis: number) => side + ((width - 2 * side) * axis) / axes.length;
    const y = (share: number) => TOP_PX + (height - TOP_PX - FOOT_PX) * (1 - within(share));
    const placesOf = (run: Tried): (number | null)[] => [
        ...axes.map((name, i) => {
            const scale = scales[i];
            const set = run.parameters[all.indexOf(name)] ?? null;
            return set === null || !scale ? null : at(scale, set);
        }),
        at(value, run.values[report.objective] ?? 0),
    ];
    const metric = report.objectives[report.objective]?.metric ?? "value";
    const paths = GROUPS.map((group) => [group, lines.filter((line) => line.group === group).map(({ run }) => linePath(placesOf(run), x, y)).join("")] as const);
    return (
        <>
            <div ref={host} role="img" aria-label={`The values of ${axes.length} parameters and ${metric} of ${lines.length} runs`} style={{ height: `${height}px` }}>
                {width > 0 ? (
                    <svg width={width} height={height}>
                        {paths.map(([group, path]) => (
                            <path key={group} d={path} class={`parallel-line ${group}`} />
                        ))}
                        {[...axes, metric].map((name, i) => {
                            const scale = i < axes.length ? scales[i] : value;
                            const anchor = i === axes.length ? "end" : i === 0 ? "start" : "middle";
                            const left = i === axes.length ? width : i === 0 ? 0 : x(i);
                            return (
                                <g key={name} class="parallel-axis">
                                    <line x1={x(i)} x2={x(i)} y1={TOP_PX} y2={height - FOOT_PX} />
                                    <text class="parallel-name" x={left} y="12" text-anchor={anchor}>
                                        {shortened(names.get(name) ?? name, (x(1) - x(0)) / LETTER_PX)}
                                    </text>
                                    {scale ? ticksOf(scale, 4).map((tick) => <text key={tick.words} x={x(i) + 5} y={y(tick.at) + 4}>{tick.words}</text>) : null}
                                </g>
                            );
                        })}
                    </svg>
                ) : null}
            </div>
            {all.length > axes.length ? <p class="muted small">The {axes.length} most important of {all.length} parameters</p> : null}
        </>
    );
}

export function ParallelPanel({ shown }: { shown: Shown }) {
    const { objective, objectives } = shown.report;
    const lines = useMemo(() => ranked(shown), [shown]);
    const value = useMemo(() => {
        const values = lines.map(({ run }) => run.values[objective] ?? null);
        return valueScale(values, objectives[objective]?.goal ?? "minimize", suitsLog(values));
    }, [lines]);
    if (parameters(shown.report).length < 2 || lines.length < LINES_LEAST || !value) return null;
    return (
        <Panel title={<>All parameters <span class="muted">the best run and the best tenth stand out</span></>} class="parallel">
            <Parallel shown={shown} lines={lines} value={value} />
        </Panel>
    );
}
