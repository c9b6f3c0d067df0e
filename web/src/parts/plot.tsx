/*
 * Dots and steps between two axes. Dots of one kind are one path, so thousands of them are a
 * handful of elements. The pointer, or the arrow keys, show the nearest; a click or Enter opens it.
 */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { at, ticksOf, within, type Scale } from "../data/scales";

export type DotKind = "done" | "pruned" | "failed" | "broken" | "good";

export interface Dot {
    key: number;
    kind: DotKind;
    x: number;
    y: number | null; /* null: at the edge `bad` */
    words: string; /* what the readout says first */
    value: string;
}

export interface Steps {
    kind: "best" | "median" | "front";
    points: [x: number, y: number][];
    shape: "after" | "before" | "apart"; /* the corner's side; apart: pairs of points, each a bar */
}

/* How wide an element is, as it is resized; 0 before it is laid out. */
export function useWidth<T extends HTMLElement>(): [{ current: T | null }, number] {
    const host = useRef<T>(null);
    const [width, setWidth] = useState(0);
    useLayoutEffect(() => {
        const where = host.current;
        if (!where) return undefined;
        setWidth(where.clientWidth);
        const sized = new ResizeObserver(() => setWidth(where.clientWidth));
        sized.observe(where);
        return () => sized.disconnect();
    }, []);
    return [host, width];
}

const TOP = 8;
const BOTTOM = 24;
const RIGHT = 10;
const REACH = 26; /* pixels from the pointer to a dot that it means */
const DIGIT = 6.4; /* pixels of a letter of a tick */

export interface Frame {
    left: number;
    width: number; /* of the plot inside its axes */
    height: number;
    px: (x: number) => number;
    py: (y: number) => number;
}

function frameOf(width: number, height: number, x: Scale, y: Scale): Frame {
    const words = ticksOf(y, height / 40).map((tick) => tick.words.length);
    const left = Math.min(width * 0.34, 14 + DIGIT * Math.max(2, ...words));
    const inner = { width: Math.max(10, width - left - RIGHT), height: height - TOP - BOTTOM };
    return {
        left,
        ...inner,
        px: (value) => left + inner.width * within(at(x, value)),
        py: (value) => TOP + inner.height * (1 - within(at(y, value))),
    };
}

/* Shapes that are told apart without colour: a disc, a bar, a cross, a ring. */
const marks: Record<DotKind, string> = {
    done: "h0",
    good: "h0",
    pruned: "m-3 0h6",
    failed: "m-3-3 6 6m0-6-6 6",
    broken: "m0-3.500 3.500 3.500-3.500 3.500-3.500-3.500z",
};
const kinds = ["pruned", "failed", "broken", "done", "good"] as const;

function stepPath({ points, shape }: Steps, frame: Frame, scale: Scale): string {
    const place = ([x, y]: [number, number]) => [frame.px(x), frame.py(y)].map((value) => value.toFixed(1));
    const inside = ([, y]: [number, number]) => shape !== "apart" || within(at(scale, y)) === at(scale, y);
    return points
        .filter(inside)
        .map((point, i) => {
            const [x, y] = place(point);
            const before = points[i - 1];
            if (!before || (shape === "apart" && i % 2 === 0)) return `M${x} ${y}`;
            if (shape === "apart") return `L${x} ${y}`;
            return shape === "after" ? `H${x}V${y}` : `V${y}H${x}`;
        })
        .join("");
}

export function Axes({ frame, x, y, height }: { frame: Frame; x: Scale; y: Scale; height: number }) {
    const { left, width } = frame;
    const letters = x.kind === "choice" ? Math.max(4, ...(x.words ?? []).map((words) => words.length)) : 6;
    const room = Math.max(1, Math.floor(width / (DIGIT * letters + 16)));
    const floor = height - BOTTOM;
    return (
        <g class="plot-axes">
            {ticksOf(y, frame.height / 40).map((tick) => {
                const place = TOP + frame.height * (1 - tick.at);
                return (
                    <g key={tick.words}>
                        <line x1={left} x2={left + width} y1={place} y2={place} />
                        <text x={left - 6} y={place + 4} text-anchor="end">
                            {tick.words.length * DIGIT > left ? `${tick.words.slice(0, Math.floor(left / DIGIT) - 2)}…` : tick.words}
                        </text>
                    </g>
                );
            })}
            {ticksOf(x, room).map((tick) => (
                <g key={tick.words}>
                    {x.kind === "choice" ? null : <line x1={left + width * tick.at} x2={left + width * tick.at} y1={TOP} y2={floor} />}
                    <text x={left + width * tick.at} y={height - 7} text-anchor={tick.at < 0.04 ? "start" : tick.at > 0.96 ? "end" : "middle"}>
                        {tick.words}
                    </text>
                </g>
            ))}
        </g>
    );
}

