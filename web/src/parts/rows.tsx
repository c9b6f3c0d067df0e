/* A table of any length: only the rows in sight are in the document. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const SPARE = 8; /* rows kept above and below what is seen */

export function Rows<T>(props: {
    label: string;
    head: ComponentChildren;
    columns: number;
    entries: T[];
    rowHeight: number;
    maxHeight: number;
    row: (entry: T) => ComponentChildren;
}) {
    const box = useRef<HTMLDivElement>(null);
    const [top, setTop] = useState(0);
    const [height, setHeight] = useState(props.maxHeight);
    const { rowHeight, entries } = props;

    useLayoutEffect(() => {
        if (box.current) setHeight(box.current.clientHeight);
    }, [entries.length]);

    const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
    const last = Math.min(entries.length, Math.ceil((top + height) / rowHeight) + SPARE);
    const space = (rows: number) => (rows > 0 ? <tr aria-hidden="true" style={{ height: `${rows * rowHeight}px` }}><td colSpan={props.columns} /></tr> : null);
    return (
        <div
            class="rows"
            ref={box}
            tabIndex={0}
            role="region"
            aria-label={props.label}
            style={{ maxHeight: `${props.maxHeight}px` }}
            onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        >
            <table aria-rowcount={entries.length + 1}>
                <thead>{props.head}</thead>
                <tbody>
                    {space(first)}
                    {entries.slice(first, last).map(props.row)}
                    {space(entries.length - last)}
                </tbody>
            </table>
        </div>
    );
}
