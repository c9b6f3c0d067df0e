/* What a person sees and does of a search. Its runs are told over HTTP, so that nothing has to be trained. */
import { readFileSync } from "node:fs";
import { check, fromWeb, same, test, until } from "./harness.mjs";
import { load } from "./parts.mjs";

const { at, suitsLog, ticksOf, valueScale } = await load("data/scales.ts");
const { searchRuns, shortNames } = await load("data/search.ts");

/* --- parts, without a browser --- */

test("an axis with a log scale puts 0.01 in the middle of 0.0001 and 1", () => {
    const scale = { kind: "log", low: 1e-4, high: 1 };
    check(Math.abs(at(scale, 0.01) - 0.5) < 1e-12, `it is at ${at(scale, 0.01)}`);
    same(ticksOf(scale, 5).map(({ words }) => words), ["1e-4", "0.001", "0.01", "0.1", "1"], "its ticks");
});

test("the values of a choice stand in the middle of equal parts", () => {
    const scale = { kind: "choice", low: 0, high: 2, words: ["a", "b"] };
    same([at(scale, 0), at(scale, 1)], [0.25, 0.75], "two choices");
    same(ticksOf(scale, 9).map(({ words }) => words), ["a", "b"], "their ticks");
});

test("one run that diverged does not squeeze the others", () => {
    const values = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1000];
    check(valueScale(values, "minimize", false).high < 5, "when small is good");
    check(valueScale(values.map((value) => -value), "maximize", false).low > -5, "when large is good");
    check(valueScale(values, "maximize", false).high >= 1000, "unless it is the best");
    same(valueScale([null, null], "minimize", false), null, "without any value");
});

test("values of many sizes are shown by their logarithm, others and those below zero are not", () => {
    same([suitsLog([0.01, 0.1, 1]), suitsLog([1, 2, 3]), suitsLog([-1, 1000])], [true, false, false], "which");
});

test("a parameter is named by the end of its pointer, with more of it where that is not enough", () => {
    const names = shortNames(["/optimizer/type", "/schedule/type", "/optimizer/lr", "/model/hidden/0", "x"]);
    same([...names.values()], ["optimizer/type", "schedule/type", "lr", "hidden/0", "x"], "short names");
});

const reported = {
    space: { "/a": { type: "choice", values: ["p", "q"] }, "/b": { type: "float", low: 0, high: 1 } },
    objectives: [{ metric: "loss", goal: "minimize" }],
    runs: { columns: ["run", "number", "told", "outcome", "feasible", "value 0", "/a", "/b"], rows: [[7, 0, 0, "done", true, 0.5, 1, null]], of: 1 },
};

test("the table has each proposed run once, with words for its choices", () => {
    const run = (id, state, tuned) => ({ id, number: id - 7, state, tuned, objective: null, reason: null, attempt: 1 });
    const list = searchRuns(reported, [run(7, "succeeded", { "/a": "q" }), run(8, "running", { "/a": "p" }), run(9, "waiting", {})]);
    same(list.map(({ id }) => id), [7, 8], "runs; the third was not proposed");
    same(list[0].parameters, { "/a": "q" }, "the place 1 stands for q, and /b does not apply");
    same(list[0].values, [0.5], "the value is the report's");
});

/* --- in a browser --- */

const number = (low, high, rest = {}) => ({ type: "float", low, high, ...rest });
const external = (name, runs, rest = {}) => ({
    kind: "search",
    runner: "external",
    name,
    space: { lr: number(1e-4, 1, { scale: "log" }), depth: { type: "int", low: 1, high: 8 }, act: { type: "choice", values: ["relu", "gelu"] } },
    objectives: [{ metric: "loss", goal: "minimize" }],
    algorithm: { type: "random" },
    budget: { runs },
    ...rest,
});

