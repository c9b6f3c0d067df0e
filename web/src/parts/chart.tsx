/*
 * Curves over steps. Drawn at most once a frame, and no more than a fifth of the time; drag to
 * zoom, double-click to see all again; the pointer or the arrow keys show values.
 */
import uPlot from "uplot";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useTopic } from "../data/topics";
import type { Axis, Values } from "../data/types";
import type { ArmLook } from "../app/arms";
import { count, duration, number, tick } from "../text/format";

export interface Line {
    key: string;
    label: string;
    look: ArmLook;
    step: number[];
    value: Values;
    low?: Values; /* both or none: a band around the line */
    high?: Values;
    endLabel?: string; /* written at the line's end */
}

interface ChartProps {
    lines: Line[];
    name: string; /* of what is on the y axis */
    axis?: Axis; /* of what is on the x axis; else steps */
    log?: boolean;
    clip?: boolean; /* leave out values far outside of most */
    height?: number;
    plain?: boolean; /* thin lines without dashes, for many */
    onZoom?: (range: [number, number] | null) => void;
    onPick?: (key: string) => void;
}

interface Hover {
    left: number;
    top: number;
    step: number;
    rows: { line: Line; value: number; nearest: boolean }[];
    dot: { left: number; top: number };
}

type Range = [number, number];

const READOUT_ROWS = 9;
const FEW_POINTS = 12; /* are drawn as dots, too */
const BUSY_PART = 0.2; /* of the time may go into drawing */
const TICK_ROOM = 18; /* for half of the last step on the axis */
const BAND_ALPHA = "2e"; /* two hex digits behind #rrggbb */

