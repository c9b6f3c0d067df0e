/* What runs now, and in which order the rest waits. */
import { useEffect, useState } from "preact/hooks";
import { setTitle } from "../app/title";
import { get } from "../data/api";
import { on } from "../data/events";
import { useFollow, useLoad, useThrottled } from "../data/use-load";
import type { Queue, QueueTeam } from "../data/types";
import { Panel, Waiting } from "../parts/bits";
import { StepsBar } from "../parts/state";
import { Elapsed } from "../parts/time";
import { count, duration, exact, iso, NOTHING, plural } from "../text/format";

const REFRESH_MS = 1000;
const SLOTS_DRAWN = 64;

function Slots({ total, used }: Queue["slots"]) {
    return (
        <div class="slots">
            <span class="number strong">
                {used} of {plural(total, "slot")}
            </span>
            <span class="slot-boxes" aria-hidden="true">
                {Array.from({ length: Math.min(total, SLOTS_DRAWN) }, (_, i) => (
                    <span key={i} class={i < used ? "slot used" : "slot"} />
                ))}
            </span>
        </div>
    );
}

function Running({ queue }: { queue: Queue }) {
    if (queue.running.length === 0) return <p class="muted note">Nothing is running.</p>;
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Running">
            <table class="list">
                <thead>
                    <tr>
                        <th class="right">Run</th>
                        <th class="right">Job</th>
                        <th>Arm</th>
                        <th class="right">Seed</th>
                        <th>Steps</th>
                        <th class="right">For</th>
                    </tr>
                </thead>
                <tbody>
                    {queue.running.map((run) => (
                        <tr key={run.run}>
                            <td class="number">
                                <a href={`/runs/${run.run}`}>{run.run}</a>
                            </td>
                            <td class="number">
                                <a href={`/jobs/${run.job}`}>{run.job}</a>
                            </td>
                            <td>{run.arm ?? <span class="muted">{NOTHING}</span>}</td>
                            <td class="number">{run.seed}</td>
                            <td class="cell-steps">
                                <StepsBar step={run.step} steps={run.steps} />
                                <span class="number muted small">
                                    {count(run.step ?? 0)}
                                    {run.steps ? ` / ${count(run.steps)}` : ""}
                                </span>
                            </td>
                            <td class="right nowrap">
                                <Elapsed from={run.started_ms} to={null} />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/* Rounded to what an estimate is worth; it comes anew with each change of the queue. */
function Start({ ms }: { ms: number | null }) {
    if (ms === null) return <span class="muted">{NOTHING}</span>;
    const left = Math.max(0, ms - Date.now());
    return (
        <time class="number" dateTime={iso(ms)} title={iso(ms)}>
            {left < 1000 ? "now" : `in ${duration(Math.round(left / 1000) * 1000)}`}
        </time>
    );
}

const percent = (part: number) => `${(100 * part).toFixed(part > 0 && part < 0.1 ? 1 : 0)} %`;

function Share({ team, sum }: { team: QueueTeam; sum: number }) {
    const due = team.share / sum;
    const name = team.team ?? "other teams";
    return (
        <tr>
            <td class="nowrap">{team.team ?? <span class="muted">{name}</span>}</td>
            <td class="number">{exact(team.share)}</td>
            <td class="cell-share">
                <span class="share-bar" role="img" aria-label={`${name}: ${percent(team.last_hour)} used of the last hour, share ${percent(due)}`}>
                    <span class="share-used" style={{ width: `${100 * team.last_hour}%` }} />
                    <span class="share-due" style={{ left: `${100 * due}%` }} />
                </span>
                <span class="number small">{percent(team.last_hour)}</span>
            </td>
            <td class="number">
                {count(team.running)}
                {team.max_running ? <span class="muted"> / {count(team.max_running)}</span> : null}
            </td>
            <td class="number">{count(team.waiting_runs)}</td>
        </tr>
    );
}

function Shares({ teams }: { teams: QueueTeam[] }) {
    const sum = teams.reduce((all, team) => all + team.share, 0);
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Shares of the last hour">
            <table class="list">
                <thead>
                    <tr>
                        <th>Team</th>
                        <th class="right">Share</th>
                        <th>Used in the last hour, and its due</th>
                        <th class="right">Slots</th>
                        <th class="right">Runs in line</th>
                    </tr>
                </thead>
                <tbody>
                    {teams.map((team) => (
                        <Share key={team.team ?? ""} team={team} sum={sum} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function Line({ queue }: { queue: Queue }) {
    if (queue.waiting.length === 0) return <p class="muted note">Nothing waits.</p>;
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="Waiting">
            <table class="list">
                <thead>
                    <tr>
                        <th class="right">Place</th>
                        <th>Job</th>
                        <th class="right">Priority</th>
                        <th class="right">Runs in line</th>
                        <th class="right">Next start</th>
                    </tr>
                </thead>
                <tbody>
                    {queue.waiting.map((job) => (
                        <tr key={job.job}>
                            <td class="number">{job.place ?? <span class="muted">paused</span>}</td>
                            <td class="name cell-job">
                                <a href={`/jobs/${job.job}`}>
                                    <span class="muted number">#{job.job}</span> {job.name}
                                </a>
                            </td>
                            <td class="number">{job.priority}</td>
                            <td class="number">{count(job.runs)}</td>
                            <td class="right nowrap">
                                <Start ms={job.expected_start_ms} />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function QueueView() {
    const [queue, setQueue] = useState<Queue | null>(null);
    useFollow(null);
    const loaded = useLoad(async (signal) => setQueue(await get<Queue>("/queue", signal)), []);
    const again = useThrottled(loaded.again, REFRESH_MS);
    useEffect(() => {
        setTitle("Queue");
        const forget = [on("queue", again), on("job", again), on("metrics", again)];
        return () => forget.forEach((stop) => stop());
    }, []);
    if (!queue) return <Waiting load={loaded} what="queue" />;
    return (
        <>
            <div class="head">
                <h1>Queue</h1>
                <Slots {...queue.slots} />
            </div>
            {queue.teams.length > 1 ? (
                <Panel title="Shares">
                    <Shares teams={queue.teams} />
                </Panel>
            ) : null}
            <Panel title="Running">
                <Running queue={queue} />
            </Panel>
            <Panel title={<>Waiting <span class="muted number">{plural(queue.waiting_runs, "run")}</span></>}>
                <Line queue={queue} />
            </Panel>
        </>
    );
}
