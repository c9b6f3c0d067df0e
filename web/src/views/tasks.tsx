/* A comparison on several tasks: how the arms rank over them, and which task is looked at. */
import type { ArmLook } from "../app/arms";
import type { OverTasks, Report, TaskReport } from "../data/types";
import { Panel, Swatch } from "../parts/bits";
import { CriticalDifference } from "../parts/critical";
import { column, number } from "../text/format";

type Looks = (arm: string | null) => ArmLook;

function meanOf(task: TaskReport, arm: string): number | null {
    return task.arms.find(({ name }) => name === arm)?.mean ?? null;
}

function RankRow({ arm, tasks, looks, shows }: { arm: OverTasks["arms"][number]; tasks: TaskReport[]; looks: Looks; shows: ((mean: number | null) => string)[] }) {
    return (
        <tr>
            <th scope="row" class="nowrap">
                <Swatch look={looks(arm.name)} /> {arm.name}
            </th>
            <td class="number">
                <strong>{number(arm.mean_rank, 3)}</strong>
            </td>
            {tasks.map((task, i) => (
                <td key={task.name} class="number">
                    {shows[i]?.(meanOf(task, arm.name))}
                    <span class="muted rank"> {number(arm.ranks[i] ?? null, 3)}</span>
                </td>
            ))}
        </tr>
    );
}

function RankTable({ report, over, tasks, looks, task, choose }: { report: Report; over: OverTasks; tasks: TaskReport[]; looks: Looks; task: string; choose: (task: string) => void }) {
    const shows = tasks.map((entry) => column(entry.arms.map(({ mean }) => mean), 4));
    const ranked = [...over.arms].sort((a, b) => (a.mean_rank ?? Infinity) - (b.mean_rank ?? Infinity));
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Ranks over tasks">
            <table class="list ranks">
                <thead>
                    <tr>
                        <th>Arm</th>
                        <th class="right">Mean rank</th>
                        {tasks.map(({ name, finished }) => (
                            <th key={name} class="right" title={`mean ${report.metric.name} and rank on ${name}${finished ? "" : ", so far"}`}>
                                <button class="quiet" aria-pressed={name === task} onClick={() => choose(name)}>
                                    {name}
                                </button>
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {ranked.map((arm) => (
                        <RankRow key={arm.name} arm={arm} tasks={tasks} looks={looks} shows={shows} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function OverTasksPanel({ report, looks, task, choose }: { report: Report; looks: Looks; task: string; choose: (task: string) => void }) {
    const { over_tasks: over, tasks } = report;
    if (!over || !tasks) return null;
    const tools = (
        <a class="button" href={`/api/v1/jobs/${report.job}/report?format=csv&table=tasks`} download={`job-${report.job}-tasks.csv`}>
            CSV of ranks
        </a>
    );
    const title = (
        <>
            Over tasks <span class="muted">{report.finished ? "" : "so far, "}ranks of the mean {report.metric.name}; choose a task to see more of it</span>
        </>
    );
    return (
        <Panel title={title} tools={tools} class="over-tasks">
            <p class="verdict sentence">{over.sentence}.</p>
            {over.tasks > 0 ? <CriticalDifference over={over} looks={looks} /> : null}
            <RankTable report={report} over={over} tasks={tasks} looks={looks} task={task} choose={choose} />
        </Panel>
    );
}
