/* The runs of a job as a table, and why some failed. */
import { useState } from "preact/hooks";
import type { ArmLook } from "../app/arms";
import type { Load } from "../data/use-load";
import { phases, runStates, type Job, type Run } from "../data/types";
import { Panel, Select, Swatch, Waiting } from "../parts/bits";
import { Rows } from "../parts/rows";
import { StateMark, StepsBar } from "../parts/state";
import { column, count, plural, point } from "../text/format";

type Looks = (arm: string | null) => ArmLook;

const ROW_PX = 31;
const shownMetrics = ["train_loss", "valid_loss", "valid_accuracy"];

const orders = {
    number: (run: Run) => run.number,
    arm: (run: Run) => run.arm ?? "",
    seed: (run: Run) => run.seed,
    state: (run: Run) => runStates.indexOf(run.state),
    objective: (run: Run) => run.objective ?? Infinity,
};
type Order = keyof typeof orders;

/* Failed runs that failed alike are one line. */
function failureGroups(runs: Run[]): { words: string; message: string; runs: Run[] }[] {
    const groups = new Map<string, { words: string; message: string; runs: Run[] }>();
    for (const run of runs) {
        if (run.state !== "failed") continue;
        const words = [run.arm, point(run.tuned)].filter(Boolean).join(", ");
        const message = run.message ?? run.reason ?? "no reason was given";
        const key = `${words} ${run.reason}`;
        const group = groups.get(key) ?? { words, message, runs: [] };
        group.runs.push(run);
        groups.set(key, group);
    }
    return [...groups.values()];
}

const GROUPS_SHOWN = 6;
const LINKS_SHOWN = 8;

function Failures({ runs }: { runs: Run[] }) {
    const groups = failureGroups(runs);
    if (groups.length === 0) return null;
    const failed = groups.reduce((sum, group) => sum + group.runs.length, 0);
    return (
        <div class="callout bad">
            <strong>{plural(failed, "run")} failed</strong>
            <ul>
                {groups.slice(0, GROUPS_SHOWN).map((group) => (
                    <li key={group.words + group.message}>
                        {group.words ? <span class="mono">{group.words}: </span> : null}
                        {group.runs[0]?.reason ? <em>{group.runs[0].reason}</em> : null}
                        {group.message !== group.runs[0]?.reason ? <> — {group.message}</> : null}{" "}
                        <span class="muted">
                            (
                            {group.runs.slice(0, LINKS_SHOWN).map((run, i) => (
                                <>
                                    {i ? ", " : ""}
                                    <a href={`/runs/${run.id}`}>run {run.id}</a>
                                </>
                            ))}
                            {group.runs.length > LINKS_SHOWN ? `, and ${count(group.runs.length - LINKS_SHOWN)} more` : ""})
                        </span>
                    </li>
                ))}
            </ul>
            {groups.length > GROUPS_SHOWN ? <p class="muted">and {plural(groups.length - GROUPS_SHOWN, "other way", "other ways")} to fail</p> : null}
        </div>
    );
}

type Format = ReturnType<typeof column>;

function RunRow({ run, looks, metrics, objective, compared }: { run: Run; looks: Looks; metrics: [string, Format][]; objective: Format; compared: boolean }) {
    const note = run.state === "failed" ? run.reason : run.reused_from ? `reused from run ${run.reused_from}` : run.attempt > 1 ? `attempt ${run.attempt}` : null;
    return (
        <tr style={{ height: `${ROW_PX}px` }}>
            <td class="number">
                <a href={`/runs/${run.id}`}>{run.id}</a>
            </td>
            <td class="nowrap" title={run.message ?? undefined}>
                <StateMark state={run.state} note={note} />
            </td>
            {compared ? (
                <td class="nowrap">
                    <Swatch look={looks(run.arm)} /> {run.arm}
                </td>
            ) : null}
            {compared ? <td class="muted">{run.phase}</td> : null}
            <td class="number">{run.seed}</td>
            {compared ? <td class="mono small nowrap">{point(run.tuned)}</td> : null}
            <td class="cell-steps">
                {run.state === "running" ? <StepsBar step={run.step} steps={run.steps} /> : run.step !== null ? <span class="number muted">{count(run.step)}</span> : null}
            </td>
            {metrics.map(([name, show]) => (
                <td class="number" key={name}>
                    {show(run.metrics?.[name])}
                </td>
            ))}
            <td class="number strong">{objective(run.objective)}</td>
        </tr>
    );
}