async function post(api, path, body) {
    const response = await fetch(`${api.base}/api/v1${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    check(response.ok, `POST ${path}: ${response.status}`);
    return response.json();
}

/* Asks for `count` points and tells `how` they went. */
async function tell(api, job, count, how) {
    const { runs } = await post(api, `/jobs/${job}/ask`, { count });
    for (const run of runs) await post(api, `/runs/${run.id}/tell`, how(run.parameters, run.number));
    return runs;
}

const loss = ({ lr, depth }) => 0.1 + (Math.log10(lr) + 2) ** 2 + 0.02 * depth;
const lost = (parameters, number) => (number % 7 === 3 ? { state: "failed", message: "out of memory" } : { state: "succeeded", values: [loss(parameters)] });

const kept = new Map();
function once(key, make) {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
}

const searched = (api) =>
    once("searched", async () => {
        const { id } = await api.submit(external("by hand", 28));
        await tell(api, id, 28, lost);
        return api.finished(id);
    });

const traded = (api) =>
    once("traded", async () => {
        const objectives = [{ metric: "loss", goal: "minimize" }, { metric: "size", goal: "minimize" }];
        const { id } = await api.submit(external("two goals", 20, { objectives }));
        await tell(api, id, 20, (parameters) => ({ state: "succeeded", values: [loss(parameters) + 1 / parameters.depth, parameters.depth] }));
        return api.finished(id);
    });

const dots = async (page, panel) => Number(await page.locator(`.${panel} .plot`).first().getAttribute("data-dots"));

test("a search shows its best run, its runs as dots, and what matters", async ({ open, api }) => {
    const job = await searched(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".search-history .plot svg").waitFor();
    same(await dots(page, "search-history"), 28, "a dot for each run");
    await page.locator(".search-best", { hasText: String(report.best[0].run) }).waitFor();
    check((await page.locator(".search-summary").innerText()).includes(report.sentence), "the sentence of the report");
    same(await page.locator(".search-history .legend-kind").allInnerTexts(), ["done", "failed"], "kinds of dots");
    same(await page.locator(".importance tbody tr").count(), 3, "parameters that matter");
    same(await page.locator(".slices .plot").count(), 3, "slices");
    await page.locator(".contour .plot rect").first().waitFor();
});

test("the runs of a search are a table with a column for each parameter, the best first", async ({ open, api }) => {
    const job = await searched(api);
    const { best } = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    const table = page.getByRole("region", { name: "Runs of this search" });
    await table.locator("tbody tr td a").first().waitFor();
    same(await table.locator("tbody a").first().innerText(), String(best[0].run), "the first row");
    same(await table.locator("thead th").evaluateAll((heads) => heads.slice(3, 6).map((head) => head.title)), ["lr", "depth", "act"], "columns");
    await table.getByRole("button", { name: "lr" }).click();
    const rates = await table.locator("tbody td:nth-child(4)").allInnerTexts();
    const sizes = rates.map(Number);
    check(sizes.length > 16 && sizes.every((rate, i) => i === 0 || rate >= sizes[i - 1]), `by rate: ${rates.join(" ")}`);
    await page.locator(".search-runs").getByLabel("State").selectOption("failed");
    same(await table.locator("tbody tr").count(), 4, "failed runs");
});

test("runs that are told appear by themselves, with the line for asking", async ({ open, api }) => {
    const { id } = await api.submit(external("told one by one", 40));
    try {
        await tell(api, id, 3, (parameters) => ({ state: "succeeded", values: [loss(parameters)] }));
        const page = await open(`/jobs/${id}`);
        await until(async () => (await page.locator(".search-history .plot").count()) && (await dots(page, "search-history")) === 3, "three dots");
        check((await page.locator(".external pre").innerText()).includes(`${api.base}/api/v1/jobs/${id}/ask`), "the curl line");
        const [run] = await tell(api, id, 1, () => ({ state: "succeeded", values: [0.001] }));
        await until(async () => (await dots(page, "search-history")) === 4, "the fourth");
        same(await page.locator(".search-best a").innerText(), String(run.id), "the best run");
        const { runs } = await post(api, `/jobs/${id}/ask`, { count: 1 });
        const row = page.getByRole("region", { name: "Runs of this search" }).locator("tr", { has: page.locator(`a[href="/runs/${runs[0].id}"]`) });
        await row.locator(".state.running").waitFor();
        await until(async () => /0\.\d|e-/.test(await row.locator("td:nth-child(4)").innerText()), "its parameters");
    } finally {
        await api.cancel(id);
    }
});

test("the front of two objectives is drawn", async ({ open, api }) => {
    const job = await traded(api);
    const { front } = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".front .steps.front").waitFor();
    check((await page.locator(".front h2").innerText()).includes(`${front.of} run`), "how many are on it");
    const drawn = await page.locator(".front .dots.good").getAttribute("d");
    same(drawn.split("M").length - 1, front.of, "their dots");
    await page.locator(".search-history").getByLabel("Objective").selectOption("size");
    await page.getByRole("heading", { name: "Best size" }).waitFor();
});

test("a dot is found with the keyboard and opens its run", async ({ open, api }) => {
    const job = await searched(api);
    const page = await open(`/jobs/${job.id}`);
    const plot = page.locator(".search-history .plot");
    await plot.locator("svg").waitFor();
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const words = await plot.locator(".plot-readout").innerText();
    const run = /run (\d+)/.exec(words)?.[1];
    check(run !== undefined && words.includes("ended as number 2"), words);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/runs/${run}`);
});

