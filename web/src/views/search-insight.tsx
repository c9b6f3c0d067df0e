/* What the runs of a search say about its parameters: how much each matters, and where it is good. */
import { useMemo, useState } from "preact/hooks";
import { choices, parameters, type Contour, type SearchReport, type Slice } from "../data/search";
import { at, suitsLog, valueScale, within, type Scale } from "../data/scales";
import { Choice, Panel, Select } from "../parts/bits";
import { Plot, type Dot, type Frame } from "../parts/plot";
import { number, plural } from "../text/format";
import { badEnd, doneValues, dotOf, openRun, parameterScale, type Wish } from "./search-charts";
import type { Shown, Wishes } from "./search";

function percent(share: number): string {
    return share > 0 && share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

function ShareRow({ words, share, title }: { words: string; share: number; title: string }) {
    return (
        <tr>
            <th scope="row" class="mono small" title={title}>
                {words}
            </th>
            <td class="importance-bar">
                <span class="share-bar" aria-hidden="true">
                    <span class="share-used" style={{ width: `${100 * within(share)}%` }} />
                </span>
            </td>
            <td class="number">{percent(share)}</td>
        </tr>
    );
}

const PAIRS_SHOWN = 6;

export function ImportancePanel({ shown, wishes, wish }: { shown: Shown; wishes: Wishes; wish: Wish }) {
    const { importance } = shown.report;
    const name = (path: string) => shown.names.get(path) ?? path;
    const pairs = [...(importance.pairs ?? [])].sort((a, b) => b.share - a.share).slice(0, PAIRS_SHOWN);
    const tools = (
        <Choice
            label="How importance is measured"
            options={[["one", "alone"], ["two", "with pairs"]]}
            value={wishes.pairs ? "two" : "one"}
            onChange={(value) => wish({ ...wishes, pairs: value === "two" })}
        />
    );
    return (
        <Panel title={<>What matters <span class="muted">{importance.method === "fanova" ? "share of the variance, fANOVA" : "for being among the best, PED-ANOVA"}</span></>} tools={tools} class="importance">
            {importance.note ? <p class="muted">{importance.note}</p> : null}
            {importance.parameters.length > 0 ? (
                <table class="list">
                    <thead class="unseen">
                        <tr>
                            <th>Parameter</th>
                            <th>Bar</th>
                            <th>Share</th>
                        </tr>
                    </thead>
                    <tbody>
                        {importance.parameters.map((entry) => (
                            <ShareRow key={entry.name} words={name(entry.name)} share={entry.share} title={entry.name} />
                        ))}
                        {pairs.map(({ names, share }) => (
                            <ShareRow key={names.join()} words={`${name(names[0])} × ${name(names[1])}`} share={share} title={names.join(" and ")} />
                        ))}
                    </tbody>
                </table>
            ) : null}
        </Panel>
    );
}

/* --- slices --- */

const SLICES_FIRST = 6;
const BAR = 0.025; /* of the axis, half the width of a median of one value */

/* Dots of one value of a choice side by side, always at the same place. */
function jitter(number_: number): number {
    return 0.6 * (((number_ * 0.618034) % 1) - 0.5);
}

/* Of one value only (an integer) as wide as can be seen. */
function broad(low: number, high: number, scale: Scale): [number, number] {
    if (high > low) return [low, high];
    if (scale.kind === "log") return [low * (scale.low / scale.high) ** BAR, low * (scale.high / scale.low) ** BAR];
    return [low - BAR * (scale.high - scale.low), low + BAR * (scale.high - scale.low)];
}

function medians(slice: Slice, scale: Scale): [number, number][] {
    return slice.bins.flatMap(({ low, high, place, median }) => {
        if (median === null) return [];
        const ends = scale.kind === "choice" ? [(place ?? low) - 0.36, (place ?? low) + 0.36] : broad(low, high, scale);
        return ends.map((end): [number, number] => [end, median]);
    });
}

function SlicePlot({ shown, slice, y }: { shown: Shown; slice: Slice; y: Scale }) {
    const { report, tried, names } = shown;
    const { objective } = report;
    const column = parameters(report).indexOf(slice.parameter);
    const x = useMemo(() => parameterScale(report, slice.parameter), [shown, slice.parameter]);
    const dots = useMemo(
        () =>
            tried.flatMap((run): Dot[] => {
                const value = run.parameters[column] ?? null;
                if (value === null || run.outcome === "failed") return [];
                return [dotOf(run, x.kind === "choice" ? value + jitter(run.number) : value, objective)].filter((dot) => dot.y !== null);
            }),
        [tried, column, objective, x],
    );
    const valueOf = useMemo(() => new Map(tried.map((run) => [run.run, run.parameters[column] ?? null])), [tried, column]);
    const words = choices(report.space[slice.parameter]);
    const name = names.get(slice.parameter) ?? slice.parameter;
    const xName = (dot: Dot) => {
        const value = valueOf.get(dot.key) ?? null;
        return `${name} ${words && value !== null ? words[value] : number(value, 4)}`;
    };
    return (
        <div class="metric">
            <h3 class="mono" title={slice.parameter}>
                {name}
            </h3>
            <Plot label={`${report.objectives[objective]?.metric} by ${name}`} x={x} y={y} dots={dots} steps={[{ kind: "median", shape: "apart", points: medians(slice, x) }]} bad={badEnd(report)} height={190} yName={report.objectives[objective]?.metric ?? ""} xName={xName} onPick={openRun} />
        </div>
    );
}

export function SlicesPanel({ shown }: { shown: Shown }) {
    const { report, tried } = shown;
    const [all, setAll] = useState(false);
    const y = useMemo(() => {
        const values = doneValues(tried, report.objective);
        return valueScale(values, report.objectives[report.objective]?.goal ?? "minimize", suitsLog(values));
    }, [shown]);
    const order = report.importance.parameters.map(({ name }) => name);
    const place = (slice: Slice) => (order.includes(slice.parameter) ? order.indexOf(slice.parameter) : order.length);
    const slices = [...report.slices].sort((a, b) => place(a) - place(b));
    if (!y || slices.length === 0) return null;
    return (
        <Panel title={<>Slices <span class="muted">{report.objectives[report.objective]?.metric} by each parameter; bars are medians of runs that are done</span></>} class="slices">
            <div class="multiples">
                {(all ? slices : slices.slice(0, SLICES_FIRST)).map((slice) => (
                    <SlicePlot key={slice.parameter} shown={shown} slice={slice} y={y} />
                ))}
            </div>
            {!all && slices.length > SLICES_FIRST ? <button onClick={() => setAll(true)}>{plural(slices.length - SLICES_FIRST, "more parameter")}</button> : null}
        </Panel>
    );
}

/* --- contour --- */

const SHADES = 12;

/* Between neighbours in the middle, at the ends the end. */
function edges(scale: Scale, values: number[]): [number, number][] {
    const places = values.map((value) => at(scale, value));
    return places.map((place, i) => {
        const before = places[i - 1];
        const after = places[i + 1];
        const half = scale.kind === "choice" ? 0.5 / Math.max(1, scale.high) : 0;
        return [before === undefined || half ? Math.max(0, place - half) : (before + place) / 2, after === undefined || half ? Math.min(1, place + half) : (place + after) / 2];
    });
}

/* 0 (bad) … SHADES - 1 (good), by rank: a steep wall leaves the valley its shades. */
function shader(contour: Contour, goal: string): (value: number) => number {
    const sorted = contour.values.flat().filter((value): value is number => value !== null).sort((a, b) => a - b);
    return (value) => {
        let low = 0;
        let high = sorted.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if ((sorted[middle] ?? 0) < value) low = middle + 1;
            else high = middle;
        }
        const share = sorted.length > 1 ? low / (sorted.length - 1) : 0.5;
        return Math.min(SHADES - 1, Math.floor(SHADES * (goal === "minimize" ? 1 - share : share)));
    };
}

