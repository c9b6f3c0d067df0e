/* The values of each seed as dots on a scale that all arms share, with mean and standard error. */
import type { SeedValue } from "../data/types";
import type { ArmLook } from "../app/arms";
import { go } from "../app/router";
import { number } from "../text/format";

export interface Scale {
    low: number;
    high: number;
}

/* Holds all values with a little room; null where there are none. */
export function scaleOf(values: (number | null)[]): Scale | null {
    const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
    if (known.length === 0) return null;
    const low = Math.min(...known);
    const high = Math.max(...known);
    const pad = low === high ? Math.abs(low) * 0.05 || 1 : (high - low) * 0.06;
    return { low: low - pad, high: high + pad };
}

function at(scale: Scale, value: number): string {
    return `${Math.min(100, Math.max(0, (100 * (value - scale.low)) / (scale.high - scale.low))).toFixed(2)}%`;
}

export function Strip(props: { scale: Scale; look: ArmLook; values: SeedValue[]; mean: number | null; error: number | null; label: string }) {
    const { scale, mean, error } = props;
    const colour = { color: `var(${props.look.colour})` };
    return (
        <svg class="strip" height="26" role="img" aria-label={props.label} style={colour}>
            <line x1="0" x2="100%" y1="13" y2="13" class="strip-axis" />
            {mean !== null && error ? <line x1={at(scale, mean - error)} x2={at(scale, mean + error)} y1="13" y2="13" class="strip-error" /> : null}
            {props.values.map(({ seed, run, value }) =>
                value === null ? null : (
                    <circle key={run} cx={at(scale, value)} cy="13" r="3.500" onClick={() => go(`/runs/${run}`)}>
                        <title>{`seed ${seed}: ${number(value, 5)} (run ${run})`}</title>
                    </circle>
                ),
            )}
            {mean !== null ? <line x1={at(scale, mean)} x2={at(scale, mean)} y1="3" y2="23" class="strip-mean" /> : null}
        </svg>
    );
}

export function StripAxis({ scale }: { scale: Scale }) {
    return (
        <span class="strip-ticks number" aria-hidden="true">
            <span>{number(scale.low, 3)}</span>
            <span>{number((scale.low + scale.high) / 2, 3)}</span>
            <span>{number(scale.high, 3)}</span>
        </span>
    );
}
