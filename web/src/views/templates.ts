/* First jobs to start from. */

const digitsSpec = {
    dataset: "digits",
    model: { type: "mlp", hidden: [128], activation: "relu" },
    optimizer: { type: "nesterov", lr: 0.05, momentum: 0.9 },
    schedule: { type: "linear", warmup: 0.05 },
    epochs: 5,
    batch_size: 128,
    seed: 1,
};

const { schedule: _, seed: __, ...comparedSpec } = digitsSpec;

const schedules = [
    { name: "constant", patch: { schedule: { type: "constant" } } },
    { name: "linear", patch: { schedule: { type: "linear" } } },
    { name: "cosine", patch: { schedule: { type: "cosine" } } },
];

const quadratic = { type: "quadratic", eigenvalues: [1, 4, 16], start: [1, -2, 1], noise: 0.3 };

const search = {
    kind: "search",
    name: "mlp on digits",
    base: comparedSpec,
    space: {
        "/optimizer/lr": { type: "float", low: 0.0001, high: 1, scale: "log" },
        "/optimizer/type": { type: "choice", values: ["adamw", "nesterov", "lion"] },
        "/optimizer/momentum": { type: "float", low: 0.5, high: 0.99, when: { "/optimizer/type": ["nesterov"] } },
        "/model/hidden/0": { type: "int", low: 16, high: 256, scale: "log" },
        "/batch_size": { type: "int", low: 32, high: 512, step: 32 },
    },
    objectives: [{ metric: "valid_loss", goal: "minimize" }],
    pruner: { type: "asha", min_steps: 20, reduction: 4 },
    budget: { runs: 60 },
    parallel: 2,
};

const askAndTell = {
    kind: "search",
    name: "my own trainer",
    runner: "external",
    space: {
        lr: { type: "float", low: 0.00001, high: 1, scale: "log" },
        depth: { type: "int", low: 1, high: 8 },
        activation: { type: "choice", values: ["relu", "gelu", "tanh"] },
    },
    objectives: [{ metric: "loss", goal: "minimize" }],
    budget: { runs: 50 },
};

export const templates: [name: string, job: object][] = [
    ["Train", { kind: "train", name: "first try", spec: digitsSpec }],
    [
        "Compare",
        {
            kind: "compare",
            name: "which schedule?",
            base: comparedSpec,
            arms: schedules,
            tune: { over: { "/optimizer/lr": [0.01, 0.03, 0.1] }, seeds: [101, 102] },
            seeds: [1, 2, 3],
            metric: { name: "valid_loss", goal: "minimize", at: "last" },
            baseline: "constant",
        },
    ],
    ["Search", search],
    ["Ask and tell", askAndTell],
    [
        "Analytic problem",
        {
            kind: "compare",
            name: "schedules on a noisy bowl",
            base: { problem: quadratic, optimizer: { type: "sgd", lr: 0.05 }, steps: 2000, report_every_steps: 10 },
            arms: schedules,
            tune: { over: { "/optimizer/lr": [0.01, 0.03, 0.1] }, seeds: [101, 102] },
            seeds: [1, 2, 3, 4, 5],
            metric: { name: "train_loss", goal: "minimize", at: "last" },
            baseline: "constant",
        },
    ],
];

const DRAFT = "sweepd.draft";

/* What is in the text box of a new job, for as long as this tab is open. */
export function keepDraft(text: string): void {
    try {
        sessionStorage.setItem(DRAFT, text);
    } catch {
        /* it is still in the box */
    }
}

export function draft(): string {
    try {
        return sessionStorage.getItem(DRAFT) ?? template("Compare");
    } catch {
        return template("Compare");
    }
}

const WIDE = 76;

/* JSON with objects and lists on one line where they fit. */
export function layOut(value: unknown, indent = ""): string {
    const flat = JSON.stringify(value).replaceAll(/("(?:[^"\\]|\\.)*")|([:,])/g, (_all, text?: string, mark?: string) => text ?? `${mark} `);
    const nested = value !== null && typeof value === "object";
    if (!nested || (indent !== "" && indent.length + flat.length <= WIDE)) return flat;
    const inner = `${indent}  `;
    if (Array.isArray(value)) return `[\n${value.map((item) => inner + layOut(item, inner)).join(",\n")}\n${indent}]`;
    const members = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${layOut(item, inner)}`);
    return `{\n${members.join(",\n")}\n${indent}}`;
}

function template(name: string): string {
    return layOut(templates.find(([known]) => known === name)?.[1]);
}

export function exampleText(): string {
    return template("Analytic problem");
}

export function firstCurl(origin: string): string {
    const spec = { dataset: "digits", model: { type: "mlp", hidden: [64] }, optimizer: { type: "adam", lr: 0.001 }, epochs: 3 };
    const body = layOut({ kind: "train", name: "first try", spec }).replaceAll("\n", "\n     ");
    return `curl ${origin}/api/v1/jobs \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}
