/*
 * A text box for JSON with numbered lines. What is wrong is marked where it is and said at the end
 * of its line. Tab indents; Escape, then Tab, leaves the box.
 */
import { useEffect, useRef } from "preact/hooks";
import { lineAndColumn, type Span } from "../text/locate";

export interface Mark {
    span: Span;
    words: string;
}

interface EditorProps {
    text: string;
    marks: Mark[];
    label: string;
    describedBy?: string;
    caret?: { offset: number; asked: number } | null; /* moves there when `asked` changes */
    onInput: (text: string) => void;
    onSubmit: () => void;
}

const INDENT = "  ";

/* One line cut into pieces that are marked or not. */
function pieces(line: string, start: number, marks: Mark[]): { text: string; marked: boolean }[] {
    const result: { text: string; marked: boolean }[] = [];
    let at = 0;
    for (const { span } of marks) {
        const from = Math.max(at, span.start - start);
        const to = Math.min(line.length, Math.max(span.end, span.start + 1) - start);
        if (to <= from) continue;
        result.push({ text: line.slice(at, from), marked: false }, { text: line.slice(from, to), marked: true });
        at = to;
    }
    result.push({ text: line.slice(at), marked: false });
    return result.filter((piece) => piece.text !== "");
}

function Line({ line, start, marks }: { line: string; start: number; marks: Mark[] }) {
    const here = marks.filter((mark) => mark.span.start >= start && mark.span.start <= start + line.length);
    if (here.length === 0) return <div class="editor-line">{line || " "}</div>;
    return (
        <div class="editor-line wrong">
            {pieces(line, start, here).map((piece, i) => (piece.marked ? <mark key={i}>{piece.text}</mark> : <span key={i}>{piece.text}</span>))}
            <span class="editor-words">{here.map((mark) => mark.words).join("; ")}</span>
        </div>
    );
}

/* Replaces the selection so that the browser's undo knows of it. */
function type(area: HTMLTextAreaElement, text: string): void {
    /* Deprecated, and still the only way that keeps undo; setRangeText is the way without it. */
    if (!document.execCommand("insertText", false, text)) {
        area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
        area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
}

export function Editor(props: EditorProps) {
    const area = useRef<HTMLTextAreaElement>(null);
    const under = useRef<HTMLDivElement>(null);
    const leaving = useRef(false); /* Escape was pressed: the next Tab is the browser's */
    const sorted = [...props.marks].sort((a, b) => a.span.start - b.span.start);
    const lines = props.text.split("\n");
    const starts: number[] = [];
    lines.reduce((start, line) => (starts.push(start), start + line.length + 1), 0);
    const wrong = new Set(sorted.map((mark) => lineAndColumn(props.text, mark.span.start).line));

    useEffect(() => {
        const box = area.current;
        if (!box || !props.caret) return;
        box.focus({ preventScroll: true });
        box.setSelectionRange(props.caret.offset, props.caret.offset);
        const { line } = lineAndColumn(props.text, props.caret.offset);
        under.current?.children[line - 1]?.scrollIntoView({ block: "nearest" });
    }, [props.caret?.asked]);

    const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }) => {
        const box = event.currentTarget;
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            props.onSubmit();
        } else if (event.key === "Escape") {
            leaving.current = true;
            return;
        } else if (event.key === "Tab" && !leaving.current && !event.shiftKey) {
            event.preventDefault();
            type(box, INDENT);
        } else if (event.key === "Enter") {
            event.preventDefault();
            const line = box.value.slice(0, box.selectionStart).split("\n").at(-1) ?? "";
            const deeper = /[[{]\s*$/.test(line) ? INDENT : "";
            type(box, `\n${/^\s*/.exec(line)?.[0] ?? ""}${deeper}`);
        }
        leaving.current = false;
    };

    return (
        <div class="editor">
            <div class="editor-numbers" aria-hidden="true">
                {lines.map((_, i) => (
                    <div key={i} class={wrong.has(i + 1) ? "wrong" : ""}>
                        {i + 1}
                    </div>
                ))}
            </div>
            <div class="editor-page">
                <div class="editor-under" ref={under} aria-hidden="true">
                    {lines.map((line, i) => (
                        <Line key={i} line={line} start={starts[i] ?? 0} marks={sorted} />
                    ))}
                </div>
                <textarea
                    ref={area}
                    value={props.text}
                    rows={Math.max(18, lines.length)}
                    wrap="off"
                    spellcheck={false}
                    autocomplete="off"
                    autocapitalize="off"
                    aria-label={props.label}
                    aria-invalid={sorted.length > 0}
                    aria-describedby={props.describedBy}
                    onInput={(event) => props.onInput(event.currentTarget.value)}
                    onKeyDown={onKeyDown}
                    onScroll={(event) => under.current && (under.current.scrollLeft = event.currentTarget.scrollLeft)}
                />
            </div>
        </div>
    );
}
