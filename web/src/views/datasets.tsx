/* The data sets the server knows, and how to bring one. */
import { useEffect, useState } from "preact/hooks";
import { setTitle } from "../app/title";
import { get } from "../data/api";
import { on } from "../data/events";
import { useFollow, useLoad, useThrottled } from "../data/use-load";
import type { Dataset } from "../data/types";
import { Copyable, Panel, Waiting } from "../parts/bits";
import { Moment } from "../parts/time";
import { bytes, count, NOTHING } from "../text/format";

export function shapeOf(shape: number[] | undefined): string {
    return shape?.length ? shape.map(String).join(" × ") : NOTHING;
}

function DatasetRow({ data }: { data: Dataset }) {
    const summary = data.summary;
    return (
        <tr>
            <td class="name">
                <a href={`/datasets/${encodeURIComponent(data.name)}`}>{data.name}</a>
                <span class="kind">{data.built_in ? "built-in" : data.format}</span>
            </td>
            <td>{data.ready ? "ready" : <span class="muted">made on first use</span>}</td>
            <td class="number">{shapeOf(summary?.shape)}</td>
            <td class="number">{summary ? summary.classes || "regression" : NOTHING}</td>
            <td class="number">{summary ? count(summary.train) : NOTHING}</td>
            <td class="number">{summary ? count(summary.valid) : NOTHING}</td>
            <td class="number wide-only">{bytes(data.bytes)}</td>
            <td class="wide-only">
                <Moment ms={data.created_ms} />
            </td>
        </tr>
    );
}

const upload = (origin: string) => `curl ${origin}/api/v1/datasets/mnist \\
  -F format=idx \\
  -F train_features=@train-images-idx3-ubyte.gz \\
  -F train_labels=@train-labels-idx1-ubyte.gz \\
  -F valid_features=@t10k-images-idx3-ubyte.gz \\
  -F valid_labels=@t10k-labels-idx1-ubyte.gz`;

export function DatasetsView() {
    const [list, setList] = useState<Dataset[] | null>(null);
    useFollow(null);
    const loaded = useLoad(async (signal) => setList((await get<{ datasets: Dataset[] }>("/datasets", signal)).datasets), []);
    const again = useThrottled(loaded.again, 500);
    useEffect(() => {
        setTitle("Data sets");
        return on("dataset", again);
    }, []);
    return (
        <>
            <div class="head">
                <h1>Data sets</h1>
            </div>
            {list ? (
                <div class="scroll" tabIndex={0} role="region" aria-label="Data sets">
                    <table class="list card">
                        <thead>
                            <tr>
                                <th>Name</th>
                                <th>State</th>
                                <th class="right">Shape</th>
                                <th class="right">Classes</th>
                                <th class="right">Training</th>
                                <th class="right">Validation</th>
                                <th class="right wide-only">Size</th>
                                <th class="wide-only">Added</th>
                            </tr>
                        </thead>
                        <tbody>
                            {list.map((data) => (
                                <DatasetRow key={data.name} data={data} />
                            ))}
                        </tbody>
                    </table>
                </div>
            ) : (
                <Waiting load={loaded} what="list" />
            )}
            <Panel title="Bring your own">
                <p class="note">Upload idx, csv, libsvm or npy files, plain or gzip; a worker parses them once and every run shares the result.</p>
                <Copyable text={upload(location.origin)} />
            </Panel>
        </>
    );
}