function Heat({ contour, x, y, goal, frame }: { contour: Contour; x: Scale; y: Scale; goal: string; frame: Frame }) {
    const across = edges(x, contour.x);
    const up = edges(y, contour.y);
    const shade = shader(contour, goal);
    const top = frame.py(y.kind === "choice" ? y.high - 0.5 : y.high);
    return (
        <g>
            {contour.values.map((row, j) =>
                row.map((value, i) => {
                    const [left, right] = across[i] ?? [0, 0];
                    const [low, high] = up[j] ?? [0, 0];
                    if (value === null) return null;
                    return (
                        <rect
                            key={`${i} ${j}`}
                            x={frame.left + frame.width * left}
                            width={frame.width * (right - left) + 0.6}
                            y={top + frame.height * (1 - high)}
                            height={frame.height * (high - low) + 0.6}
                            style={{ fill: `color-mix(in oklab, var(--accent) ${Math.round((72 * shade(value)) / (SHADES - 1))}%, var(--surface))` }}
                        />
                    );
                }),
            )}
        </g>
    );
}

function ContourPlot({ shown, contour }: { shown: Shown; contour: Contour }) {
    const { report, tried, names } = shown;
    const { objective } = report;
    const [first, second] = contour.parameters;
    const all = parameters(report);
    const [a, b] = [all.indexOf(first), all.indexOf(second)];
    const x = useMemo(() => parameterScale(report, first), [shown, first]);
    const y = useMemo(() => parameterScale(report, second), [shown, second]);
    const best = report.best[0]?.run;
    const dots = useMemo(
        () =>
            tried.flatMap((run): Dot[] => {
                const [left, up] = [run.parameters[a] ?? null, run.parameters[b] ?? null];
                if (left === null || up === null) return [];
                const dot = dotOf(run, x.kind === "choice" ? left + jitter(run.number) : left, objective);
                return [{ ...dot, y: y.kind === "choice" ? up + jitter(run.number + 7) : up, kind: run.run === best ? "good" : dot.kind }];
            }),
        [tried, a, b, objective, x, y, best],
    );
    const goal = report.objectives[objective]?.goal ?? "minimize";
    const values = contour.values.flat().filter((value): value is number => value !== null);
    const ends = [Math.min(...values), Math.max(...values)];
    if (goal === "maximize") ends.reverse();
    return (
        <>
            <Plot
                label={`${report.objectives[objective]?.metric} predicted over ${names.get(first)} and ${names.get(second)}`}
                x={x}
                y={y}
                dots={dots}
                bad="top"
                height={280}
                yName={report.objectives[objective]?.metric ?? ""}
                xName={(dot) => `${names.get(first)} ${number(dot.x, 3)}, ${names.get(second)} ${number(dot.y, 3)}`}
                under={(frame) => <Heat contour={contour} x={x} y={y} goal={goal} frame={frame} />}
                onPick={openRun}
            />
            <p class="muted small heat-legend">
                <span>
                    across {names.get(first) ?? first}, up {names.get(second) ?? second}
                </span>
                <span class="number">
                    {number(ends[0], 3)} <span class="heat-scale" aria-hidden="true" /> {number(ends[1], 3)}
                </span>
            </p>
        </>
    );
}

