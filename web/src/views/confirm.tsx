/* Whether the best of a search is truly better: comparisons with its base over fresh seeds. */
import { useEffect, useState } from "preact/hooks";
import { attempt } from "../app/notices";
import { go } from "../app/router";
import { get, post } from "../data/api";
import type { Confirmation, SearchReport } from "../data/search";
import { jobs, keepJob } from "../data/store";
import { useTopic } from "../data/topics";
import { useLoad } from "../data/use-load";
import type { Job } from "../data/types";
import { Panel } from "../parts/bits";
import { StateMark } from "../parts/state";
import { number, plural, withError } from "../text/format";

const BEST = 3; /* as the server would take */
const BEST_MOST = 63;
const SEEDS = 10;
const SEEDS_MOST = 1000;
const AGAIN_MS = 5000; /* what is not decided yet is looked at again */

function within(text: string, most: number): number | null {
    const value = Number(text);
    return text !== "" && Number.isInteger(value) && value >= 1 && value <= most ? value : null;
}

function Ask({ job, report }: { job: Job; report: SearchReport }) {
    const [best, setBest] = useState(String(Math.min(BEST, report.counts.feasible)));
    const [seeds, setSeeds] = useState(String(SEEDS));
    const [asking, setAsking] = useState(false);
    const asked = { best: within(best, BEST_MOST), seeds: within(seeds, SEEDS_MOST) };
    const confirm = async (event: Event) => {
        event.preventDefault();
        setAsking(true);
        await attempt(async () => go(`/jobs/${(await post<Job>(`/jobs/${job.id}/confirm`, JSON.stringify(asked))).id}`));
        setAsking(false);
    };
    return (
        <form class="field" onSubmit={(event) => void confirm(event)}>
            <label class="field">
                Best
                <input type="number" min={1} max={BEST_MOST} step={1} value={best} onInput={(event) => setBest(event.currentTarget.value)} />
            </label>
            <label class="field">
                over seeds
                <input type="number" min={1} max={SEEDS_MOST} step={1} value={seeds} onInput={(event) => setSeeds(event.currentTarget.value)} />
            </label>
            <button disabled={asking || asked.best === null || asked.seeds === null}>Confirm</button>
        </form>
    );
}

function ArmRow({ arm }: { arm: Confirmation["arms"][number] }) {
    const [mean, error] = withError(arm.mean, arm.standard_error);
    return (
        <tr>
            <th scope="row" class="nowrap">
                {arm.run === null ? arm.name : <a href={`/runs/${arm.run}`}>{arm.name}</a>}
            </th>
            <td class="number">{arm.searched === null ? <span class="muted">–</span> : number(arm.searched, 5)}</td>
            <td class="number">
                <strong>{mean}</strong>
                {error ? <span class="muted"> ± {error}</span> : null}
            </td>
            <td class="number">{arm.n}</td>
        </tr>
    );
}

function Confirmed({ confirmation }: { confirmation: Confirmation }) {
    const { arms, job, metric, seeds, sentence, state } = confirmation;
    return (
        <article class="confirmation">
            <p class="verdict">
                <a href={`/jobs/${job}`}>#{job}</a> <StateMark state={state} /> <span class="muted">{plural(seeds, "fresh seed")}</span>
            </p>
            {sentence ? <p class="verdict">{sentence}.</p> : null}
            <div class="scroll" tabIndex={0} role="region" aria-label={`Values of comparison ${job}`}>
                <table class="list">
                    <thead>
                        <tr>
                            <th>Arm</th>
                            <th class="right">{metric} in the search</th>
                            <th class="right">
                                over fresh seeds <span class="muted">mean ± s.e.</span>
                            </th>
                            <th class="right">n</th>
                        </tr>
                    </thead>
                    <tbody>
                        {arms.map((arm) => (
                            <ArmRow key={arm.name} arm={arm} />
                        ))}
                    </tbody>
                </table>
            </div>
        </article>
    );
}

/* Only of what this server's workers can train again as one specification. */
export function ConfirmPanel({ job, report, refresh }: { job: Job; report: SearchReport; refresh: () => void }) {
    const { confirmations } = report;
    const under = confirmations.some(({ state }) => ["queued", "running"].includes(state));
    useEffect(() => {
        if (!under) return;
        const timer = setInterval(refresh, AGAIN_MS);
        return () => clearInterval(timer);
    }, [under, refresh]);

    const several = report.objectives.length > 1;
    const able = job.request?.["runner"] !== "external" && report.algorithm.type !== "pbt";
    if (!able || (report.counts.feasible === 0 && confirmations.length === 0)) return null;
    const most = Math.min(BEST, report.counts.feasible);
    return (
        <Panel title="Truly better?" tools={several ? undefined : <Ask key={most} job={job} report={report} />} class="confirm">
            <p class="muted note">
                {several
                    ? "None of several objectives decides by itself: name runs and an objective over the API, at "
                    : "The best of many noisy runs is a lucky one. Compare it with the base over fresh seeds, the same for all, here or at "}
                <span class="mono">POST /api/v1/jobs/{job.id}/confirm</span>.
            </p>
            {confirmations.map((confirmation) => (
                <Confirmed key={confirmation.job} confirmation={confirmation} />
            ))}
        </Panel>
    );
}

/* On the page of such a comparison: whose best these are. */
export function ConfirmsNote({ job }: { job: Job }) {
    const from = job.request?.["from_search"];
    const id = typeof from === "number" ? from : 0;
    useTopic(`job:${id}`);
    useLoad(
        async (signal) => {
            if (id && !jobs.get(id)) keepJob(await get<Job>(`/jobs/${id}`, signal));
        },
        [id],
    );
    if (!id) return null;
    const name = jobs.get(id)?.name;
    return (
        <p class="callout confirms">
            Confirms runs of search{" "}
            <a href={`/jobs/${id}`}>
                #{id} {name ?? ""}
            </a>{" "}
            over seeds that it has not trained with.
        </p>
    );
}
