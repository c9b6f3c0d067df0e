/*
 * Who looks at what. A topic is a word such as "job:7"; components watch topics, the store says
 * which changed. What changes alone is drawn in the next frame, what changes all the time at most
 * once in BETWEEN_MS: faster than an eye reads numbers, slow enough for a job of 1,000 runs.
 */
import { useEffect, useReducer } from "preact/hooks";

const watchers = new Map<string, Set<() => void>>();
const changedTopics = new Set<string>();
let due = false;
let last = -Infinity;

const BETWEEN_MS = 80;
const HIDDEN_MS = 500;

function flush(): void {
    due = false;
    last = performance.now();
    const woken = new Set<() => void>();
    for (const topic of changedTopics) for (const wake of watchers.get(topic) ?? []) woken.add(wake);
    changedTopics.clear();
    for (const wake of woken) wake();
}

export function changed(topic: string): void {
    changedTopics.add(topic);
    if (due) return;
    due = true;
    const wait = last + BETWEEN_MS - performance.now();
    if (document.hidden) setTimeout(flush, HIDDEN_MS); /* no frames, but the title shows progress */
    else if (wait > 0) setTimeout(flush, wait);
    else requestAnimationFrame(flush);
}

export function watch(topic: string, wake: () => void): () => void {
    const set = watchers.get(topic) ?? new Set();
    watchers.set(topic, set.add(wake));
    return () => {
        set.delete(wake);
        if (set.size === 0 && watchers.get(topic) === set) watchers.delete(topic);
    };
}

/* Draws the component again whenever the topic changes. */
export function useTopic(topic: string): void {
    const [, again] = useReducer((count: number, _: void) => count + 1, 0);
    useEffect(() => watch(topic, () => again()), [topic]);
}
