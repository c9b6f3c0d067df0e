/* Gains with their intervals on a scale that all pairs share: 0 in the middle, better to the right. */
import type { ArmLook } from "../app/arms";
import type { PairReport } from "../data/types";
import type { Scale } from "./strip";

const OUTLYING = 6; /* times the usual distance: what lies further is cut off, with an arrow */

/* Even about 0, so that sides can be told at a glance; null where there is no interval. */
export function forestScale(pairs: PairReport[], band: number | null): Scale | null {
    const reaches = pairs
        .filter(({ gain }) => gain.mean !== null)
        .map(({ gain }) => Math.max(...(gain.interval ?? [gain.mean ?? 0]).map(Math.abs)))
        .sort((a, b) => a - b);
    const most = reaches.at(-1);
    if (most === undefined) return null;
    const usual = Math.max(reaches[(reaches.length - 1) >> 1] ?? 0, 1.5 * (band ?? 0));
    const far = 1.06 * (usual > 0 && most > OUTLYING * usual ? 2 * usual : Math.max(most, usual));
    return far > 0 ? { low: -far, high: far } : { low: -1, high: 1 };
}

export function Forest({ pair, scale, band, look, label }: { pair: PairReport; scale: Scale; band: number | null; look: ArmLook; label: string }) {
    const { mean, interval } = pair.gain;
    const share = (value: number) => Math.min(1, Math.max(0, (value - scale.low) / (scale.high - scale.low)));
    const at = (value: number) => `${(100 * share(value)).toFixed(2)}%`;
    const inside = (value: number) => value >= scale.low && value <= scale.high;
    return (
        <svg class="strip forest" height="26" role="img" aria-label={label} style={{ color: `var(${look.colour})` }}>
            {band !== null ? <rect x={at(-band)} width={`${(100 * (share(band) - share(-band))).toFixed(2)}%`} y="0" height="26" class="forest-band" /> : null}
            <line x1="0" x2="100%" y1="13" y2="13" class="strip-axis" />
            <line x1="50%" x2="50%" y1="0" y2="26" class="forest-zero" />
            {interval ? <line x1={at(interval[0])} x2={at(interval[1])} y1="13" y2="13" class="forest-interval" /> : null}
            {interval?.filter(inside).map((end, i) => <line key={i} x1={at(end)} x2={at(end)} y1="8" y2="18" class="forest-interval" />)}
            {mean !== null && inside(mean) ? <circle cx={at(mean)} cy="13" r="4" /> : null}
            {mean !== null && !inside(mean) ? (
                <text x={at(mean)} y="18" text-anchor={mean < 0 ? "start" : "end"}>
                    {mean < 0 ? "◀" : "▶"}
                </text>
            ) : null}
        </svg>
    );
}
