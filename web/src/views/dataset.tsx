/* One data set: its numbers, how its classes are spread, and its first examples. */
import { useEffect, useRef, useState } from "preact/hooks";
import { attempt, notice } from "../app/notices";
import { go } from "../app/router";
import { setTitle } from "../app/title";
import { get, remove } from "../data/api";
import { on } from "../data/events";
import { useTopic } from "../data/topics";
import { useFollow, useLoad } from "../data/use-load";
import type { Dataset, DatasetSummary } from "../data/types";
import { Asking, Facts, Panel, Waiting } from "../parts/bits";
import { Moment } from "../parts/time";
import { bytes, count, number } from "../text/format";
import { shapeOf } from "./datasets";

function Histogram({ counts, names }: { counts: number[]; names: string[] }) {
    const most = Math.max(1, ...counts);
    return (
        <div class="histogram" role="img" aria-label={`Examples by class: ${counts.map((n, i) => `${names[i] ?? i}: ${n}`).join(", ")}`}>
            {counts.map((n, i) => (
                <div key={i} title={`${names[i] ?? `class ${i}`}: ${count(n)}`}>
                    <span class="number small muted">{count(n)}</span>
                    <span class="histogram-bar" style={{ height: `${(90 * n) / most}px` }} />
                    <span class="number small">{names[i] ?? i}</span>
                </div>
            ))}
        </div>
    );
}

/* [height, width], [height, width, channels] or [channels, height, width], as far as one can tell. */
function pictureShape(shape: number[]): { height: number; width: number; at: (y: number, x: number, c: number) => number; channels: number } | null {
    const [a = 0, b = 0, c = 0] = shape;
    if (shape.length === 2 && a >= 4 && b >= 4) return { height: a, width: b, channels: 1, at: (y, x) => y * b + x };
    if (shape.length !== 3) return null;
    if (c === 1 || c === 3) return { height: a, width: b, channels: c, at: (y, x, channel) => (y * b + x) * c + channel };
    if (a === 1 || a === 3) return { height: b, width: c, channels: a, at: (y, x, channel) => (channel * b + y) * c + x };
    return null;
}

function Picture({ values, shape, label }: { values: number[]; shape: NonNullable<ReturnType<typeof pictureShape>>; label: string }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    useTopic("theme");
    useEffect(() => {
        const pen = canvas.current?.getContext("2d");
        if (!pen) return;
        const low = Math.min(...values);
        const range = Math.max(...values) - low || 1;
        const picture = pen.createImageData(shape.width, shape.height);
        for (let y = 0; y < shape.height; y++)
            for (let x = 0; x < shape.width; x++) {
                const at = 4 * (y * shape.width + x);
                for (let c = 0; c < 3; c++)
                    picture.data[at + c] = (255 * ((values[shape.at(y, x, Math.min(c, shape.channels - 1))] ?? low) - low)) / range;
                picture.data[at + 3] = 255;
            }
        pen.putImageData(picture, 0, 0);
    }, [values, shape]);
    return <canvas ref={canvas} width={shape.width} height={shape.height} class="picture" role="img" aria-label={label} />;
}

function FirstRows({ summary }: { summary: DatasetSummary }) {
    const rows = summary.first ?? [];
    const labelOf = (i: number) => {
        const label = summary.first_labels?.[i];
        if (label === undefined) return "";
        return Array.isArray(label) ? label.map((value) => number(value)).join(", ") : (summary.class_names?.[label] ?? number(label));
    };
    const size = summary.shape.reduce((product, side) => product * side, 1);
    const picture = pictureShape(summary.shape);
    if (picture && rows.every((row) => row.length >= size))
        return (
            <div class="pictures">
                {rows.map((row, i) => (
                    <figure key={i}>
                        <Picture values={row} shape={picture} label={`Example ${i}, label ${labelOf(i)}`} />
                        <figcaption class="number">{labelOf(i)}</figcaption>
                    </figure>
                ))}
            </div>
        );
    return (
        <div class="scroll" tabIndex={0} role="region" aria-label="First rows">
            <table class="list numbers">
                <thead>
                    <tr>
                        <th class="right">label</th>
                        {(rows[0] ?? []).map((_, i) => (
                            <th key={i} class="right">
                                {i}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row, i) => (
                        <tr key={i}>
                            <td class="number strong">{labelOf(i)}</td>
                            {row.map((value, column) => (
                                <td class="number" key={column}>
                                    {number(value)}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
            {(rows[0]?.length ?? 0) < size ? <p class="muted note">The first {rows[0]?.length} of {count(size)} numbers of each row.</p> : null}
        </div>
    );
}

export function DatasetView({ name }: { name: string }) {
    const [data, setData] = useState<Dataset | null>(null);
    const path = `/datasets/${encodeURIComponent(name)}`;
    useFollow(null);
    const loaded = useLoad(async (signal) => setData(await get<Dataset>(path, signal)), [path]);
    useEffect(() => {
        setTitle(name);
        return on("dataset", (changed) => changed.name === name && loaded.again());
    }, [name]);
    if (!data) return <Waiting load={loaded} what="data set" />;

    const { summary } = data;
    const forget = () =>
        attempt(async () => {
            await remove(path);
            notice("good", `Data set ${name} is deleted`);
            go("/datasets");
        });
    return (
        <>
            <header class="job-head">
                <nav class="crumbs" aria-label="Breadcrumb">
                    <a href="/datasets">Data sets</a>
                </nav>
                <div class="head">
                    <h1>
                        {data.name} <span class="kind">{data.built_in ? "built-in" : data.format}</span>
                    </h1>
                    {data.built_in ? null : (
                        <div class="actions">
                            <Asking words="Delete…" question={`Delete the data set ${name}? Jobs that name it can no longer run.`} yes="Delete it" act={() => void forget()} />
                        </div>
                    )}
                </div>
                <Facts
                    facts={[
                        ["State", data.ready ? "ready" : "made on first use"],
                        ...(summary
                            ? ([
                                  ["Shape", <span class="number">{shapeOf(summary.shape)}</span>],
                                  summary.classes ? ["Classes", <span class="number">{summary.classes}</span>] : ["Targets", <span class="number">{summary.targets}</span>],
                                  ["Training", <span class="number">{count(summary.train)}</span>],
                                  ["Validation", <span class="number">{count(summary.valid)}</span>],
                                  ["Mean ± deviation", <span class="number">{number(summary.mean)} ± {number(summary.deviation)}</span>],
                                  ["Kept as", summary.element],
                              ] as [string, preact.JSX.Element | string][])
                            : []),
                        ["Size", bytes(data.bytes)],
                        ["Added", <Moment ms={data.created_ms} />],
                    ]}
                />
            </header>
            {summary?.first?.length ? (
                <Panel title="First examples">
                    <FirstRows summary={summary} />
                </Panel>
            ) : null}
            {summary?.class_counts?.length ? (
                <Panel title="Training examples by class">
                    <Histogram counts={summary.class_counts} names={summary.class_names ?? []} />
                </Panel>
            ) : null}
            {summary ? null : <p class="muted note">Its numbers are known once a run has used it.</p>}
        </>
    );
}
