/* Moments in local time, and durations that go on. */
import { useEffect, useReducer } from "preact/hooks";
import { changed, watch } from "../data/topics";
import { duration, iso, moment, NOTHING } from "../text/format";

window.setInterval(() => changed("second"), 1000);

export function Moment({ ms }: { ms: number | null }) {
    if (ms === null) return <span class="muted">{NOTHING}</span>;
    return (
        <time dateTime={iso(ms)} title={iso(ms)}>
            {moment(ms)}
        </time>
    );
}

/* From one moment to another, or to now. */
export function Elapsed({ from, to }: { from: number | null; to: number | null }) {
    const [, again] = useReducer((n: number, _: void) => n + 1, 0);
    const goesOn = from !== null && to === null;
    useEffect(() => (goesOn ? watch("second", () => again()) : undefined), [goesOn]);
    if (from === null) return <span class="muted">{NOTHING}</span>;
    const ms = (to ?? Date.now()) - from;
    return <span class="number">{duration(goesOn ? Math.floor(ms / 1000) * 1000 : ms)}</span>;
}