interface Placed {
    dot: Dot;
    left: number;
    top: number;
}

function Readout({ placed, width, xName, yName }: { placed: Placed; width: number; xName: string; yName: string }) {
    const right = placed.left > width / 2;
    const side = right ? { right: `${width - placed.left + 12}px` } : { left: `${placed.left + 12}px` };
    return (
        <div class="readout plot-readout" style={{ ...side, top: `${Math.max(0, placed.top - 30)}px` }}>
            <div class="readout-head">
                <span>{placed.dot.words}</span>
            </div>
            <div>
                <span class="readout-label">{yName}</span>
                <span class="number">{placed.dot.value}</span>
            </div>
            <div class="muted">{xName}</div>
        </div>
    );
}

export function Plot(props: {
    label: string;
    x: Scale;
    y: Scale;
    xName: (dot: Dot) => string;
    yName: string;
    dots: Dot[];
    steps?: Steps[];
    bad: "top" | "bottom"; /* where runs without a value are */
    height?: number;
    under?: (frame: Frame) => ComponentChildren;
    onPick?: (key: number) => void;
}) {
    const [host, width] = useWidth<HTMLDivElement>();
    const [near, setNear] = useState<number | null>(null);
    const height = props.height ?? 240;
    const frame = useMemo(() => frameOf(width, height, props.x, props.y), [width, height, props.x, props.y]);
    const placed = useMemo<Placed[]>(() => {
        const edge = props.bad === "top" ? TOP + 1 : height - BOTTOM - 1;
        return props.dots.map((dot) => ({ dot, left: frame.px(dot.x), top: dot.y === null ? edge : frame.py(dot.y) }));
    }, [props.dots, frame, props.bad]);
    const paths = useMemo(
        () => kinds.map((kind) => [kind, placed.filter(({ dot }) => dot.kind === kind).map(({ left, top }) => `M${left.toFixed(1)} ${top.toFixed(1)}${marks[kind]}`).join("")] as const),
        [placed],
    );
    const shown = near === null ? undefined : placed.find(({ dot }) => dot.key === near);

    const onPointerMove = (event: PointerEvent) => {
        const box = host.current?.getBoundingClientRect();
        if (!box) return;
        const [x, y] = [event.clientX - box.left, event.clientY - box.top];
        let best = REACH;
        let found: number | null = null;
        for (const { dot, left, top } of placed) {
            const away = Math.hypot(left - x, top - y);
            if (away < best) [best, found] = [away, dot.key];
        }
        setNear(found);
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === "Enter" && near !== null) props.onPick?.(near);
        if (event.key === "Escape") setNear(null);
        const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (way === 0 || placed.length === 0) return;
        event.preventDefault();
        const order = [...placed].sort((a, b) => a.left - b.left || a.dot.key - b.dot.key);
        const now = order.findIndex(({ dot }) => dot.key === near);
        const next = now < 0 ? (way > 0 ? 0 : order.length - 1) : Math.min(order.length - 1, Math.max(0, now + way));
        setNear(order[next]?.dot.key ?? null);
    };
    return (
        <div
            ref={host}
            class={`plot ${near === null ? "" : "pointing"}`}
            role="group"
            aria-roledescription="chart"
            aria-label={`${props.label}, ${props.dots.length} runs`}
            data-dots={props.dots.length}
            tabIndex={0}
            style={{ height: `${height}px` }}
            onPointerMove={onPointerMove}
            onPointerLeave={() => setNear(null)}
            onKeyDown={onKeyDown}
            onClick={() => near !== null && props.onPick?.(near)}
        >
            {width > 0 ? (
                <svg width={width} height={height} aria-hidden="true">
                    {props.under?.(frame)}
                    <Axes frame={frame} x={props.x} y={props.y} height={height} />
                    {paths.map(([kind, path]) => (path ? <path key={kind} d={path} class={`dots ${kind} ${props.dots.length > 400 ? "many" : ""}`} /> : null))}
                    {props.steps?.map((steps) => <path key={steps.kind} d={stepPath(steps, frame, props.y)} class={`steps ${steps.kind}`} />)}
                    {shown ? <circle cx={shown.left} cy={shown.top} r="6" class="plot-near" /> : null}
                </svg>
            ) : null}
            {shown ? <Readout placed={shown} width={width} xName={props.xName(shown.dot)} yName={props.yName} /> : null}
        </div>
    );
}
