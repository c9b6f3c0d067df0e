/* The report of a search (server/api/search_report.h is the authority), and its rows as objects. */
import { exact } from "../text/format";
import type { Json, JobState, JsonObject, Run, RunState } from "./types";

export type Outcome = "done" | "pruned" | "failed";

export interface Goal {
    metric: string;
    goal: "minimize" | "maximize";
}

export interface BestRun {
    run: number;
    number: number;
    values: (number | null)[];
    constraints: (number | null)[];
    error: number | null;
    how: string;
    parameters: JsonObject;
}

export interface Slice {
    parameter: string;
    scale: "linear" | "log" | "choice";
    bins: { low: number; high: number; place: number | null; runs: number; best: number | null; median: number | null }[];
}

export interface Contour {
    parameters: [string, string];
    x: number[];
    y: number[];
    values: (number | null)[][];
    by: string;
    runs: number;
    note: string | null;
}

export interface Front {
    reference: number[];
    hypervolume: number;
    exact: boolean;
    error: number;
    points: { run: number; number: number; values: number[] }[];
    of: number;
    history: [number, number][];
}

export interface SearchReport {
    job: number;
    state: JobState;
    sentence: string;
    objectives: Goal[];
    objective: number;
    constraints: { metric: string; at_least?: number; at_most?: number; kept: number; broken: number; unknown: number }[];
    space: Record<string, JsonObject>;
    algorithm: { type: string };
    explained: string | null;
    pruner: { type: string };
    stop: { type: string };
    stopped: string | null;
    seeds: number;
    counts: Record<"budget" | "proposed" | "told" | "done" | "pruned" | "failed" | "deleted" | "pending" | "feasible" | "late", number>;
    best: BestRun[];
    history: [told: number, value: number, run: number, number: number][];
    runs: { columns: string[]; rows: Json[][]; of: number };
    importance: {
        method: "ped_anova" | "fanova";
        runs: number;
        parameters: { name: string; share: number }[];
        pairs: { names: [string, string]; share: number }[] | null;
        note: string | null;
    };
    slices: Slice[];
    contour: Contour | null;
    front: Front | null;
    pruning: { runs: number; steps_saved: number; share_saved: number | null };
    improvement: { expected: number | null; chance: number | null; note: string | null };
    narrower: { space: JsonObject; runs: number; note: string } | null;
    warnings: string[];
    confirmations: Confirmation[];
}

/* A comparison of the search's best runs over fresh seeds. */
export interface Confirmation {
    job: number;
    state: JobState;
    seeds: number;
    metric: string;
    arms: { name: string; run: number | null; searched: number | null; n: number; mean: number | null; standard_error: number | null }[];
    sentence: string | null;
}

/* How a member of a population came to be (server/insight/lineage.h). */
export interface Lineage {
    job: number;
    run: number;
    value: number | null;
    steps: number;
    chain: { number: number; run: number; how: string; from_step: number; to_step: number; value: number | null; parameters: JsonObject }[];
    spec: JsonObject | null;
    why_no_spec: string | null;
}

/* A told run of the report; of a choice its parameter is the place among the values. */
export interface Tried {
    run: number;
    number: number;
    told: number;
    outcome: Outcome;
    feasible: boolean;
    values: (number | null)[];
    parameters: (number | null)[]; /* as the report's parameters() */
}

const FIXED = 5; /* columns before the values */

function numberOr(value: Json | undefined): number | null {
    return typeof value === "number" ? value : null;
}

export function parameters(report: SearchReport): string[] {
    return report.runs.columns.slice(FIXED + report.objectives.length);
}

export function triedRuns(report: SearchReport): Tried[] {
    const end = FIXED + report.objectives.length;
    return report.runs.rows.map((row) => ({
        run: Number(row[0]),
        number: Number(row[1]),
        told: Number(row[2]),
        outcome: row[3] as Outcome,
        feasible: row[4] === true,
        values: row.slice(FIXED, end).map(numberOr),
        parameters: row.slice(end).map(numberOr),
    }));
}

/* The words for one value of a choice; an object goes by its type where that says all. */
function choiceWords(value: Json): string {
    if (typeof value === "string") return value;
    if (typeof value === "number") return exact(value);
    if (typeof value === "object" && value !== null && !Array.isArray(value) && typeof value["type"] === "string" && Object.keys(value).length === 1) return value["type"];
    return JSON.stringify(value);
}

/* null: the parameter is a number. */
export function choices(space: JsonObject | undefined): string[] | null {
    const values = space?.["values"];
    return Array.isArray(values) ? values.map(choiceWords) : null;
}

export function parameterWords(value: Json | undefined): string {
    return value === undefined ? "" : choiceWords(value);
}

/* "/optimizer/lr" as "lr", with more of the path where two end alike or the end is only a place. */
export function shortNames(names: readonly string[]): Map<string, string> {
    const cut = (name: string, parts: number) => (name.startsWith("/") ? name.split("/").slice(1).slice(-parts).join("/") : name);
    return new Map(
        names.map((name) => {
            let parts = /\/\d+$/.test(name) ? 2 : 1;
            while (parts < 12 && names.some((other) => other !== name && cut(other, parts) === cut(name, parts))) parts++;
            return [name, cut(name, parts)];
        }),
    );
}

/* A row of the table: what the report knows of a run, and what events said since. */
export interface SearchRun {
    id: number;
    number: number;
    state: RunState;
    note: string | null;
    message: string | null;
    step: number | null;
    steps: number | null;
    feasible: boolean;
    values: (number | null)[];
    parameters: JsonObject;
}

const stateOf: Record<Outcome, RunState> = { done: "succeeded", pruned: "pruned", failed: "failed" };

function parametersOf(tried: Tried, report: SearchReport): JsonObject {
    const found: JsonObject = {};
    parameters(report).forEach((name, i) => {
        const value = tried.parameters[i] ?? null;
        const values = report.space[name]?.["values"];
        if (value !== null) found[name] = Array.isArray(values) ? (values[value] ?? value) : value;
    });
    return found;
}

/* Every run that was proposed, as far as the page knows them. */
export function searchRuns(report: SearchReport, runs: readonly Run[]): SearchRun[] {
    const found = new Map<number, SearchRun>();
    for (const tried of triedRuns(report))
        found.set(tried.run, {
            id: tried.run,
            number: tried.number,
            state: stateOf[tried.outcome],
            note: null,
            message: null,
            step: null,
            steps: null,
            feasible: tried.feasible,
            values: tried.values,
            parameters: parametersOf(tried, report),
        });
    for (const run of runs) {
        const known = found.get(run.id);
        if (!known && (run.state === "waiting" || run.state === "queued") && Object.keys(run.tuned ?? {}).length === 0) continue; /* not proposed */
        const values = known?.values ?? report.objectives.map((_, i) => (i === 0 ? run.objective : null));
        const note = run.state === "failed" ? run.reason : run.attempt > 1 ? `attempt ${run.attempt}` : null;
        found.set(run.id, {
            id: run.id,
            number: run.number,
            state: run.state,
            note,
            message: run.message,
            step: run.step,
            steps: run.steps,
            feasible: known?.feasible ?? true,
            values,
            parameters: known?.parameters ?? run.tuned ?? {},
        });
    }
    return [...found.values()];
}
