/*
 * Curves as they grow: fetched reduced to some points, then lengthened by events. A curve that
 * grows past CURVE_POINTS_MAX is thinned by half, each pair keeping its last value.
 */
import type { Values } from "./types";

export const CURVE_POINTS_MAX = 2000;

export interface Curve {
    run: number;
    step: number[];
    value: Values;
}

function thin(curve: Curve): void {
    const keep = (_: unknown, i: number) => i % 2 === 1;
    curve.step = curve.step.filter(keep);
    curve.value = curve.value.filter(keep);
}

/* A row that is not past the end has been seen: a resumed run repeats itself bit for bit. */
export function lengthen(curve: Curve, step: number, value: number | null): boolean {
    const last = curve.step.at(-1);
    if (last !== undefined && step <= last) return false;
    curve.step.push(step);
    curve.value.push(value);
    if (curve.step.length > CURVE_POINTS_MAX) thin(curve);
    return true;
}

/* The curve with `points` replaced by what was fetched, and what is already known past its end. */
export function continued(fetched: Curve, known: Curve | undefined): Curve {
    if (known) {
        const end = fetched.step.at(-1) ?? -Infinity;
        known.step.forEach((step, i) => step > end && lengthen(fetched, step, known.value[i] ?? null));
    }
    return fetched;
}

/*
 * Exponential smoothing, corrected for its start at 0 (as Adam corrects its averages), so that the
 * first value is itself. weight 0: as it is. Gaps stay gaps.
 */
export function smooth(values: Values, weight: number): Values {
    if (weight <= 0) return values;
    let average = 0;
    let total = 0;
    return values.map((value) => {
        if (value === null) return null;
        average = weight * average + (1 - weight) * value;
        total = weight * total + (1 - weight);
        return average / total;
    });
}

/* At most `most` of the list: running first, then turn by turn from each arm in the order given. */
export function pickFairly<T>(list: T[], arm: (entry: T) => string, first: (entry: T) => boolean, most: number): T[] {
    if (list.length <= most) return list;
    const byArm = new Map<string, T[]>();
    for (const entry of [...list.filter(first), ...list.filter((entry) => !first(entry))]) {
        const group = byArm.get(arm(entry)) ?? [];
        group.push(entry);
        byArm.set(arm(entry), group);
    }
    const picked: T[] = [];
    for (let turn = 0; picked.length < most; turn++)
        for (const group of byArm.values()) {
            const entry = group[turn];
            if (entry !== undefined && picked.length < most) picked.push(entry);
        }
    return picked;
}