test("a run that was told shows its parameters and who proposed them, and no model", async ({ open, api }) => {
    const job = await traded(api);
    const { best } = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/runs/${best[0].run}`);
    const facts = page.locator(".facts");
    await facts.getByText("Proposed by").waitFor();
    const words = await facts.innerText();
    for (const part of ["Parameters", `depth ${best[0].parameters.depth}`, "All values"]) check(words.includes(part), `"${part}" in "${words}"`);
    same(await page.getByText("Model (safetensors)").count(), 0, "models");
});

test("a narrower space goes into the text box as the next search", async ({ open, api }) => {
    const job = await searched(api);
    const { narrower } = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.getByRole("button", { name: "Search it next" }).click();
    const next = JSON.parse(await page.getByLabel("The job as JSON").inputValue());
    same(next.space, narrower.space, "its space");
    same(next.warm_start, { jobs: [job.id] }, "what it starts from");
});

test("the budget is raised, and the search stopped after a question", async ({ open, api }) => {
    const { id } = await api.submit(external("budget", 30));
    try {
        await tell(api, id, 2, (parameters) => ({ state: "succeeded", values: [loss(parameters)] }));
        const page = await open(`/jobs/${id}`);
        await page.getByLabel("Runs in all").fill("50");
        await page.keyboard.press("Enter");
        await until(async () => (await page.locator(".search-summary .facts").last().innerText()).includes("2 of 50"), "the page shows it");
        same((await api.get(`/jobs/${id}`)).runs.total, 50, "runs of the job");
        await page.getByRole("button", { name: "Stop now…" }).click();
        await page.getByRole("button", { name: "Stop the search" }).click();
        await page.locator(".job-progress .state.succeeded").waitFor();
        same(await page.getByRole("button", { name: "Stop now…" }).count(), 0, "ways to stop it again");
        await page.getByLabel("Runs in all").fill("3");
        await page.keyboard.press("Enter");
        await page.locator(".job-progress .state.running").waitFor();
    } finally {
        await api.cancel(id);
    }
});

/* Of this server's own workers, on a problem, which takes them milliseconds. */
const problem = { problem: { type: "quadratic", eigenvalues: [1, 4], start: [1, 1], noise: 0.1 }, optimizer: { type: "sgd", lr: 0.01 }, steps: 80 };
const rates = (name, rest) => ({ kind: "search", name, base: problem, space: { "/optimizer/lr": number(0.02, 0.3, { scale: "log" }) }, ...rest });

const confirmed = (api) =>
    once("confirmed", async () => {
        const job = await api.submit(rates("confirmed", { algorithm: { type: "sobol" }, budget: { runs: 6 } }));
        await api.finished(job.id);
        const { id } = await post(api, `/jobs/${job.id}/confirm`, { best: 2, seeds: 3 });
        await api.finished(id);
        return job;
    });

test("the best runs of a search are confirmed over fresh seeds", async ({ open, api }) => {
    const { id } = await api.submit(rates("to confirm", { algorithm: { type: "sobol" }, budget: { runs: 6 } }));
    await api.finished(id);
    const page = await open(`/jobs/${id}`);
    const panel = page.locator(".confirm");
    await panel.getByLabel("Best").fill("2");
    await panel.getByLabel("over seeds").fill("0");
    same(await panel.getByRole("button", { name: "Confirm" }).isDisabled(), true, "no seeds at all");
    await panel.getByLabel("over seeds").fill("7");
    await panel.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("heading", { name: "confirm to confirm" }).waitFor();
    await page.locator(".confirms", { hasText: `#${id} to confirm` }).waitFor();
    const made = Number(new URL(page.url()).pathname.split("/").at(-1));
    const job = await api.finished(made);
    same([job.request.from_search, job.request.arms.length, job.request.seeds.length], [id, 3, 7], "the comparison");
    await page.locator(".confirms a").click();
    const { confirmations, best } = await api.get(`/jobs/${id}/report`);
    await panel.locator(".confirmation", { hasText: confirmations[0].sentence }).waitFor();
    same(await panel.locator("tbody th").allInnerTexts(), ["base", ...best.slice(0, 2).map(({ run }) => `run ${run}`)], "arms");
});

