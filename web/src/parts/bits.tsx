/* Small things that every view uses. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Load } from "../data/use-load";
import { notice } from "../app/notices";
import type { ArmLook } from "../app/arms";

export function Panel(props: { title?: ComponentChildren; tools?: ComponentChildren; class?: string; children: ComponentChildren; id?: string }) {
    return (
        <section class={`panel ${props.class ?? ""}`} id={props.id}>
            {props.title || props.tools ? (
                <header class="panel-head">
                    <h2>{props.title}</h2>
                    {props.tools ? <div class="tools">{props.tools}</div> : null}
                </header>
            ) : null}
            {props.children}
        </section>
    );
}

/* What stands in for data that is not there: being fetched, or refused. */
export function Waiting({ load, what }: { load: Load; what: string }) {
    if (load.failed)
        return (
            <div class="empty" role="alert">
                <p>
                    <strong>{load.failed.status === 404 ? `There is no such ${what}.` : `This ${what} cannot be shown.`}</strong>
                </p>
                <p class="muted">{load.failed.message}</p>
                <p>
                    <button onClick={load.again}>Try again</button>
                </p>
            </div>
        );
    return <Late />;
}

/* Says that it takes time only when it does. */
function Late() {
    const [late, setLate] = useState(false);
    useEffect(() => {
        const timer = setTimeout(() => setLate(true), 400);
        return () => clearTimeout(timer);
    }, []);
    return <div class="empty muted">{late ? "Fetching…" : ""}</div>;
}

export function Swatch({ look }: { look: ArmLook }) {
    return (
        <svg class="swatch" viewBox="0 0 26 10" width="26" height="10" aria-hidden="true">
            <line x1="1" y1="5" x2="25" y2="5" style={{ stroke: `var(${look.colour})` }} stroke-dasharray={look.dash.join(" ")} />
        </svg>
    );
}

/* One of a few, side by side. */
export function Choice<T extends string>(props: {
    label: string;
    options: readonly (readonly [value: T, words: string])[];
    value: T;
    onChange: (value: T) => void;
}) {
    return (
        <div class="choice" role="group" aria-label={props.label}>
            {props.options.map(([value, words]) => (
                <button key={value} aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
                    {words}
                </button>
            ))}
        </div>
    );
}

export function Select(props: { label: string; options: readonly string[]; value: string; onChange: (value: string) => void; shown?: boolean }) {
    return (
        <label class="field">
            <span class={props.shown ? "" : "unseen"}>{props.label}</span>
            <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
                {props.options.map((option) => (
                    <option key={option} value={option}>
                        {option}
                    </option>
                ))}
            </select>
        </label>
    );
}

/* A button that asks before it acts. */
export function Asking(props: { words: string; question: string; yes: string; class?: string; act: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    const answer = (agreed: boolean) => {
        dialog.current?.close();
        if (agreed) props.act();
    };
    return (
        <>
            <button class={props.class} onClick={() => dialog.current?.showModal()}>
                {props.words}
            </button>
            <dialog ref={dialog} aria-label={props.words} onClick={(event) => event.target === dialog.current && answer(false)}>
                <div class="dialog-body">
                    <p>{props.question}</p>
                    <div class="actions">
                        <button onClick={() => answer(false)}>Keep it</button>
                        <button class="danger" onClick={() => answer(true)}>
                            {props.yes}
                        </button>
                    </div>
                </div>
            </dialog>
        </>
    );
}

export function Copyable({ text }: { text: string }) {
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            notice("good", "Copied");
        } catch {
            notice("bad", "This browser does not let the page copy; select the text instead");
        }
    };
    return (
        <div class="copyable">
            <pre tabIndex={0}>{text}</pre>
            <button class="quiet" onClick={() => void copy()}>
                Copy
            </button>
        </div>
    );
}

/* A list of words and what they stand for. */
export function Facts({ facts }: { facts: [words: string, value: ComponentChildren][] }) {
    return (
        <dl class="facts">
            {facts.map(([words, value]) => (
                <div key={words}>
                    <dt>{words}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}
