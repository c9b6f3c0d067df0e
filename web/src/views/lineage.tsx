/* Of a search that trains a population: whose weights a run goes on from, and the schedule that this makes. */
import { useState } from "preact/hooks";
import { armLook } from "../app/arms";
import { go } from "../app/router";
import { get } from "../data/api";
import type { Lineage } from "../data/search";
import { useLoad } from "../data/use-load";
import type { Json } from "../data/types";
import { Copyable, Panel } from "../parts/bits";
import { Schedules } from "../parts/schedules";
import { count, number, point } from "../text/format";
import { keepDraft, layOut } from "./templates";

const STEPS_MOST = 100000; /* of a drawing */

function Chain({ lineage }: { lineage: Lineage }) {
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Runs of the lineage">
            <table class="list">
                <thead>
                    <tr>
                        <th class="right">Steps</th>
                        <th class="right">Run</th>
                        <th>How</th>
                        <th>Parameters</th>
                        <th class="right">Value</th>
                    </tr>
                </thead>
                <tbody>
                    {lineage.chain.map(({ run, how, from_step, to_step, value, parameters }) => (
                        <tr key={run}>
                            <td class="number nowrap">
                                {count(from_step)} – {count(to_step)}
                            </td>
                            <td class="number">{run === lineage.run ? run : <a href={`/runs/${run}`}>{run}</a>}</td>
                            <td>{how}</td>
                            <td class="mono small">{point(parameters)}</td>
                            <td class="number">{number(value, 5)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function scheduleOf({ spec }: Lineage): { type: string; [member: string]: Json } | null {
    const schedule = spec?.["schedule"];
    if (typeof schedule !== "object" || schedule === null || Array.isArray(schedule)) return null;
    return typeof schedule["type"] === "string" ? { ...schedule, type: schedule["type"] } : null;
}

/* `run` null: the best one. `again` changes where there may be a better one. */
export function LineagePanel({ job, run, again }: { job: number; run: number | null; again?: number }) {
    const [lineage, setLineage] = useState<Lineage | null>(null);
    useLoad(async (signal) => setLineage(await get<Lineage>(`/jobs/${job}/lineage${run === null ? "" : `?run=${run}`}`, signal)), [job, run, again]);
    if (!lineage) return null;
    const { spec } = lineage;
    const schedule = scheduleOf(lineage);
    const train = () => {
        keepDraft(layOut({ kind: "train", name: `as run ${lineage.run} was trained`, spec: spec ?? {} }));
        go("/submit");
    };
    const title = <>Lineage <span class="muted">of {run === null ? "the best run" : "its weights"}, from the first step to the last</span></>;
    return (
        <Panel title={title} tools={spec ? <button onClick={train}>Train it as one run</button> : undefined} class="lineage">
            <Chain lineage={lineage} />
            {schedule ? <Schedules schedules={[{ name: "learned", schedule }]} looks={[armLook(0)]} steps={Math.min(lineage.steps, STEPS_MOST)} /> : null}
            {spec ? (
                <details class="folded">
                    <summary>As a specification</summary>
                    <Copyable text={layOut(spec)} />
                </details>
            ) : (
                <p class="muted note">It is no schedule of one run: {lineage.why_no_spec}.</p>
            )}
        </Panel>
    );
}
