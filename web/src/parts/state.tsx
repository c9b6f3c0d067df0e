/* States of jobs and runs: always a shape and a word, the colour only helps. */
import type { JobState, RunCounts, RunState } from "../data/types";
import { runStates } from "../data/types";
import { count } from "../text/format";

type State = JobState | RunState;

const shapes: Record<State, preact.JSX.Element> = {
    succeeded: <path d="M2 6.5 5 9.500 10.500 3" />,
    running: (
        <>
            <circle cx="6" cy="6" r="4.700" opacity=".35" />
            <path d="M6 1.300A4.700 4.700 0 0 1 10.700 6" />
        </>
    ),
    paused: <path d="M4 2.500v7M8 2.500v7" />,
    queued: <circle cx="6" cy="6" r="4.200" />,
    waiting: <circle cx="6" cy="6" r="4.200" stroke-dasharray="1.600 2.100" />,
    failed: <path d="m2.500 2.500 7 7m0-7-7 7" />,
    cancelled: <path d="M6 1.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M3 9l6-6" />,
    pruned: <path d="M6 1.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M3.500 6h5" />,
};

export function StateIcon({ state }: { state: State }) {
    return (
        <svg class={`state-icon ${state}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            {shapes[state] ?? shapes.queued}
        </svg>
    );
}

export function StateMark({ state, note }: { state: State; note?: string | null }) {
    return (
        <span class={`state ${state}`}>
            <StateIcon state={state} />
            {state}
            {note ? <span class="state-note"> · {note}</span> : null}
        </span>
    );
}

/* How many runs are over, of all. */
export function runsOver(runs: RunCounts): number {
    return runs.succeeded + runs.failed + runs.cancelled + runs.pruned;
}

export function countsInWords(runs: RunCounts): string {
    return runStates
        .filter((state) => runs[state] > 0)
        .map((state) => `${count(runs[state])} ${state}`)
        .join(", ");
}

/* Runs by state as one bar. */
export function RunsBar({ runs }: { runs: RunCounts }) {
    const over = runsOver(runs);
    return (
        <div
            class="bar"
            role="progressbar"
            aria-valuemin={0}
            aria-valuemax={runs.total}
            aria-valuenow={over}
            aria-label={`Runs: ${countsInWords(runs) || "none"}`}
            title={countsInWords(runs)}
        >
            {runStates.map((state) =>
                runs[state] > 0 ? (
                    <span key={state} class={`part ${state}`} style={{ flexGrow: String(runs[state]) }} />
                ) : null,
            )}
        </div>
    );
}

export function StepsBar({ step, steps, state = "running" }: { step: number | null; steps: number | null; state?: RunState }) {
    const part = step !== null && steps ? Math.min(1, step / steps) : 0;
    return (
        <div
            class="bar thin"
            role="progressbar"
            aria-valuemin={0}
            aria-valuemax={steps ?? 1}
            aria-valuenow={step ?? 0}
            aria-label={steps ? `Step ${count(step ?? 0)} of ${count(steps)}` : "Not started"}
        >
            <span class={`part ${state}`} style={{ width: `${100 * part}%` }} />
        </div>
    );
}
