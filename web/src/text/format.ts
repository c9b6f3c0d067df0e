/* Numbers, times and sizes as people read them. */

const grouped = new Intl.NumberFormat("en-US");

export const NOTHING = "–";

export function count(value: number): string {
    return grouped.format(value);
}

/* Significant digits; powers of ten outside 0.001 … 100,000. */
export function number(value: number | null | undefined, digits = 4): string {
    if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e6) return String(value);
    if (size >= 1e5 || size < 1e-3) return value.toExponential(digits - 1);
    return value.toPrecision(digits);
}

/* number() for a column: as many places for all as the largest needs, so that the points line up. */
export function column(values: (number | null | undefined)[], digits = 5): (value: number | null | undefined) => string {
    const sizes = values.filter((value): value is number => typeof value === "number" && value !== 0).map(Math.abs);
    const most = Math.max(...sizes);
    const places = Math.max(0, digits - 1 - Math.floor(Math.log10(most)));
    const plain = most < 1e5 && places <= 8 && !values.every((value) => Number.isInteger(value ?? 0));
    const finest = 10 ** (1 - places); /* what is smaller would lose all but one digit */
    return (value) => (plain && typeof value === "number" && (value === 0 || Math.abs(value) >= finest) ? value.toFixed(places) : number(value, digits));
}

/* As short as it is exact: grid values and settings. */
export function exact(value: number): string {
    const size = Math.abs(value);
    return size !== 0 && (size >= 1e7 || size < 1e-4) ? value.toExponential().replace("e+", "e") : String(value);
}

/* Of an axis: 0.05, 20 k, 1.5 M; powers of ten where that would be long. */
export function tick(value: number): string {
    const size = Math.abs(value);
    const short = (scaled: number) => String(Number(scaled.toPrecision(6)));
    if (size !== 0 && (size >= 1e9 || size < 1e-3)) return Number(short(value)).toExponential().replace("e+", "e");
    if (size >= 1e6) return `${short(value / 1e6)} M`;
    return size >= 1e4 ? `${short(value / 1e3)} k` : short(value);
}

/* mean ± error with as many digits as the error justifies (two of its own). */
export function withError(mean: number | null, error: number | null): [string, string] {
    if (mean === null) return [NOTHING, ""];
    if (error === null || !(error > 0)) return [number(mean, 5), error === 0 ? "0" : ""];
    const size = Math.max(Math.abs(mean), error);
    if (size >= 1e5 || size < 1e-3) return [mean.toExponential(3), error.toExponential(1)];
    const places = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
    return [mean.toFixed(places), error.toFixed(places)];
}

export function duration(ms: number): string {
    const s = Math.max(0, ms) / 1000;
    if (s < 0.95) return `${Math.round(s * 1000)} ms`;
    if (s < 9.95) return `${s.toFixed(1)} s`;
    if (s < 60) return `${Math.floor(s)} s`;
    const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
    if (s < 3600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} m`;
    return `${Math.floor(s / 86400)} d ${two((s % 86400) / 3600)} h`;
}

export function bytes(value: number | null): string {
    if (value === null) return NOTHING;
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    let size = value;
    while (size >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit++;
    }
    return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const longAgo = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/* Local time, as short as the distance to now allows. */
export function moment(ms: number, now: Date = new Date()): string {
    const then = new Date(ms);
    if (then.toDateString() === now.toDateString()) return clock.format(then);
    return then.getFullYear() === now.getFullYear() ? day.format(then) : longAgo.format(then);
}

/* 2026-03-09T14:05:12.123+01:00 */
export function iso(ms: number): string {
    const then = new Date(ms);
    const minutes = -then.getTimezoneOffset();
    const two = (value: number) => String(Math.abs(Math.trunc(value))).padStart(2, "0");
    const local = new Date(ms + minutes * 60_000).toISOString().slice(0, -1);
    return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/* {"/optimizer/lr": 0.1} as "lr 0.1"; the whole path where two end alike. */
export function point(values: Record<string, unknown> | null | undefined): string {
    const keys = Object.keys(values ?? {});
    const last = (key: string) => key.split("/").at(-1) ?? key;
    const alike = (key: string) => keys.filter((other) => last(other) === last(key)).length > 1;
    const show = (value: unknown) => (typeof value === "number" ? exact(value) : typeof value === "string" ? value : JSON.stringify(value));
    return keys.map((key) => `${alike(key) ? key.slice(1) : last(key)} ${show(values?.[key])}`).join(", ");
}

export function plural(n: number, one: string, many = `${one}s`): string {
    return `${count(n)} ${n === 1 ? one : many}`;
}
