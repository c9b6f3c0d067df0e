/* JSON as people read it: nested, each object and list can be folded, short ones on one line. */
import type { Json } from "../data/types";

const SHORT = 72; /* characters of a list or object shown on one line */

function Leaf({ value }: { value: Json }) {
    const kind = value === null ? "null" : typeof value;
    return <span class={`json-${kind}`}>{JSON.stringify(value)}</span>;
}

function Entry({ name, value, last }: { name: string | null; value: Json; last: boolean }) {
    const label = name === null ? null : <span class="json-key">{JSON.stringify(name)}: </span>;
    const comma = last ? "" : ",";
    const nested = value !== null && typeof value === "object";
    if (!nested || JSON.stringify(value).length + (name?.length ?? 0) <= SHORT)
        return (
            <div class="json-line">
                {label}
                {nested ? <span class="json-short">{JSON.stringify(value).replaceAll(",", ", ").replaceAll('":', '": ')}</span> : <Leaf value={value} />}
                {comma}
            </div>
        );
    const isList = Array.isArray(value);
    const entries: [string | null, Json][] = isList ? value.map((item) => [null, item]) : Object.entries(value);
    return (
        <details open>
            <summary>
                {label}
                {isList ? "[" : "{"}
                <span class="json-folded">
                    {" "}
                    … {isList ? "]" : "}"}
                    {comma}
                </span>
            </summary>
            <div class="json-inner">
                {entries.map(([key, item], i) => (
                    <Entry key={key ?? i} name={key} value={item} last={i === entries.length - 1} />
                ))}
            </div>
            <div class="json-close">
                {isList ? "]" : "}"}
                {comma}
            </div>
        </details>
    );
}

export function JsonView({ value }: { value: Json }) {
    return (
        <div class="json">
            <Entry name={null} value={value} last />
        </div>
    );
}