function style(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* The union of all steps, rising. */
function allSteps(lines: Line[]): number[] {
    const first = lines[0]?.step ?? [];
    const same = lines.every(({ step }) => step.length === first.length && step.every((s, i) => s === first[i]));
    if (same) return first;
    const all = Float64Array.from(lines.flatMap(({ step }) => step)).sort();
    return Array.from(all.filter((step, i) => i === 0 || step !== all[i - 1]));
}

/* `values` laid out along `steps`; undefined where the line has no point (it is drawn through),
 * null where it has a gap. A logarithm has no place for values that are not above 0. */
function along(steps: number[], line: Line, values: Values, log: boolean): (number | null | undefined)[] {
    const shown = (value: number | null | undefined) => (log && typeof value === "number" && value <= 0 ? null : value);
    if (line.step.length === steps.length) return values.map(shown) as Values;
    let at = 0;
    return steps.map((step) => {
        if (line.step[at] !== step) return undefined;
        return shown(values[at++]);
    });
}

function tabulate(lines: Line[], log: boolean): uPlot.AlignedData {
    const steps = allSteps(lines);
    const columns: (number | null | undefined)[][] = [];
    for (const line of lines) {
        columns.push(along(steps, line, line.value, log));
        if (line.low && line.high) columns.push(along(steps, line, line.low, log), along(steps, line, line.high, log));
    }
    return [steps, ...columns] as uPlot.AlignedData;
}

/* Where most values are; the ends of the whole range where nothing is far out. */
function usualRange(lines: Line[], window: Range, min: number, max: number): Range {
    const sample: number[] = [];
    for (const line of lines) {
        const stride = Math.max(1, Math.floor(line.step.length / 200));
        for (let i = 0; i < line.step.length; i += stride) {
            const value = line.value[i];
            const step = line.step[i] ?? 0;
            if (typeof value === "number" && step >= window[0] && step <= window[1]) sample.push(value);
        }
    }
    if (sample.length < 20) return [min, max];
    sample.sort((a, b) => a - b);
    const low = sample[Math.floor(0.02 * (sample.length - 1))] ?? min;
    const high = sample[Math.floor(0.97 * (sample.length - 1))] ?? max;
    const far = 4 * (high - low);
    return [min < low - far ? low - 0.1 * (high - low) : min, max > high + far ? high + 0.1 * (high - low) : max];
}

function padded([min, max]: Range): Range {
    if (min === max) return min === 0 ? [-0.1, 1] : [min - 0.1 * Math.abs(min), max + 0.1 * Math.abs(max)];
    const pad = 0.06 * (max - min);
    return [min >= 0 && min - pad < 0 ? 0 : min - pad, max + pad];
}

/* The last point of a line that is on show. */
function endOf(line: Line, plot: uPlot): { step: number; value: number } | null {
    const max = plot.scales.x?.max ?? Infinity;
    for (let i = line.step.length - 1; i >= 0; i--) {
        const value = line.value[i];
        const step = line.step[i] ?? 0;
        if (typeof value === "number" && step <= max) return { step, value };
    }
    return null;
}

function drawEndLabels(plot: uPlot, lines: Line[]): void {
    const ratio = uPlot.pxRatio;
    const gap = 13 * ratio;
    const labels = lines
        .map((line) => ({ line, end: line.endLabel ? endOf(line, plot) : null }))
        .filter((entry) => entry.end !== null)
        .map(({ line, end }) => ({ line, y: plot.valToPos(end?.value ?? 0, "y", true) }))
        .sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i++) {
        const above = labels[i - 1];
        const label = labels[i];
        if (above && label && label.y < above.y + gap) label.y = above.y + gap;
    }
    const bottom = plot.bbox.top + plot.bbox.height;
    for (let i = labels.length - 1, most = bottom; i >= 0; i--, most -= gap) {
        const label = labels[i];
        if (label && label.y > most) label.y = most;
    }
    const pen = plot.ctx;
    pen.save();
    pen.font = `${11 * ratio}px ${style("--sans")}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    for (const { line, y } of labels) {
        pen.fillStyle = style(line.look.colour);
        pen.fillText(line.endLabel ?? "", plot.bbox.left + plot.bbox.width + 7 * ratio, Math.max(plot.bbox.top, y));
    }
    pen.restore();
}

/* What of a chart cannot be changed in place. */
function structureOf(props: ChartProps): string {
    const line = (entry: Line) => [entry.key, entry.look.colour, entry.look.dash.length, !!entry.low, entry.endLabel, entry.step.length <= FEW_POINTS];
    return JSON.stringify([props.log, props.plain, props.axis, props.height, props.lines.map(line)]);
}

function nearestPoint(line: Line, step: number): number {
    let low = 0;
    let high = line.step.length - 1;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((line.step[middle] ?? 0) < step) low = middle + 1;
        else high = middle;
    }
    const before = line.step[low - 1];
    if (before !== undefined && step - before < (line.step[low] ?? Infinity) - step) low--;
    return low;
}

function hoverAt(plot: uPlot, lines: Line[], left: number, top: number): Hover | null {
    const step = plot.posToVal(left, "x");
    const found: { line: Line; value: number; away: number; at: { left: number; top: number }; step: number }[] = [];
    for (const line of lines) {
        const i = nearestPoint(line, step);
        const value = line.value[i];
        if (typeof value !== "number") continue;
        const at = { left: plot.valToPos(line.step[i] ?? 0, "x"), top: plot.valToPos(value, "y") };
        if (Math.abs(at.left - left) > 40 || !Number.isFinite(at.top)) continue;
        found.push({ line, value, at, step: line.step[i] ?? 0, away: Math.abs(at.top - top) + 0.5 * Math.abs(at.left - left) });
    }
    found.sort((a, b) => a.away - b.away);
    const nearest = found[0];
    if (!nearest) return null;
    const rows = found
        .slice(0, READOUT_ROWS)
        .sort((a, b) => b.value - a.value)
        .map(({ line, value }) => ({ line, value, nearest: line === nearest.line }));
    return { left, top, step: nearest.step, rows, dot: nearest.at };
}

/* One plot on a canvas and what its callbacks need; lives from one structure to the next. */
class Drawing {
    readonly plot: uPlot;
    zoom: Range | null = null;
    private focused = "";

    constructor(
        host: HTMLElement,
        readonly props: { current: ChartProps },
        zoom: Range | null,
        readonly show: (hover: Hover | null) => void,
        readonly zoomed: (range: Range | null) => void,
    ) {
        this.zoom = zoom;
        this.plot = new uPlot(this.options(host), tabulate(props.current.lines, !!props.current.log), host);
    }

    update(): void {
        this.plot.setData(tabulate(this.props.current.lines, !!this.props.current.log));
    }

    setZoom(range: Range | null): void {
        this.zoom = range;
        this.zoomed(range);
        this.update();
    }

    private yRange(min: number | null, max: number | null): Range {
        const { log, clip, lines } = this.props.current;
        if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return log ? [0.1, 1] : [0, 1];
        if (log) return uPlot.rangeLog(min, min === max ? min * 10 : max, 10, false) as Range;
        if (!clip) return padded([min, max]);
        return padded(usualRange(lines, this.zoom ?? [-Infinity, Infinity], min, max));
    }

    private series(): { series: uPlot.Series[]; bands: uPlot.Band[] } {
        const { lines, plain } = this.props.current;
        const series: uPlot.Series[] = [{}];
        const bands: uPlot.Band[] = [];
        for (const line of lines) {
            const colour = style(line.look.colour);
            const banded = line.low && line.high;
            series.push({
                label: line.label,
                stroke: colour,
                width: plain ? 1.25 : 1.75,
                ...(plain ? {} : { dash: line.look.dash }),
                points: { show: line.step.length < 2 || (!plain && line.step.length <= FEW_POINTS), size: 5, fill: colour },
            });
            if (!banded) continue;
            const hidden = { stroke: "transparent", width: 0, points: { show: false } };
            series.push({ ...hidden }, { ...hidden });
            bands.push({ series: [series.length - 1, series.length - 2], fill: colour + BAND_ALPHA });
        }
        return { series, bands };
    }

    private options(host: HTMLElement): uPlot.Options {
        const { log, height, lines } = this.props.current;
        const ink = style("--muted");
        const grid = { stroke: style("--grid"), width: 1 };
        const axis = { stroke: ink, grid, ticks: { show: false }, font: `11px ${style("--sans")}` };
        const longest = Math.max(0, ...lines.map((line) => line.endLabel?.length ?? 0));
        const labelRoom = longest && host.clientWidth > 420 ? Math.min(150, longest * 6.6 + 14) : TICK_ROOM;
        return {
            width: Math.max(200, host.clientWidth),
            height: height ?? 280,
            padding: [10, labelRoom, 0, 0],
            legend: { show: false },
            focus: { alpha: 0.22 },
            cursor: {
                y: false,
                points: { show: false },
                drag: { x: true, y: false, setScale: false },
                bind: { dblclick: () => () => (this.setZoom(null), null) },
            },
            scales: {
                x: {
                    time: false,
                    range: (_plot, min, max) => this.zoom ?? (min === max ? [min - 1, max + 1] : [min, max]),
                },
                y: { distr: log ? 3 : 1, range: (_plot, min, max) => this.yRange(min, max) },
            },
            axes: [
                { ...axis, size: 26, gap: 4, space: 70, values: (_plot, splits) => splits.map(tick) },
                {
                    ...axis,
                    gap: 5,
                    space: 34,
                    size: (plot, values) => {
                        plot.ctx.font = axis.font;
                        const widest = Math.max(0, ...(values ?? []).map((words) => plot.ctx.measureText(words).width));
                        return Math.ceil(widest) + 14;
                    },
                    values: (_plot, splits) => splits.map((value) => (value === null ? "" : tick(value))),
                },
            ],
            ...this.series(),
            hooks: {
                setCursor: [(plot) => this.hover(plot)],
                setSelect: [(plot) => this.select(plot)],
                draw: labelRoom > TICK_ROOM ? [(plot) => drawEndLabels(plot, this.props.current.lines)] : [],
            },
        };
    }

    private hover(plot: uPlot): void {
        const { left, top } = plot.cursor;
        const { lines } = this.props.current;
        const inside = left !== undefined && top !== undefined && left >= 0;
        const hover = inside ? hoverAt(plot, lines, left, top) : null;
        this.show(hover);
        const nearest = hover?.rows.find((row) => row.nearest)?.line.key ?? "";
        if (nearest === this.focused || lines.length < 2) return;
        this.focused = nearest;
        const place = this.placeOf(nearest);
        plot.setSeries(place as number, { focus: place !== null }, false);
    }

    /* Of the line among the plot's series; null: no such line. */
    private placeOf(key: string): number | null {
        let at = 1;
        for (const line of this.props.current.lines) {
            if (line.key === key) return at;
            at += line.low && line.high ? 3 : 1;
        }
        return null;
    }

    private select(plot: uPlot): void {
        const { left, width } = plot.select;
        if (width < 4) return;
        const range: Range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        this.setZoom(range);
    }
}

function placeOf(axis: Axis, x: number): string {
    if (axis === "step") return `step ${count(x)}`;
    return axis === "wall_time" ? duration(1000 * x) : `${axis} ${number(x)}`;
}

function Readout({ hover, name, axis, width }: { hover: Hover; name: string; axis: Axis; width: number }) {
    const right = hover.left > width / 2;
    const style = right ? { right: `${width - hover.left + 14}px` } : { left: `${hover.left + 14}px` };
    return (
        <div class="readout" style={{ ...style, top: "4px" }}>
            <div class="readout-head">
                <span>{placeOf(axis, hover.step)}</span>
                <span>{name}</span>
            </div>
            {hover.rows.map(({ line, value, nearest }) => (
                <div key={line.key} class={nearest ? "nearest" : ""}>
                    <svg viewBox="0 0 18 8" width="18" height="8" aria-hidden="true">
                        <line x1="0" y1="4" x2="18" y2="4" style={{ stroke: `var(${line.look.colour})` }} stroke-dasharray={line.look.dash.join(" ")} />
                    </svg>
                    <span class="readout-label">{line.label}</span>
                    <span class="number">{number(value, 5)}</span>
                </div>
            ))}
        </div>
    );
}

export function Chart(props: ChartProps) {
    useTopic("theme");
    const host = useRef<HTMLDivElement>(null);
    const latest = useRef(props);
    const drawing = useRef<Drawing | null>(null);
    const [hover, setHover] = useState<Hover | null>(null);
    const [zoom, setZoom] = useState<Range | null>(null);
    latest.current = props;

    const hasPoints = props.lines.some((line) => line.step.length > 0);
    const structure = structureOf(props) + document.documentElement.dataset.theme + hasPoints;
    const zoomed = (range: Range | null) => {
        setZoom(range);
        latest.current.onZoom?.(range);
    };

    useLayoutEffect(() => {
        const where = host.current;
        if (!where || !hasPoints) return undefined;
        const made = new Drawing(where, latest, zoom, setHover, zoomed);
        drawing.current = made;
        const sized = new ResizeObserver(() => {
            const width = Math.max(200, where.clientWidth);
            if (width !== made.plot.width) made.plot.setSize({ width, height: made.plot.height });
        });
        sized.observe(where);
        return () => {
            sized.disconnect();
            made.plot.destroy();
            drawing.current = null;
            setHover(null);
        };
    }, [structure]);

    /* New values: drawn soon, and no more often than BUSY_PART allows. */
    const pending = useRef(0);
    const earliest = useRef(0);
    useEffect(() => {
        if (pending.current || !drawing.current) return;
        const draw = () => {
            pending.current = 0;
            const start = performance.now();
            drawing.current?.update();
            const cost = performance.now() - start;
            earliest.current = performance.now() + cost * (1 / BUSY_PART - 1);
        };
        const wait = earliest.current - performance.now();
        pending.current = wait > 16 ? window.setTimeout(draw, wait) : requestAnimationFrame(draw);
    }, [props.lines, props.clip]);

    /* Arrow keys walk along the curve, Escape shows all. */
    const onKeyDown = (event: KeyboardEvent) => {
        const made = drawing.current;
        if (!made) return;
        if (event.key === "Escape" && zoom) made.setZoom(null);
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        const { plot } = made;
        const width = plot.over.clientWidth;
        const leap = (event.shiftKey ? 0.1 : 0.01) * width * (event.key === "ArrowLeft" ? -1 : 1);
        const left = Math.min(width - 1, Math.max(0, (hover?.left ?? width / 2) + leap));
        plot.setCursor({ left, top: hover?.dot.top ?? plot.over.clientHeight / 2 }, true);
    };

    const axis = props.axis ?? "step";
    const offset = drawing.current?.plot.over;
    return (
        <div
            class="chart"
            data-points={props.lines.reduce((sum, line) => sum + line.step.length, 0)}
            role="group"
            aria-roledescription="chart"
            aria-label={`${props.name} by ${axis.replace("_", " ")}, ${props.lines.length === 1 ? "one line" : `${props.lines.length} lines`}`}
            tabIndex={0}
            onKeyDown={onKeyDown}
            style={{ minHeight: `${props.height ?? 280}px` }}
        >
            <div ref={host} class="chart-host" />
            {hasPoints ? null : <div class="chart-empty muted">No values yet</div>}
            {zoom ? (
                <button class="chart-reset" onClick={() => drawing.current?.setZoom(null)}>
                    Show all steps
                </button>
            ) : null}
            {hover && offset ? (
                <div class="chart-over" style={{ left: `${offset.offsetLeft}px`, top: `${offset.offsetTop}px`, width: `${offset.clientWidth}px` }}>
                    <span class="chart-dot" style={{ left: `${hover.dot.left}px`, top: `${hover.dot.top}px`, background: `var(${hover.rows.find((row) => row.nearest)?.line.look.colour})` }} />
                    <Readout hover={hover} name={props.name} axis={axis} width={offset.clientWidth} />
                </div>
            ) : null}
        </div>
    );
}
