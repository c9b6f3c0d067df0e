/* The runs of a search: a column for each parameter, the best first. */
import { useMemo, useState } from "preact/hooks";
import { parameterWords, type SearchReport, type SearchRun } from "../data/search";
import { runStates, type Job, type Json } from "../data/types";
import { Panel, Select } from "../parts/bits";
import { Rows } from "../parts/rows";
import { StateMark, StepsBar } from "../parts/state";
import { count, exact, number } from "../text/format";

const ROW_PX = 31;

/* "run", "state", "value 0" or a parameter's name. */
type Order = string;

function cell(value: Json | undefined): string {
    if (typeof value !== "number") return parameterWords(value);
    const rounded = Number(value.toPrecision(4));
    return Number.isInteger(value) || Number.isInteger(rounded) ? exact(Math.abs(value) < 1e4 ? rounded : value) : number(value, 4);
}

/* Numbers by size, words by letters, nothing last whichever way. */
function compare(a: Json | undefined, b: Json | undefined, down: boolean): number {
    const none = (value: Json | undefined) => value === undefined || value === null;
    if (none(a) || none(b)) return Number(none(a)) - Number(none(b));
    const [x, y] = typeof a === "number" && typeof b === "number" ? [a, b] : [cell(a), cell(b)];
    const way = x < y ? -1 : x > y ? 1 : 0;
    return down ? -way : way;
}

function sorted(entries: SearchRun[], order: Order, down: boolean): SearchRun[] {
    const keyOf = (run: SearchRun): Json | undefined => {
        if (order === "run") return run.number;
        if (order === "state") return runStates.indexOf(run.state);
        const objective = /^value (\d+)$/.exec(order)?.[1];
        return objective === undefined ? run.parameters[order] : (run.values[Number(objective)] ?? null);
    };
    /* By a value only those that are done and keep the constraints compete; the others follow. */
    const rank = (run: SearchRun) => (order.startsWith("value ") && (run.state !== "succeeded" || !run.feasible) ? 1 : 0);
    return [...entries].sort((a, b) => rank(a) - rank(b) || compare(keyOf(a), keyOf(b), down) || a.number - b.number);
}

function RunRow({ run, names, numeric }: { run: SearchRun; names: string[]; numeric: boolean[] }) {
    return (
        <tr style={{ height: `${ROW_PX}px` }}>
            <td class="number">
                <a href={`/runs/${run.id}`}>{run.id}</a>
            </td>
            <td class="nowrap" title={run.message ?? undefined}>
                <StateMark state={run.state} note={run.note} />
            </td>
            {run.values.map((value, i) => (
                <td key={i} class={`number strong ${run.feasible ? "" : "muted"}`} title={run.feasible ? undefined : "breaks a constraint"}>
                    {value === null ? "" : number(value, 5)}
                    {run.feasible || value === null ? null : <span class="unseen"> breaks a constraint</span>}
                </td>
            ))}
            {names.map((name, i) => (
                <td key={name} class={numeric[i] ? "number" : "mono small"}>
                    {cell(run.parameters[name])}
                </td>
            ))}
            <td class="cell-steps">{run.state === "running" ? <StepsBar step={run.step} steps={run.steps} /> : run.step ? <span class="number muted">{count(run.step)}</span> : null}</td>
        </tr>
    );
}

export function SearchRunsPanel({ job, report, entries, names }: { job: Job; report: SearchReport; entries: SearchRun[]; names: Map<string, string> }) {
    const [order, setOrder] = useState<Order>("value 0");
    const [turned, setTurned] = useState(false);
    const [state, setState] = useState("all states");
    const parameters = Object.keys(report.space);
    const numeric = parameters.map((name) => report.space[name]?.["type"] !== "choice");
    const goal = /^value (\d+)$/.exec(order)?.[1];
    const down = turned !== (goal !== undefined && report.objectives[Number(goal)]?.goal === "maximize");
    const shown = useMemo(() => sorted(entries.filter((run) => state === "all states" || run.state === state), order, down), [entries, order, down, state]);

    const head = (words: string, by: Order, right = false, title?: string) => (
        <th key={by} class={right ? "right" : ""} aria-sort={by === order ? (down ? "descending" : "ascending") : undefined} title={title}>
            <button
                class="sort"
                onClick={() => {
                    setTurned(by === order && !turned);
                    setOrder(by);
                }}
            >
                {words}
                {by === order ? (down ? " ↓" : " ↑") : ""}
            </button>
        </th>
    );
    const known = runStates.filter((name) => name === state || entries.some((run) => run.state === name));
    return (
        <Panel
            title={<>Runs <span class="muted number">{shown.length === entries.length ? count(entries.length) : `${count(shown.length)} of ${count(entries.length)}`}</span></>}
            tools={known.length > 1 ? <Select label="State" options={["all states", ...known]} value={state} onChange={setState} /> : undefined}
            class="runs search-runs"
        >
            {entries.length > 0 ? (
                <Rows
                    label="Runs of this search"
                    columns={3 + report.objectives.length + parameters.length}
                    entries={shown}
                    rowHeight={ROW_PX}
                    maxHeight={ROW_PX * 16.5}
                    head={
                        <tr>
                            {head("Run", "run", true)}
                            {head("State", "state")}
                            {report.objectives.map(({ metric }, i) => head(metric, `value ${i}`, true))}
                            {parameters.map((name, i) => head(names.get(name) ?? name, name, numeric[i], name))}
                            <th>Step</th>
                        </tr>
                    }
                    row={(run) => <RunRow key={run.id} run={run} names={parameters} numeric={numeric} />}
                />
            ) : (
                <p class="muted">No run has begun yet.</p>
            )}
            {report.counts.proposed > entries.length && entries.length > 0 ? (
                <p class="muted note">
                    {count(entries.length)} of {count(report.counts.proposed)} runs, the best among them; all are at <a href={`/api/v1/jobs/${job.id}/report?format=csv`}>/api/v1/jobs/{job.id}/report?format=csv</a>.
                </p>
            ) : null}
        </Panel>
    );
}