test("a run of a population shows where its weights come from, and the schedule that makes", async ({ open, api }) => {
    const { id } = await api.submit(rates("population", { algorithm: { type: "pbt", population: 2, interval: 0.25 }, budget: { runs: 8 } }));
    await api.finished(id);
    const lineage = await api.get(`/jobs/${id}/lineage`);
    const page = await open(`/jobs/${id}`);
    same(await page.locator(".confirm").count(), 0, "ways to confirm runs that are no specification");
    const panel = page.locator(".lineage");
    await panel.locator("tbody tr").first().waitFor();
    same(await panel.getByRole("region").locator("tbody tr").count(), lineage.chain.length, "parts");
    await panel.getByRole("button", { name: "Train it as one run" }).click();
    const next = JSON.parse(await page.getByLabel("The job as JSON").inputValue());
    same([next.kind, next.spec], ["train", lineage.spec], "the job");
    await page.goto(`${api.base}/runs/${lineage.run}`);
    await panel.locator("tbody tr a").first().click();
    await page.getByRole("heading", { name: `Run ${lineage.chain[0].run}` }).waitFor();
});

/* 100,000 runs as the server reports them: 2,000 of them as dots. */
function bigSearch(report) {
    const rows = Array.from({ length: 2000 }, (_, i) => [i + 1, i, i, i % 9 ? "done" : "pruned", true, 1 + ((i * 7919) % 2000) / 300, 10 ** (-4 * ((i * 613) % 997) / 997), 1 + (i % 8), i % 2]);
    return { ...report, runs: { ...report.runs, rows, of: 100_000 }, counts: { ...report.counts, budget: 100_000, proposed: 100_000, told: 100_000 } };
}

test("a search of 100,000 runs keeps the document small and draws soon", async ({ open, api }) => {
    const job = await searched(api);
    const report = bigSearch(await api.get(`/jobs/${job.id}/report`));
    const page = await open(null);
    await page.route(`**/api/v1/jobs/${job.id}/report**`, (route) => route.fulfill({ json: report }));
    await page.goto(`${api.base}/jobs/${job.id}`);
    await page.locator(".search-history .plot svg").waitFor();
    same(await dots(page, "search-history"), 2000, "dots");
    const elements = await page.evaluate(() => document.querySelectorAll("*").length);
    check(elements < 4000, `${elements} elements`);
    check((await page.locator(".search-runs").innerText()).includes("of 100,000 runs"), "the table says that there are more");
    const box = await page.locator(".search-history .plot").boundingBox();
    const typical = await page.evaluate(async ({ x, y, width, height }) => {
        const plot = document.querySelector(".search-history .plot");
        const times = [];
        for (let i = 0; i < 20; i++) {
            const begun = performance.now();
            plot.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: x + (width * i) / 20, clientY: y + height / 2 }));
            await new Promise(requestAnimationFrame);
            times.push(performance.now() - begun);
        }
        return times.sort((a, b) => a - b)[10];
    }, box);
    check(typical < 100, `the pointer is followed within ${typical.toFixed(0)} ms`);
});

const axe = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");

async function settled(page) {
    await page.locator(".search-history .plot svg").waitFor();
    await page.locator(".search-runs tbody a").first().waitFor();
    await until(async () => !(await page.getByText("Fetching…").count()), "everything is there");
}

for (const colorScheme of ["light", "dark"])
    test(`axe finds no serious barrier on searches in ${colorScheme}`, async ({ open, api }) => {
        const page = await open(null, { colorScheme, reducedMotion: "reduce" });
        const found = [];
        for (const job of [await searched(api), await traded(api), await confirmed(api)]) {
            await page.goto(`${api.base}/jobs/${job.id}`);
            await settled(page);
            await page.evaluate(axe);
            const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
            for (const { id, impact, nodes } of violations)
                if (impact === "serious" || impact === "critical") found.push(`${job.name}: ${id}: ${nodes.map((node) => node.target).join(" ")}`);
        }
        same(found, [], "barriers");
    });

test("no search is wider than a phone of 360 pixels", async ({ open, api }) => {
    const page = await open(null, { viewport: { width: 360, height: 740 }, hasTouch: true });
    for (const job of [await searched(api), await traded(api), await confirmed(api)]) {
        await page.goto(`${api.base}/jobs/${job.id}`);
        await settled(page);
        same(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${job.name}: pixels too wide`);
    }
});
