/* Mean ranks on an axis, best to the left; a bar joins arms that are not told apart (Demšar, 2006). */
import type { ArmLook } from "../app/arms";
import type { OverTasks } from "../data/types";
import { number } from "../text/format";

const LEFT = 6; /* per cent, where rank 1 is */
const RIGHT = 94;
const AXIS = 44; /* pixels from the top, like what follows */
const BAR = 8;
const ROW = 26;

interface Placed {
    name: string;
    rank: number;
}

function placed(over: OverTasks): Placed[] {
    return over.arms
        .flatMap(({ name, mean_rank }) => (mean_rank === null ? [] : [{ name, rank: mean_rank }]))
        .sort((a, b) => a.rank - b.rank);
}

function Axis({ count, at }: { count: number; at: (rank: number) => string }) {
    const every = Math.ceil(count / 12);
    const ticks = Array.from({ length: count }, (_, i) => i + 1).filter((rank) => rank % every === 1 % every || rank === count);
    return (
        <>
            <line x1={at(1)} x2={at(count)} y1={AXIS} y2={AXIS} class="critical-axis" />
            {ticks.map((rank) => (
                <g key={rank}>
                    <line x1={at(rank)} x2={at(rank)} y1={AXIS - 5} y2={AXIS} class="critical-axis" />
                    <text x={at(rank)} y={AXIS - 9} text-anchor="middle">
                        {rank}
                    </text>
                </g>
            ))}
        </>
    );
}

/* How far apart two arms must be. */
function Difference({ over, count, at }: { over: OverTasks; count: number; at: (rank: number) => string }) {
    const wide = over.critical_difference;
    if (wide === null || wide > count - 1) return null;
    return (
        <g class="critical-width">
            <title>critical difference: arms that are closer are not told apart</title>
            <line x1={at(1)} x2={at(1 + wide)} y1="12" y2="12" />
            <line x1={at(1)} x2={at(1)} y1="8" y2="16" />
            <line x1={at(1 + wide)} x2={at(1 + wide)} y1="8" y2="16" />
            <text x={at(1 + wide)} y="16" dx="6">
                CD {number(wide, 3)}
            </text>
        </g>
    );
}

/* The better half is named at the left end of its line, the rest at the right. */
function Mark({ arm, place, count, top, at, look }: { arm: Placed; place: number; count: number; top: number; at: (rank: number) => string; look: ArmLook }) {
    const left = place < Math.ceil(count / 2);
    const y = top + ROW * (left ? place : count - 1 - place) + ROW;
    return (
        <g style={{ color: `var(${look.colour})` }}>
            <line x1={at(arm.rank)} x2={at(arm.rank)} y1={AXIS} y2={y} class="critical-arm" />
            <line x1={left ? "0%" : "100%"} x2={at(arm.rank)} y1={y} y2={y} class="critical-arm" />
            <circle cx={at(arm.rank)} cy={AXIS} r="4" />
            <text x={left ? "0%" : "100%"} y={y - 4} text-anchor={left ? "start" : "end"}>
                {arm.name} {number(arm.rank, 3)}
            </text>
        </g>
    );
}

export function CriticalDifference({ over, looks }: { over: OverTasks; looks: (arm: string) => ArmLook }) {
    const arms = placed(over);
    const count = arms.length;
    if (count < 2) return null;
    const at = (rank: number) => `${(LEFT + ((RIGHT - LEFT) * (rank - 1)) / (count - 1)).toFixed(2)}%`;
    const rankOf = (name: string | undefined) => arms.find((arm) => arm.name === name)?.rank ?? 1;
    const top = AXIS + 10 + BAR * over.groups.length;
    const words = arms.map(({ name, rank }) => `${name} ${number(rank, 3)}`).join(", ");
    return (
        <svg class="critical" height={top + ROW * Math.ceil(count / 2) + 8} role="img" aria-label={`mean ranks: ${words}`}>
            <Difference over={over} count={count} at={at} />
            <Axis count={count} at={at} />
            {arms.map((arm, place) => (
                <Mark key={arm.name} arm={arm} place={place} count={count} top={top} at={at} look={looks(arm.name)} />
            ))}
            {over.groups.map((names, i) => (
                <line key={names.join("\n")} x1={at(rankOf(names[0]))} x2={at(rankOf(names.at(-1)))} y1={AXIS + 10 + BAR * i} y2={AXIS + 10 + BAR * i} class="critical-group">
                    <title>not told apart: {names.join(", ")}</title>
                </line>
            ))}
        </svg>
    );
}
