/*
 * Who looks at what. A topic is a word such as "job:7"; components watch topics, the store says
 * which changed, and everything that changed within a frame is drawn once.
 */
import { useEffect, useReducer } from "preact/hooks";

const watchers = new Map<string, Set<() => void>>();
const changedTopics = new Set<string>();
let due = false;

function flush(): void {
    due = false;
    const woken = new Set<() => void>();
    for (const topic of changedTopics) for (const wake of watchers.get(topic) ?? []) woken.add(wake);
    changedTopics.clear();
    for (const wake of woken) wake();
}

export function changed(topic: string): void {
    changedTopics.add(topic);
    if (due) return;
    due = true;
    /* A hidden page gets no frames, but its title still shows progress. */
    if (document.hidden) setTimeout(flush, 500);
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
