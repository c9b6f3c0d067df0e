/* Write a job as JSON and send it; what the server refuses is shown at the field. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { armLook } from "../app/arms";
import { notice } from "../app/notices";
import { go, usePlace } from "../app/router";
import { setTitle } from "../app/title";
import { get, post, Refusal, type FieldProblem } from "../data/api";
import { useFollow } from "../data/use-load";
import { schedulesOf, stepsOf, type NamedSchedule } from "../data/schedules";
import { keepJob } from "../data/store";
import type { Job, Json } from "../data/types";
import { Panel } from "../parts/bits";
import { Editor, type Mark } from "../parts/editor";
import { Schedules } from "../parts/schedules";
import { findMistake, lineAndColumn, locate, offsetOf, type Span } from "../text/locate";
import { plural } from "../text/format";
import { CatalogHelp } from "./catalog-help";
import { draft, keepDraft, layOut, templates } from "./templates";

const CHECK_AFTER_MS = 600;
const PREVIEW_MOST = 32; /* schedules, as many as the server draws at once */

interface Problem {
    pointer: string | null; /* null: the text is no JSON */
    detail: string;
    span: Span | null;
}

function mistakeIn(text: string): Problem | null {
    const mistake = findMistake(text);
    if (!mistake) return null;
    const { line, column } = lineAndColumn(text, mistake.offset);
    return {
        pointer: null,
        detail: `line ${line}, column ${column}: ${mistake.message}`,
        span: { start: mistake.offset, end: mistake.offset + 1 },
    };
}

/* The server's own words about bad JSON say a line and a column, too. */
function placeInWords(text: string, words: string): Span | null {
    const found = /line (\d+),? column (\d+)/.exec(words);
    if (!found) return null;
    const start = offsetOf(text, Number(found[1]), Number(found[2]));
    return { start, end: start + 1 };
}

function problemsOf(text: string, refusal: Refusal): Problem[] {
    const at = ({ pointer, detail }: FieldProblem): Problem => ({ pointer, detail, span: locate(text, pointer) });
    if (refusal.errors.length > 0) return refusal.errors.map(at);
    if (refusal.status === 400 || refusal.status === 422)
        return [mistakeIn(text) ?? { pointer: null, detail: refusal.message, span: placeInWords(text, refusal.message) }];
    return [];
}

function ProblemList({ text, problems, show }: { text: string; problems: Problem[]; show: (problem: Problem) => void }) {
    return (
        <div id="problems" class="problems" role="alert">
            {problems.length > 0 ? (
                <>
                    <h2>
                        <span class="bad-words">{plural(problems.length, "problem")}</span>
                    </h2>
                    <ol>
                        {problems.map((problem) => (
                            <li key={`${problem.pointer} ${problem.detail}`}>
                                <button class="problem" onClick={() => show(problem)}>
                                    <span class="mono problem-pointer">
                                        {problem.pointer === null ? "JSON" : problem.pointer || "the whole job"}
                                        {problem.span && problem.pointer !== null ? <span class="muted"> line {lineAndColumn(text, problem.span.start).line}</span> : null}
                                    </span>
                                    <span>{problem.detail}</span>
                                </button>
                            </li>
                        ))}
                    </ol>
                </>
            ) : null}
        </div>
    );
}

function useTemplateOf(job: string | null, put: (text: string) => void): void {
    useEffect(() => {
        if (!job) return;
        get<Job>(`/jobs/${encodeURIComponent(job)}`).then(
            (found) => found.request && put(layOut(found.request)),
            (cause: unknown) => notice("bad", cause instanceof Refusal ? cause.message : String(cause)),
        );
    }, [job]);
}

interface Drawn {
    schedules: NamedSchedule[];
    steps: number;
}

function drawnOf(text: string): Drawn | null {
    try {
        const job = JSON.parse(text) as Json;
        return { schedules: schedulesOf(job).slice(0, PREVIEW_MOST), steps: stepsOf(job) };
    } catch {
        return null; /* while it is being written */
    }
}

/* What the job's schedules look like, a moment after the text was left alone. */
function SchedulePanel({ text }: { text: string }) {
    const [drawn, setDrawn] = useState(() => drawnOf(text));
    useEffect(() => {
        const timer = setTimeout(() => setDrawn((before) => drawnOf(text) ?? before), CHECK_AFTER_MS);
        return () => clearTimeout(timer);
    }, [text]);
    const looks = useMemo(() => (drawn?.schedules ?? []).map((_, place) => armLook(place)), [drawn]);
    if (!drawn || drawn.schedules.length === 0) return null;
    return (
        <Panel title={drawn.schedules.length > 1 ? "Its schedules" : "Its schedule"} class="preview">
            <Schedules schedules={drawn.schedules} looks={looks} steps={drawn.steps} height={180} />
        </Panel>
    );
}

export function SubmitView() {
    const { query } = usePlace();
    useFollow(null);
    const [text, setText] = useState(draft);
    const [problems, setProblems] = useState<Problem[]>([]);
    const [caret, setCaret] = useState<{ offset: number; asked: number } | null>(null);
    const [sending, setSending] = useState(false);

    const change = (next: string) => {
        setText(next);
        keepDraft(next);
        setProblems([]); /* they were about another text */
    };
    useTemplateOf(query.get("from"), change);
    useEffect(() => {
        setTitle("New job");
    }, []);
    useEffect(() => {
        if (problems.length > 0) return undefined;
        const timer = setTimeout(() => {
            const mistake = text.trim() ? mistakeIn(text) : null;
            if (mistake) setProblems([mistake]);
        }, CHECK_AFTER_MS);
        return () => clearTimeout(timer);
    }, [text]);

    const show = (problem: Problem) => problem.span && setCaret({ offset: problem.span.start, asked: Date.now() });
    const submit = async () => {
        if (sending) return;
        setSending(true);
        try {
            const job = await post<Job>("/jobs", text);
            keepJob(job);
            notice("good", `Job ${job.id} is in the queue with ${plural(job.runs.total, "run")}`);
            go(`/jobs/${job.id}`);
        } catch (cause) {
            const refusal = cause instanceof Refusal ? cause : new Refusal(0, String(cause));
            const found = problemsOf(text, refusal);
            setProblems(found);
            if (found[0]) show(found[0]);
            else notice("bad", refusal.message);
        } finally {
            setSending(false);
        }
    };

    const marks: Mark[] = problems.flatMap(({ span, detail }) => (span ? [{ span, words: detail }] : []));
    return (
        <>
            <div class="head">
                <h1>New job</h1>
                <div class="actions">
                    <span class="muted small">Start from</span>
                    {templates.map(([name, job]) => (
                        <button key={name} onClick={() => change(layOut(job))}>
                            {name}
                        </button>
                    ))}
                </div>
            </div>
            <div class="submit">
                <div>
                    <Editor text={text} marks={marks} caret={caret} label="The job as JSON" describedBy="problems" onInput={change} onSubmit={() => void submit()} />
                    <div class="submit-foot">
                        <button class="primary" disabled={sending} onClick={() => void submit()}>
                            {sending ? "Sending…" : "Submit"}
                        </button>
                        <span class="muted small">
                            <kbd>Ctrl</kbd> <kbd>Enter</kbd> submits · <kbd>Tab</kbd> indents, <kbd>Esc</kbd> <kbd>Tab</kbd> leaves the box
                        </span>
                    </div>
                    <ProblemList text={text} problems={problems} show={show} />
                    <SchedulePanel text={text} />
                </div>
                <Panel title="What can be written" class="help">
                    <CatalogHelp />
                </Panel>
            </div>
        </>
    );
}