export function ContourPanel({ shown, wishes, wish }: { shown: Shown; wishes: Wishes; wish: Wish }) {
    const { report, names } = shown;
    const all = parameters(report);
    const pair = wishes.pair ?? (report.contour?.parameters as [string, string] | undefined);
    if (all.length < 2 || !pair) return null;
    const contour: SearchReport["contour"] = report.contour && report.contour.parameters.join() === pair.join() ? report.contour : null;
    const options = all.map((name) => names.get(name) ?? name);
    const choose = (place: 0 | 1) => (words: string) => {
        const name = all[options.indexOf(words)];
        if (name === undefined || name === pair[place]) return;
        const other = name === pair[1 - place] ? pair[place] : pair[1 - place];
        wish({ ...wishes, pair: place === 0 ? [name, other ?? name] : [other ?? name, name] });
    };
    const tools = (
        <>
            <Select label="Across" options={options} value={names.get(pair[0]) ?? ""} onChange={choose(0)} />
            <Select label="Up" options={options} value={names.get(pair[1]) ?? ""} onChange={choose(1)} />
        </>
    );
    return (
        <Panel title={<>Contour <span class="muted">as a Gaussian process predicts</span></>} tools={tools} class="contour">
            {contour && contour.values.length > 0 ? (
                <ContourPlot shown={shown} contour={contour} />
            ) : (
                <div class="plot-empty muted" style={{ height: "280px" }}>
                    {contour?.note ?? ""}
                </div>
            )}
        </Panel>
    );
}