export function RunsPanel({ job, runs, looks, load, again }: { job: Job; runs: Run[]; looks: Looks; load: Load; again: () => void }) {
    const [order, setOrder] = useState<Order>("number");
    const [down, setDown] = useState(false);
    const [filter, setFilter] = useState({ arm: "all arms", state: "all states", phase: "all phases" });
    const compared = job.kind !== "train";

    const key = orders[order];
    const shown = runs
        .filter((run) => filter.arm === "all arms" || run.arm === filter.arm)
        .filter((run) => filter.state === "all states" || run.state === filter.state)
        .filter((run) => filter.phase === "all phases" || run.phase === filter.phase)
        .sort((a, b) => {
            const [x, y] = [key(a), key(b)];
            const way = x < y ? -1 : x > y ? 1 : a.number - b.number;
            return down ? -way : way;
        });
    const metrics = shownMetrics
        .filter((name) => runs.some((run) => run.metrics?.[name] !== undefined))
        .map((name): [string, Format] => [name, column(runs.map((run) => run.metrics?.[name]), 4)]);
    const objective = column(runs.map((run) => run.objective));

    const head = (words: string, by: Order | null, right = false) => (
        <th key={words} class={right ? "right" : ""} aria-sort={by === order ? (down ? "descending" : "ascending") : undefined}>
            {by ? (
                <button
                    class="sort"
                    onClick={() => {
                        setDown(by === order && !down);
                        setOrder(by);
                    }}
                >
                    {words}
                    {by === order ? (down ? " ↓" : " ↑") : ""}
                </button>
            ) : (
                words
            )}
        </th>
    );
    const tools = compared ? (
        <>
            <Select label="Arm" options={["all arms", ...(job.arms ?? [])]} value={filter.arm} onChange={(arm) => setFilter({ ...filter, arm })} />
            <Select label="Phase" options={["all phases", ...phases.slice(1)]} value={filter.phase} onChange={(phase) => setFilter({ ...filter, phase })} />
            <Select label="State" options={["all states", ...runStates]} value={filter.state} onChange={(state) => setFilter({ ...filter, state })} />
        </>
    ) : undefined;

    return (
        <Panel title={<>Runs <span class="muted number">{shown.length === runs.length ? count(runs.length) : `${count(shown.length)} of ${count(runs.length)}`}</span></>} tools={tools} class="runs">
            <Failures runs={runs} />
            {runs.length === 0 ? (
                <Waiting load={{ ...load, again }} what="list of runs" />
            ) : (
                <Rows
                    label="Runs of this job"
                    columns={5 + metrics.length + (compared ? 3 : 0)}
                    entries={shown}
                    rowHeight={ROW_PX}
                    maxHeight={ROW_PX * 16.5}
                    head={
                        <tr>
                            {head("Run", "number", true)}
                            {head("State", "state")}
                            {compared ? head("Arm", "arm") : null}
                            {compared ? head("Phase", null) : null}
                            {head("Seed", "seed", true)}
                            {compared ? head("Tuned", null) : null}
                            {head("Step", null)}
                            {metrics.map(([name]) => head(name, null, true))}
                            {head("Objective", "objective", true)}
                        </tr>
                    }
                    row={(run) => <RunRow key={run.id} run={run} looks={looks} metrics={metrics} objective={objective} compared={compared} />}
                />
            )}
            {job.runs.total > runs.length && runs.length > 0 && load.ready ? (
                <p class="muted note">
                    The first {count(runs.length)} of {count(job.runs.total)} runs; all are at <a href={`/api/v1/jobs/${job.id}/runs`}>/api/v1/jobs/{job.id}/runs</a>.
                </p>
            ) : null}
        </Panel>
    );
}
