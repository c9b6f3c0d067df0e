/*
 * The page's one event stream. It follows all jobs or one; it comes back by itself, continuing
 * after the last event seen; whoever shows data is asked to fetch again where events were missed.
 */
import type { Dataset, Job, LogLine, MetricsEvent, RunChange } from "./types";
import { locked } from "./session";
import { changed } from "./topics";

export interface EventTypes {
    job: Job;
    run: RunChange;
    metrics: MetricsEvent;
    log: LogLine & { run: number; job: number };
    dataset: Pick<Dataset, "name">;
    queue: { used: number; total: number; waiting_runs: number };
}
type EventName = keyof EventTypes;
type Handler<K extends EventName> = (data: EventTypes[K]) => void;

export type Connection = "connecting" | "live" | "lost" | "asleep";

const PATIENCE_MS = 800; /* how long a first fetch waits for the stream */
const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const SLEEP_MS = 60_000; /* a page hidden this long gives its connection to others */

const handlers: { [K in EventName]: Set<Handler<K>> } = {
    job: new Set(), run: new Set(), metrics: new Set(), log: new Set(), dataset: new Set(), queue: new Set(),
};
const refreshers = new Set<() => void>();

let source: EventSource | null = null;
let scope: number | null | undefined; /* a job, null: all, undefined: not asked yet */
let lastId = "";
let failures = 0;
let opened: Promise<void> = Promise.resolve();
let settleOpened: () => void = () => {};
let everOpen = false; /* this source */
let late = false; /* someone fetched before the stream was open */
let retry = 0;
export let connection: Connection = "connecting";

function become(state: Connection): void {
    if (connection === state) return;
    connection = state;
    changed("connection");
}

/* A handler that throws must not keep the others from hearing. */
function tell<K extends EventName>(name: K, data: EventTypes[K]): void {
    for (const handle of handlers[name]) handle(data);
}

function refreshAll(): void {
    for (const refresh of [...refreshers]) refresh();
}

function attach(stream: EventSource, name: EventName): void {
    stream.addEventListener(name, (event: MessageEvent<string>) => {
        if (event.lastEventId) lastId = event.lastEventId;
        if (handlers[name].size === 0) return; /* not even parsed */
        tell(name, JSON.parse(event.data) as never);
    });
}

function onOpen(): void {
    const missed = everOpen || failures > 0 || late;
    everOpen = true;
    failures = 0;
    late = false;
    become("live");
    settleOpened();
    if (missed) refreshAll();
}

function onError(stream: EventSource): void {
    if (stream !== source) return;
    become("lost");
    if (stream.readyState !== EventSource.CLOSED) return; /* the browser tries again by itself */
    const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 10000;
    failures++;
    clearTimeout(retry);
    retry = window.setTimeout(connect, wait);
}

function connect(): void {
    source?.close();
    clearTimeout(retry);
    if (locked) return; /* whoever signs in loads the page again */
    const query = new URLSearchParams();
    if (scope) query.set("job", String(scope));
    if (lastId && failures > 0) query.set("after", lastId);
    const stream = new EventSource(`/api/v1/events${query.size ? `?${query}` : ""}`);
    source = stream;
    everOpen = false;
    for (const name of Object.keys(handlers) as EventName[]) attach(stream, name);
    stream.addEventListener("reload", refreshAll);
    stream.onopen = () => stream === source && onOpen();
    stream.onerror = () => onError(stream);
}

/* Follows one job, or all (null). */
export function follow(job: number | null): void {
    if (scope === job && source) return;
    scope = job;
    failures = 0;
    late = false;
    if (connection !== "live") become("connecting");
    opened = new Promise((settle) => (settleOpened = settle));
    connect();
}

/* Resolves when events flow, so that what is fetched next misses none; soon in any case. */
export function streamOpen(): Promise<void> {
    const patience = new Promise<void>((settle) =>
        setTimeout(() => {
            late = late || connection !== "live";
            settle();
        }, PATIENCE_MS),
    );
    return Promise.race([opened, patience]);
}

export function on<K extends EventName>(name: K, handle: Handler<K>): () => void {
    handlers[name].add(handle);
    return () => void handlers[name].delete(handle);
}

/* `refresh` is called when events were missed. */
export function onMissed(refresh: () => void): () => void {
    refreshers.add(refresh);
    return () => void refreshers.delete(refresh);
}

/* Browsers allow six connections to a server: a page that is hidden for long closes its stream and
 * looks once a minute instead, so that its title goes on. */
let falling = 0;
let looking = 0;

function fallAsleep(): void {
    source?.close();
    become("asleep");
    looking = window.setInterval(refreshAll, SLEEP_MS);
}

function wakeUp(): void {
    clearTimeout(falling);
    clearInterval(looking);
    if (connection !== "asleep") return;
    failures = 1; /* continue after the last event */
    connect();
}

document.addEventListener("visibilitychange", () => {
    if (document.hidden) falling = window.setTimeout(fallAsleep, SLEEP_MS);
    else wakeUp();
});
