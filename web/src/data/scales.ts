/* Places of values on an axis: linear, logarithmic, or one of a list. */
import { tick } from "../text/format";

export interface Scale {
    kind: "linear" | "log" | "choice";
    low: number;
    high: number; /* of a choice how many values there are, low is 0 */
    words?: string[];
}

/* 0 … 1, and outside where the value is. */
export function at(scale: Scale, value: number): number {
    if (scale.kind === "choice") return (value + 0.5) / Math.max(1, scale.high);
    const place = (x: number) => (scale.kind === "log" ? Math.log(Math.max(x, Number.MIN_VALUE)) : x);
    const span = place(scale.high) - place(scale.low);
    return span > 0 ? (place(value) - place(scale.low)) / span : 0.5;
}

export function within(share: number): number {
    return Math.min(1, Math.max(0, share));
}

export interface Tick {
    at: number;
    words: string;
}

function linearTicks(scale: Scale, most: number): number[] {
    const rough = (scale.high - scale.low) / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough) ?? rough;
    const found: number[] = [];
    for (let i = Math.ceil(scale.low / step - 1e-9); i * step <= scale.high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
    return found;
}

function logTicks(scale: Scale, most: number): number[] {
    const first = Math.ceil(Math.log10(scale.low) - 1e-9);
    const last = Math.floor(Math.log10(scale.high) + 1e-9);
    if (last - first < 1) {
        const inner = [1, 2, 5].flatMap((times) => [first - 1, first].map((power) => times * 10 ** power)).filter((value) => value >= scale.low && value <= scale.high);
        return inner.length > 1 ? inner.sort((a, b) => a - b) : linearTicks(scale, Math.min(most, 3));
    }
    const stride = Math.ceil((last - first + 1) / Math.max(1, most));
    return Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, i) => Number((10 ** (first + i * stride)).toPrecision(12)));
}

/* At most about `most`; of a choice every stride-th. */
export function ticksOf(scale: Scale, most: number): Tick[] {
    if (scale.kind === "choice") {
        const stride = Math.ceil(scale.high / Math.max(1, most));
        return (scale.words ?? []).flatMap((words, i) => (i % stride === 0 ? [{ at: at(scale, i), words }] : []));
    }
    if (!(scale.high > scale.low)) return [{ at: 0.5, words: tick(scale.low) }];
    const values = scale.kind === "log" ? logTicks(scale, most) : linearTicks(scale, most);
    return values.map((value) => ({ at: at(scale, value), words: tick(value) }));
}

const FAR = 4; /* times the usual distance: what lies further is drawn at the edge */
const FAR_LOG = Math.log(300); /* and no less than that, by their logarithm */

function quantile(sorted: number[], share: number): number {
    return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}

/*
 * Holds the good end and most of the values. A few very bad ones do not squeeze the rest: they are
 * left outside. null: there are no values.
 */
export function valueScale(values: readonly (number | null)[], goal: "minimize" | "maximize", log: boolean): Scale | null {
    const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
    const isLog = log && finite.every((value) => value > 0);
    const known = finite.map((value) => (isLog ? Math.log(value) : value)).sort((a, b) => a - b);
    let low = known[0];
    let high = known.at(-1);
    if (low === undefined || high === undefined) return null;
    const usual = goal === "minimize" ? quantile(known, 0.8) - low : high - quantile(known, 0.2);
    const far = Math.max(FAR * usual, isLog ? FAR_LOG : 0);
    if (known.length >= 8 && usual > 0 && high - low > far) {
        if (goal === "minimize") high = low + far / 2;
        else low = high - far / 2;
    }
    const pad = high > low ? 0.05 * (high - low) : isLog ? 0.05 : Math.abs(low) * 0.05 || 1;
    const back = (value: number) => (isLog ? Math.exp(value) : value);
    return { kind: isLog ? "log" : "linear", low: back(low - pad), high: back(high + pad) };
}

const MANY_SIZES = 8;

/* Whether values of many sizes, all above zero, are better seen by their logarithm. */
export function suitsLog(values: readonly (number | null)[]): boolean {
    const known = values.filter((value): value is number => value !== null && Number.isFinite(value)).sort((a, b) => a - b);
    const low = known[0];
    return low !== undefined && low > 0 && (known.at(-1) ?? low) / low > MANY_SIZES;
}
