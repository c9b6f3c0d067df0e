/* Fetching from a component: at first sight, when what it depends on changes, and after a gap in the events. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isAbort, Refusal } from "./api";
import { follow, onMissed } from "./events";

/* Turns the event stream to one job, all (null), or leaves it as it is (undefined), before any
 * effect of the component fetches. */
export function useFollow(job: number | null | undefined): void {
    useLayoutEffect(() => {
        if (job !== undefined) follow(job);
    }, [job]);
}

export interface Load {
    ready: boolean; /* something was fetched */
    failed: Refusal | null;
    again: () => void;
}

export function useLoad(read: (signal: AbortSignal) => Promise<void>, inputs: readonly unknown[]): Load {
    const [state, setState] = useState<{ ready: boolean; failed: Refusal | null }>({ ready: false, failed: null });
    const latest = useRef(read);
    const running = useRef<AbortController | null>(null);
    latest.current = read;

    const again = useCallback(() => {
        running.current?.abort();
        const control = new AbortController();
        running.current = control;
        latest.current(control.signal).then(
            () => !control.signal.aborted && setState({ ready: true, failed: null }),
            (cause: unknown) => {
                if (control.signal.aborted || isAbort(cause)) return;
                const failed = cause instanceof Refusal ? cause : new Refusal(0, String(cause));
                setState((before) => ({ ready: before.ready, failed }));
            },
        );
    }, []);

    useEffect(() => {
        setState({ ready: false, failed: null });
        again();
        const forget = onMissed(again);
        return () => {
            forget();
            running.current?.abort();
        };
    }, inputs);

    return { ...state, again };
}

/* Calls `act` soon after it is asked to, at most once in `every_ms`; the last ask is never lost. */
export function useThrottled(act: () => void, every_ms: number): () => void {
    const latest = useRef(act);
    const timer = useRef(0);
    const last = useRef(0);
    latest.current = act;
    useEffect(() => () => clearTimeout(timer.current), []);
    return useCallback(() => {
        if (timer.current) return;
        const wait = Math.max(150, last.current + every_ms - performance.now());
        timer.current = window.setTimeout(() => {
            timer.current = 0;
            last.current = performance.now();
            latest.current();
        }, wait);
    }, [every_ms]);
}
