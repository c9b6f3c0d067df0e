/* What the server's JSON looks like (schema/openapi.json is the authority). */

export const runStates = [
    "succeeded", "running", "pruned", "failed", "cancelled", "queued", "waiting",
] as const;
export type RunState = (typeof runStates)[number];

export const jobStates = ["running", "queued", "paused", "succeeded", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

export const phases = ["train", "tune", "report"] as const;
export type Phase = (typeof phases)[number] | "search";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export type RunCounts = { total: number } & Record<RunState, number>;

export interface MetricChoice {
    name: string;
    goal: "minimize" | "maximize";
    at: "last" | "best";
}

export interface Job {
    id: number;
    kind: "train" | "compare" | "search";
    name: string;
    state: JobState;
    priority: number;
    paused: boolean;
    created_ms: number;
    started_ms: number | null;
    finished_ms: number | null;
    runs: RunCounts;
    /* Of a job read alone: */
    request?: JsonObject;
    arms?: string[];
    metric?: MetricChoice | null;
    baseline?: string | null;
    search?: { proposed: number; told: number; stopped: string | null; edits: number };
}

export interface Run {
    id: number;
    job: number;
    number: number;
    arm: string | null;
    phase: Phase;
    seed: number;
    state: RunState;
    reason: string | null;
    message: string | null;
    attempt: number;
    objective: number | null;
    step: number | null;
    steps: number | null;
    reused_from: number | null;
    queued_ms: number | null;
    started_ms: number | null;
    finished_ms: number | null;
    tuned: JsonObject;
    metrics: Record<string, number | null>;
    /* Of a run read alone: */
    spec?: JsonObject | null;
    fingerprint?: JsonObject | null;
    checkpoint_step?: number | null;
    resumed_step?: number | null;
    resume_mismatches?: number;
    worker?: string | null;
    series?: SeriesSummary[];
    proposal?: { how: string; seen: number; values: (number | null)[] | null; parent: number | null; late: boolean } | null; /* of a search */
}

export interface SeriesSummary {
    name: string;
    count: number;
    first: number | null;
    last: number | null;
    best_low: number | null;
    best_high: number | null;
    last_step: number;
}

/* The members of a run that its event carries. */
export type RunChange = Pick<
    Run,
    "id" | "job" | "state" | "arm" | "phase" | "seed" | "attempt" | "reason" | "message" | "objective" | "step" | "steps" | "reused_from" | "started_ms" | "finished_ms"
>;

export type Values = (number | null)[];

export interface JobSeries {
    run: number;
    step: number[];
    value: Values;
}

export interface RunSeries {
    name: string;
    count: number;
    reduced: boolean;
    step: number[];
    value: Values;
    low?: Values;
    high?: Values;
}

export interface SeedValue {
    seed: number;
    run: number;
    reused_from: number | null; /* the run whose results these are */
    value: number | null;
}

export interface GridPoint {
    point: JsonObject;
    n: number;
    mean: number | null;
    values: SeedValue[];
    dropped: { rung: number; step: number } | null; /* where halving gave it up */
}

/* What was not trained. */
export interface Saved {
    reused_runs: number;
    reused_steps: number;
    dropped_runs: number;
    dropped_steps: number;
    decided_runs: number;
    decided_steps: number;
}

export interface ArmReport {
    name: string;
    chosen: JsonObject | null;
    n: number;
    mean: number | null;
    standard_error: number | null;
    best: boolean;
    failed: number;
    values: SeedValue[];
    tuning: GridPoint[];
    curve: {
        metric: string;
        by: Axis;
        band: "standard_error" | "quantiles";
        step?: number[];
        x?: number[];
        mean: Values;
        median?: Values;
        low: Values;
        high: Values;
        n: number[];
    } | null;
    target: { n: number; reached: number; censored: number; median_step: number | null; median_seconds: number | null; values: { failed: boolean }[] } | null;
    note: string | null;
    prediction: {
        law: string | null;
        formula: string | null;
        loss: number | null;
        reason: string | null;
        warnings: string[];
    } | null;
    measured: { metric: string; n: number; mean: number | null; standard_error: number | null } | null;
}

export const axes = ["step", "epoch", "wall_time", "work"] as const;
export type Axis = (typeof axes)[number];

export interface Judgement {
    verdict: "better" | "worse" | "equivalent" | "undecided";
    p: number | null;
    seeds_needed: number | null;
}

export interface PairReport {
    first: string;
    second: string;
    seeds: number;
    wins: number;
    losses: number;
    ties: number;
    gain: { mean: number | null; standard_error: number | null; interval: [number, number] | null; bca_interval: [number, number] | null };
    signed_rank: { p: number | null };
    probability_better: number | null;
    negligible: boolean;
    baseline: Judgement | null;
    all: Judgement;
    sentence: string;
}

export interface Report {
    job: number;
    state: JobState;
    metric: MetricChoice;
    baseline: string | null;
    finished: boolean;
    arms: ArmReport[];
    saved: Saved;
    warnings: string[];
    sentence: string;
    judging: { level: number; interval: number; equivalent_within: number | null; target: number | null };
    pairs: PairReport[];
    /* With tasks, what is above of arms, pairs and judging stands in each of them (partOf()). */
    sequential: Sequential | null;
    tasks: TaskReport[] | null;
    over_tasks: OverTasks | null;
    task?: string; /* of a part */
}

/* Of a comparison that is looked at while its seeds come in; look null: not decided. */
export interface Sequential {
    looks: number;
    done: number;
    level: number;
    seeds: number[];
    arms: { name: string; look: number | null; verdict: Judgement["verdict"] | null; stopped_runs: number }[];
    history: { look: number; arms: { name: string; seeds: number; p: number | null; verdict: Judgement["verdict"] }[] }[];
    sentence: string;
}

export type TaskReport = { name: string } & Pick<Report, "baseline" | "finished" | "arms" | "warnings" | "sentence" | "judging" | "pairs">;

export interface OverTasks {
    tasks: number;
    left_out: string[];
    arms: { name: string; mean_rank: number | null; ranks: (number | null)[] }[];
    f_p: number | null;
    critical_difference: number | null;
    differ: boolean;
    groups: string[][];
    sentence: string;
}

export interface Preview {
    steps: number;
    k: number[];
    schedules: {
        name: string;
        schedule: JsonObject;
        factors: number[];
        bound: number | null;
        base_rate: number | null;
        ratio_to_linear: number | null;
        warnings?: string[];
    }[];
}

export interface LogLine {
    id?: number;
    attempt: number;
    wall_ms?: number;
    text: string;
}

export interface DatasetSummary {
    shape: number[];
    classes: number;
    targets: number;
    train: number;
    valid: number;
    mean: number;
    deviation: number;
    class_counts?: number[];
    class_names?: string[];
    first?: number[][];
    first_labels?: (number | number[])[];
    element: string;
    bytes: number;
}

export interface Dataset {
    name: string;
    format: string;
    built_in: boolean;
    ready: boolean;
    bytes: number | null;
    created_ms: number | null;
    summary: DatasetSummary | null;
}

export interface Queue {
    slots: { total: number; used: number };
    running: {
        run: number;
        job: number;
        arm: string | null;
        seed: number;
        worker: string | null;
        step: number | null;
        steps: number | null;
        started_ms: number | null;
        elapsed_ms: number | null;
    }[];
    waiting: {
        job: number;
        name: string;
        priority: number;
        runs: number;
        paused: boolean;
        place: number | null;
        expected_start_ms: number | null;
    }[];
    waiting_runs: number;
    others: { running_runs: number; waiting_runs: number };
    teams: QueueTeam[];
}

/* Without a name: all the others together. */
export interface QueueTeam {
    team: string | null;
    share: number;
    max_running: number | null;
    running: number;
    waiting_runs: number;
    last_hour: number;
}

export interface Setting {
    name: string;
    type: string;
    required?: boolean;
    nullable?: boolean;
    low?: number;
    high?: number;
    above_low?: boolean;
    below_high?: boolean;
    default?: Json;
    choices?: string[];
    registry?: string;
    members?: Setting[];
    unit?: string;
    help?: string;
    with?: string;
}

export interface CatalogEntry {
    name: string;
    help?: string;
    settings?: Setting[];
}

export interface Catalog {
    version: string;
    spec: Setting[];
    registries: Record<string, CatalogEntry[]>;
    formats?: CatalogEntry[];
    builtins?: CatalogEntry[];
    metrics?: { name: string; unit?: string; goal?: string; help?: string }[];
}

export interface MetricsEvent {
    run: number;
    job: number;
    rows: [step: number, name: string, value: number | null][];
}
