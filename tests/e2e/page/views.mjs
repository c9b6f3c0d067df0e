/* What a person does with the page. */
import { readFileSync } from "node:fs";
import { check, fromWeb, same, test, until } from "./harness.mjs";

const bowl = { type: "quadratic", eigenvalues: [1, 4], start: [1, -2] };
const sgd = (lr) => ({ type: "sgd", lr });
const train = (name, steps, lr = 0.1, rest = {}) => ({
    kind: "train",
    reuse: false,
    name,
    spec: { problem: bowl, optimizer: sgd(lr), steps, ...rest },
});
const schedules = ["constant", "linear", "cosine"].map((type) => ({ name: type, patch: { schedule: { type } } }));
const comparison = (name) => ({
    kind: "compare",
    reuse: false,
    name,
    base: { problem: { ...bowl, noise: 0.3 }, optimizer: sgd(0.05), steps: 400, report_every_steps: 10 },
    arms: schedules,
    tune: { over: { "/optimizer/lr": [0.01, 0.05, 0.2] }, seeds: [101, 102] },
    seeds: [1, 2, 3, 4],
    metric: { name: "train_loss", goal: "minimize", at: "last" },
    baseline: "constant",
});
/* Takes long enough to be watched on any machine; cancelled at the end. */
const endless = (name) => train(name, 200_000_000, 0.001, { report_every_steps: 20_000 });

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };

/* Jobs that several tests look at, submitted by the first that asks. */
const kept = new Map();
function once(api, key, job) {
    if (!kept.has(key)) kept.set(key, api.submit(job).then(({ id }) => api.finished(id)));
    return kept.get(key);
}
const compared = (api) => once(api, "compared", comparison("which schedule?"));
const diverged = (api) => once(api, "diverged", train("too fast", 2000, 40));
const trained = (api) => once(api, "trained", train("a bowl", 500));
const firstRun = async (api, job) => (await api.get(`/jobs/${job.id}/runs?limit=1`)).runs[0];
const points = async (chart) => Number(await chart.getAttribute("data-points"));

test("the list shows a job with its state and how many runs are over", async ({ open, api }) => {
    const job = await trained(api);
    const page = await open("/?state=succeeded");
    const row = page.locator("tr", { has: page.locator(`a[href="/jobs/${job.id}"]`) });
    await row.waitFor();
    const words = await row.innerText();
    for (const part of ["a bowl", "train", "succeeded", "1/1"]) check(words.includes(part), `"${part}" in "${words}"`);
});

test("a new job appears in the list by itself", async ({ open, api }) => {
    const page = await open("/");
    await page.getByText("live", { exact: true }).waitFor();
    const { id } = await api.submit(train("comes by itself", 50));
    await page.locator(`a[href="/jobs/${id}"]`).waitFor();
});

test("the list can be filtered by state, and the address remembers it", async ({ open, api }) => {
    const bad = await diverged(api);
    const good = await trained(api);
    const page = await open("/");
    await page.getByRole("button", { name: "failed", exact: true }).click();
    await page.locator(`a[href="/jobs/${bad.id}"]`).waitFor();
    await until(async () => (await page.locator(`a[href="/jobs/${good.id}"]`).count()) === 0, "the other job leaves");
    check(page.url().endsWith("state=failed"), page.url());
    await page.reload();
    await page.locator(`a[href="/jobs/${bad.id}"]`).waitFor();
    same(await page.locator(`a[href="/jobs/${good.id}"]`).count(), 0, "the other job stays away");
});

test("curve, step and title grow while a job trains, by events alone", async ({ open, api }) => {
    const { id } = await api.submit(endless("long"));
    try {
        const page = await open(`/jobs/${id}`);
        const chart = page.locator(".curves .chart");
        await until(async () => (await chart.count()) && (await points(chart)) >= 2, "the first values");
        const fetched = [];
        page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
        const before = await points(chart);
        await until(async () => (await points(chart)) >= before + 3, "more values");
        same(fetched, [], "nothing is fetched again");
        check(/^\d+ % · long · sweepd$/.test(await page.title()), await page.title());
        check((await page.locator("link[rel=icon]").getAttribute("href")).startsWith("data:image/png"), "the icon is a ring");
    } finally {
        await api.cancel(id);
    }
});

test("a job is paused, resumed and cancelled after a question", async ({ open, api }) => {
    const { id } = await api.submit(endless("to be cancelled"));
    try {
        const page = await open(`/jobs/${id}`);
        await page.getByRole("button", { name: "Pause" }).click();
        await page.getByRole("button", { name: "Resume" }).waitFor();
        check((await api.get(`/jobs/${id}`)).paused, "the server knows");
        await page.getByRole("button", { name: "Resume" }).click();
        await page.getByRole("button", { name: "Pause" }).waitFor();
        await page.getByRole("button", { name: "Cancel…" }).click();
        await page.getByRole("button", { name: "Keep it" }).click();
        check((await api.get(`/jobs/${id}`)).finished_ms === null, "kept");
        await page.getByRole("button", { name: "Cancel…" }).click();
        await page.getByRole("button", { name: "Cancel the job" }).click();
        await page.locator(".job-progress .state.cancelled").waitFor();
    } finally {
        await api.cancel(id);
    }
});

test("a priority is changed on the page", async ({ open, api }) => {
    const { id } = await api.submit(endless("urgent"));
    try {
        const page = await open(`/jobs/${id}`);
        await page.getByLabel("Priority").fill("7");
        await page.keyboard.press("Enter");
        await until(async () => (await api.get(`/jobs/${id}`)).priority === 7, "priority 7");
    } finally {
        await api.cancel(id);
    }
});

/* Three of the four rates go at the first rung. */
const halving = {
    kind: "compare",
    name: "halved",
    base: { problem: { ...bowl, noise: 0.3 }, optimizer: sgd(0.05), steps: 200, report_every_steps: 10 },
    arms: [{ name: "plain", patch: {} }, { name: "heavy", patch: { optimizer: { type: "momentum", momentum: 0.5 } } }],
    tune: { over: { "/optimizer/lr": [0.001, 0.002, 0.004, 0.05] }, seeds: [101, 102], strategy: "halving", factor: 4, rungs: [0.5] },
    seeds: [1, 2],
    metric: { name: "train_loss", goal: "minimize", at: "last" },
};

test("the report shows which points halving gave up, and what that saved", async ({ open, api }) => {
    const job = await once(api, "halved", { ...halving, reuse: false });
    const { arms, saved } = await api.get(`/jobs/${job.id}/report`);
    const dropped = arms.flatMap(({ tuning }) => tuning).filter((entry) => entry.dropped).length;
    check(dropped === 6, `6 points dropped, not ${dropped}`);
    const page = await open(`/jobs/${job.id}`);
    const out = page.locator(".tuning td", { hasText: "dropped at rung 1" });
    await out.first().waitFor();
    same(await out.count(), dropped, "points that are out");
    check((await out.first().getAttribute("title")).includes("behind 100 steps"), "the title tells when");
    await page.getByText(`Saved: ${saved.dropped_runs} runs stopped at a rung, ${saved.dropped_steps.toLocaleString("en")} steps.`).waitFor();
});

test("the report shows which runs took over the results of others", async ({ open, api }) => {
    const spare = { ...halving, name: "spare", tune: undefined, seeds: [7, 8, 9] };
    await once(api, "spare", spare);
    const again = await once(api, "spare again", { ...spare, seeds: [7, 8, 10] });
    const { arms, saved } = await api.get(`/jobs/${again.id}/report`);
    const counts = arms.map(({ values }) => values.filter((value) => value.reused_from).length);
    check(counts.every((count) => count >= 2), `at least 2 of an arm are reused: ${counts}`);
    const page = await open(`/jobs/${again.id}`);
    for (const [i, count] of counts.entries()) {
        const cell = page.locator(".report tbody tr").nth(i).locator(".arm-n", { hasText: `${count} reused` });
        const title = await cell.locator("[title]").getAttribute("title");
        check(title.startsWith(`seed 7 from run ${arms[i].values[0].reused_from}, seed 8 `), `the title tells from where: "${title}"`);
    }
    await page.getByText(`Saved: ${saved.reused_runs} runs took over results of identical runs, ${saved.reused_steps.toLocaleString("en")} steps.`).waitFor();
});

test("the report shows the server's numbers, the best arm and curves with bands", async ({ open, api }) => {
    const job = await compared(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".report tbody tr").first().waitFor();
    same(await page.locator(".report tbody tr").count(), report.arms.length, "arms");
    for (const [i, arm] of report.arms.entries()) {
        const row = page.locator(".report tbody tr").nth(i);
        const words = await row.innerText();
        check(words.includes(arm.name), `${arm.name} in "${words}"`);
        same(words.includes("best"), arm.best, `${arm.name} is marked`);
        const shown = Number(await row.locator(".arm-mean strong").innerText());
        check(Math.abs(shown - arm.mean) <= arm.standard_error / 10 + 1e-9, `${arm.name}: ${shown} for ${arm.mean} ± ${arm.standard_error}`);
        same(await row.locator("circle").count(), arm.values.length, `dots of ${arm.name}`);
    }
    same(await page.locator(".tuning .chosen").count(), report.arms.length, "chosen grid points");
    const chart = page.locator(".mean-curves .chart");
    const laws = new Set(report.arms.map((arm) => arm.prediction?.loss ?? null).filter((loss) => loss !== null));
    const known = report.arms.reduce((sum, arm) => sum + arm.curve.step.length, 2 * laws.size); /* two ends of each closed form */
    await until(async () => (await points(chart)) === known, "all points of the mean curves");
    await chart.focus();
    await page.keyboard.press("ArrowRight");
    await page.locator(".mean-curves .readout").waitFor();
    const readout = await page.locator(".mean-curves .readout").innerText();
    for (const arm of report.arms) check(readout.includes(arm.name), `${arm.name} in "${readout}"`);
    check(await hasBand(page, ".mean-curves canvas"), "pale pixels of a band beside the line");
});

const judged = (api) =>
    once(api, "judged", {
        ...comparison("judged"),
        seeds: [1, 2, 3, 4, 5, 6, 7, 8],
        arms: [...schedules, { name: "twin", patch: { schedule: { type: "constant" } } }],
        equivalent_within: { relative: 0.5 },
        target: 0.05,
        level: 0.1,
    });

test("the verdict stands in words above the pairs, each with its gain, interval and chip", async ({ open, api }) => {
    const job = await judged(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    const rows = page.locator(".pairs tbody tr");
    await rows.first().waitFor();
    same(await page.locator(".sentence").innerText(), `${report.sentence}.`, "the sentence");
    same(await rows.count(), 3, "pairs with the baseline");
    for (const [i, pair] of report.pairs.slice(0, 3).entries()) {
        const words = await rows.nth(i).innerText();
        check(words.includes(pair.first) && words.includes(pair.baseline.verdict), `${pair.first}: ${pair.baseline.verdict} in "${words}"`);
        const shown = Number(await rows.nth(i).locator(".pair-gain strong").innerText());
        check(Math.abs(shown - pair.gain.mean) <= pair.gain.standard_error / 10 + 1e-9, `${pair.first}: ${shown} for ${pair.gain.mean}`);
        same(await rows.nth(i).locator(".forest-band").count(), 1, "the band of what counts as equal");
        const arrow = await rows.nth(i).locator(".forest text").count();
        same((await rows.nth(i).locator(".forest circle").count()) + arrow, 1, "a dot, or an arrow to where it would be");
    }
    same(await rows.last().locator(".chip").innerText(), "= equivalent", "the twin");
    await page.getByRole("button", { name: "all pairs" }).click();
    await until(async () => (await rows.count()) === 6, "all pairs");
});

test("time to target is told for each arm, those that never got there too", async ({ open, api }) => {
    const job = await judged(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    const rows = page.locator(".targets tbody tr");
    await rows.first().waitFor();
    for (const [i, arm] of report.arms.entries()) {
        const words = await rows.nth(i).innerText();
        check(words.includes(arm.name) && words.includes(`${arm.target.reached}/${arm.target.n}`), `${arm.target.reached}/${arm.target.n} in "${words}"`);
    }
});

test("mean curves can be seen by training time", async ({ open, api }) => {
    const job = await judged(api);
    const page = await open(`/jobs/${job.id}`);
    const chart = page.locator(".mean-curves .chart");
    await until(async () => (await chart.count()) && (await points(chart)) > 0, "curves by step");
    await page.getByLabel("Metric of the mean curves").selectOption("update_norm"); /* no theory beside it */
    const asked = page.waitForResponse((response) => response.url().includes("update_norm&by=wall_time"));
    await page.getByLabel("Axis of the mean curves").selectOption("wall_time");
    const report = await (await asked).json();
    await until(async () => (await points(chart)) === report.arms.reduce((sum, arm) => sum + arm.curve.x.length, 0), "the points by time");
    check((await chart.getAttribute("aria-label")).includes("by wall time"), await chart.getAttribute("aria-label"));
});

/* A band is its arm's colour, pale: neither the ground nor the full colour of any line. */
function hasBand(page, selector) {
    return page.locator(selector).evaluate((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let pale = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i] > 30 && data[i] < 60) pale++;
        return pale > 200;
    });
}

test("the report lays predictions beside what was measured, and shows what scaling changed", async ({ open, api }) => {
    const optimizer = { type: "adamw", lr: 0.01, weight_decay: 1 };
    const problem = { type: "quadratic", eigenvalues: [1, 2], start: [0.01, 0.01], noise_deviation: [0.1, 0.2] };
    const { id } = await api.submit({ kind: "compare", name: "scaled", base: { problem, optimizer, steps: 4000, replicas: 20 }, scale_batch: [1, 4], seeds: [1, 2] });
    await api.finished(id);
    const report = await api.get(`/jobs/${id}/report`);
    const page = await open(`/jobs/${id}`);
    await page.locator(".theory tbody tr").first().waitFor();
    same(await page.locator(".theory tbody tr").count(), 4, "predictions");
    const first = await page.locator(".theory tbody tr").first().innerText();
    check(first.includes(report.arms[0].prediction.loss.toExponential(3)), `the predicted loss in "${first}"`);
    check(first.includes("adamw, corrected"), `the law in "${first}"`);
    check((await page.locator(".notes").innerText()).includes("/optimizer/beta1 0.9 -> 0.6"), "what scaling changed");
});

const onTasks = (api) =>
    once(api, "tasks", {
        kind: "compare",
        reuse: false,
        base: { problem: { ...bowl, noise: 0.1 }, optimizer: sgd(0.1), steps: 40, report_every_steps: 10 },
        tasks: [
            { name: "round", spec: { problem: { eigenvalues: [1, 1] } } },
            { name: "steep", spec: { problem: { eigenvalues: [1, 8] } } },
            { name: "short", spec: { steps: 20 } },
        ],
        arms: [0.1, 0.01, 0.0001].map((lr) => ({ name: `rate ${lr}`, patch: { optimizer: { lr } } })),
        seeds: [1, 2, 3, 4],
    });

/* Rounds of 4 seeds that all point one way: p = 0.125, then 0.0078, which is below 0.0158. */
const inRounds = (api) =>
    once(api, "in rounds", {
        kind: "compare",
        base: { problem: { ...bowl, noise: 0.01 }, optimizer: sgd(0.001), steps: 40, report_every_steps: 10 },
        arms: [{ name: "slow", patch: {} }, { name: "quick", patch: { optimizer: { lr: 0.05 } } }],
        seeds: Array.from({ length: 20 }, (_, i) => i + 1),
        sequential: { looks: 5 },
    });

test("a comparison in rounds shows what each look found, and what was not needed", async ({ open, api }) => {
    const job = await inRounds(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".looks tbody tr").waitFor();
    const cells = await page.locator(".looks tbody td").allInnerTexts();
    same(cells.join(" "), "0.13 better – – – 12", "the row of the arm");
    check((await page.locator(".looks").innerText()).includes(report.sequential.sentence), "the sentence");
    same(await page.locator(".report tbody .arm-n").first().innerText(), "8/20", "seeds that were needed");
});

test("a comparison on tasks shows ranks over them, and each of them by itself", async ({ open, api }) => {
    const job = await onTasks(api);
    const report = await api.get(`/jobs/${job.id}/report`);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".critical").waitFor();
    check((await page.locator(".over-tasks .sentence").innerText()).includes(report.over_tasks.sentence), "the sentence over tasks");
    same(await page.locator(".critical-group").count(), report.over_tasks.groups.length, "bars");
    same(await page.locator(".critical").getAttribute("aria-label"), "mean ranks: rate 0.1 1, rate 0.01 2, rate 0.0001 3", "ranks");
    const words = async () => (await page.locator(".panel", { has: page.locator(".report") }).innerText()).replaceAll(/\s+/g, " ");
    check((await words()).includes("Report on round"), "the first task at first");
    await page.locator(".ranks").getByRole("button", { name: "steep" }).click();
    await until(async () => (await words()).includes("Report on steep"), "the chosen task");
    check((await words()).includes(report.tasks[1].sentence), "its verdict");
    await page.getByRole("button", { name: "all pairs" }).click();
    await until(async () => (await page.locator(".pairs tbody tr").count()) === 3, "all pairs of the task");
    await page.getByLabel("Axis of the mean curves").selectOption("wall_time");
    await until(async () => (await points(page.locator(".mean-curves .chart"))) > 0, "its curves by time");
});

test("the report grows while the comparison runs", async ({ open, api }) => {
    const { id } = await api.submit({ ...comparison("grows"), base: { problem: { ...bowl, noise: 0.3 }, optimizer: sgd(0.05), steps: 40_000, report_every_steps: 1000 } });
    const page = await open(`/jobs/${id}`);
    await page.locator(".report tbody tr").first().waitFor();
    await api.finished(id);
    await page.locator(".report .tag.good").waitFor();
    await until(async () => (await page.locator(".report circle").count()) === 12, "a dot for every arm and seed");
});

test("why a run failed is said in the job and in the run, where it can be retried", async ({ open, api }) => {
    const job = await diverged(api);
    const run = await firstRun(api, job);
    const page = await open(`/jobs/${job.id}`);
    await page.locator(".callout.bad").waitFor();
    check((await page.locator(".callout.bad").innerText()).includes("diverged"), "the job says why");
    await page.locator(`.callout a[href="/runs/${run.id}"]`).click();
    await page.getByRole("button", { name: "Retry" }).waitFor();
    check((await page.locator(".job-head").innerText()).includes("diverged"), "the run says why");
    const attempt = run.attempt;
    await page.getByRole("button", { name: "Retry" }).click();
    await until(async () => (await api.get(`/runs/${run.id}`)).attempt > attempt, "another attempt");
});

test("a run shows its metrics, its specification and its model", async ({ open, api }) => {
    const job = await trained(api);
    const run = await firstRun(api, job);
    const page = await open(`/runs/${run.id}`);
    const panel = page.getByRole("region", { name: "train_loss" });
    await until(async () => (await panel.locator(".chart").count()) && (await points(panel.locator(".chart"))) > 1, "a curve");
    const spec = await page.locator(".json").first().innerText();
    check(spec.includes('"report_every_steps"'), "defaults are filled in");
    const model = await page.request.get(await page.locator("a[href$='/model']").evaluate((link) => link.href));
    same(model.status(), 200, "the model is there");
});

test("what the server refuses is shown at the field, and a click leads there", async ({ open }) => {
    const page = await open("/submit", { expected: [/status of 422/] });
    const text = `{\n  "kind": "train",\n  "spec": {\n    "problem": {"type": "quadratic", "eigenvalues": [1], "start": [1]},\n    "optimizer": {"type": "sgd", "lr": -1},\n    "stepps": 20\n  }\n}`;
    const box = page.getByLabel("The job as JSON");
    await box.fill(text);
    await page.getByRole("button", { name: "Submit" }).click();
    const problem = page.locator(".problem", { hasText: "/spec/optimizer/lr" });
    await problem.waitFor();
    await page.locator(".problem", { hasText: "/spec/stepps" }).waitFor();
    const marked = await page.locator(".editor mark").allInnerTexts();
    check(marked.includes('"lr": -1') && marked.includes('"stepps": 20'), `marked: ${marked}`);
    same(await box.getAttribute("aria-invalid"), "true", "the box says that it is wrong");
    await problem.click();
    same(await box.evaluate((area) => area.selectionStart), text.indexOf('"lr"'), "the caret");
    check(await box.evaluate((area) => area === document.activeElement), "the box has the focus");
});

test("bad JSON is shown by line and column", async ({ open }) => {
    const page = await open("/submit", { expected: [/status of 400/] });
    await page.getByLabel("The job as JSON").fill('{\n  "kind": "train",\n  "spec": {,}\n}');
    await page.locator(".problem", { hasText: "line 3, column 12" }).waitFor();
    await page.getByRole("button", { name: "Submit" }).click();
    await page.locator(".problem", { hasText: "line 3, column 12" }).waitFor();
    same(await page.locator(".editor-numbers .wrong").allInnerTexts(), ["3"], "the marked line");
});

test("a job that is right is submitted from the keyboard and shown", async ({ open, api }) => {
    const page = await open("/submit");
    await page.getByLabel("The job as JSON").fill(JSON.stringify(train("from the box", 20)));
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/\/jobs\/\d+$/);
    await page.getByRole("heading", { name: "from the box" }).waitFor();
    const id = Number(page.url().split("/").at(-1));
    same((await api.get(`/jobs/${id}`)).name, "from the box", "the server has it");
});

test("every template of the text box is a job that the server accepts", async ({ open, api }) => {
    for (const name of ["Train", "Compare", "Search", "Ask and tell", "Analytic problem"]) {
        const page = await open("/submit");
        await page.getByRole("button", { name, exact: true }).click();
        await page.getByRole("button", { name: "Submit" }).click();
        await page.waitForURL(/\/jobs\/\d+$/);
        await api.cancel(Number(page.url().split("/").at(-1)));
    }
});

test("a job is a template for the next", async ({ open, api }) => {
    const job = await compared(api);
    const page = await open(`/jobs/${job.id}`);
    await page.getByRole("link", { name: "Use as template" }).click();
    const box = page.getByLabel("The job as JSON");
    await until(async () => (await box.inputValue()).includes("which schedule?"), "its JSON is in the box");
    same(JSON.parse(await box.inputValue()).arms, job.request.arms, "arms");
});

test("the settings beside the box can be searched", async ({ open }) => {
    const page = await open("/submit");
    await page.getByLabel("Search the settings").fill("momentum");
    await page.locator(".catalog summary code", { hasText: /^nesterov$/ }).waitFor();
    await page.getByLabel("Search the settings").fill("no such setting");
    await page.getByText("Nothing has “no such setting”").waitFor();
});

test("data sets are listed, and a built-in one is shown", async ({ open }) => {
    const page = await open("/datasets");
    await page.getByRole("link", { name: "digits" }).click();
    await page.getByRole("heading", { name: "digits" }).waitFor();
    check((await page.locator(".facts").innerText()).includes("28 × 28"), "its shape");
});

test("the queue shows slots, what runs and what waits", async ({ open, api }) => {
    const { slots } = await api.get("/queue");
    const ids = [];
    for (let i = 0; i < slots.total + 2; i++) ids.push((await api.submit(endless(`in line ${i}`))).id);
    try {
        const page = await open("/queue");
        await page.getByText(`${slots.total} of ${slots.total} slot`).waitFor();
        await page.locator(`a[href="/jobs/${ids.at(-1)}"]`).waitFor();
        same(await page.getByRole("region", { name: "Running" }).locator("tbody tr").count(), slots.total, "running");
    } finally {
        for (const id of ids) await api.cancel(id);
    }
});

/* Nobody else has used anything: all of the last hour is the default team's, a quarter is its due. */
test("the queue shows what each team has used, and when the next run starts", async ({ open, api, base }) => {
    const headers = { "content-type": "application/json" };
    await fetch(`${base}/api/v1/teams`, { method: "POST", headers, body: JSON.stringify({ name: "vision", share: 3 }) });
    await trained(api);
    const { slots } = await api.get("/queue");
    const ids = [];
    for (let i = 0; i < slots.total + 1; i++) ids.push((await api.submit(endless(`for long ${i}`))).id);
    try {
        const page = await open("/queue");
        const row = page.getByRole("region", { name: "Shares of the last hour" }).locator("tr", { hasText: "default" });
        const bar = row.getByRole("img", { name: "default: 100 % used of the last hour, share 25 %" });
        await bar.waitFor();
        const [whole, used, due] = await Promise.all([bar, bar.locator(".share-used"), bar.locator(".share-due")].map((part) => part.boundingBox()));
        same(Math.round(used.width), Math.round(whole.width), "the bar is full");
        same(Math.round(due.x + due.width / 2 - whole.x), Math.round(whole.width / 4), "the mark of its due");
        const next = page.getByRole("region", { name: "Waiting" }).locator("tr", { has: page.locator(`a[href="/jobs/${ids.at(-1)}"]`) });
        await until(async () => (await next.innerText()).includes("in "), "a time until it starts");
    } finally {
        for (const id of ids) await api.cancel(id);
        await fetch(`${base}/api/v1/teams/vision`, { method: "DELETE" });
    }
});

test("addresses work: links, back and forward, reload, and what is not there", async ({ open, api }) => {
    const { id } = await api.submit(train("to be found", 20));
    const page = await open("/", { expected: [/status of 404/] });
    const heading = page.getByRole("heading", { name: "to be found" });
    await page.locator(`a[href="/jobs/${id}"]`).click();
    await heading.waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    await page.goForward();
    await heading.waitFor();
    await page.reload();
    await heading.waitFor();
    await page.goto(`${new URL(page.url()).origin}/jobs/999999999`);
    await page.getByText("There is no such job").waitFor();
    await page.goto(`${new URL(page.url()).origin}/no/such/page`);
    await page.getByText("There is nothing at /no/such/page").waitFor();
});

test("the keyboard reaches the main actions in order, and gets out of the text box", async ({ open, api }) => {
    const { id } = await api.submit(endless("keys"));
    try {
        const page = await open(`/jobs/${id}`);
        await page.getByRole("button", { name: "Pause" }).waitFor();
        const focused = () => page.evaluate(() => (document.activeElement.getAttribute("aria-label") ?? document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText).trim());
        const order = [];
        for (let i = 0; i < 11; i++) {
            await page.keyboard.press("Tab");
            order.push((await focused()).replace(/^Theme.*/, "Theme"));
        }
        same(order, ["Skip to the content", "sweepd", "Jobs", "Data sets", "Queue", "Theme", "New job", "Priority", "Pause", "Cancel…", "Use as template"], "tab order");
        check(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none"), "the focus is seen");

        await page.getByRole("button", { name: "Cancel…" }).focus();
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
        await page.keyboard.press("Escape");
        same(await focused(), "Cancel…", "after Escape");

        await page.getByRole("link", { name: "New job" }).click();
        const box = page.getByLabel("The job as JSON");
        await box.fill("{");
        await box.press("End");
        await page.keyboard.press("Tab");
        same(await box.inputValue(), "{  ", "Tab indents");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Tab");
        same(await focused(), "Submit", "Escape, then Tab, leaves");
    } finally {
        await api.cancel(id);
    }
});

test("the theme follows the system, can be chosen, and is remembered", async ({ open }) => {
    const page = await open("/queue", { colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    same(await ground(), "rgb(17, 19, 21)", "dark by the system");
    await page.getByRole("button", { name: /Theme: auto/ }).click();
    same(await ground(), "rgb(246, 246, 244)", "light by choice");
    await page.reload();
    await page.getByRole("heading", { name: "Queue" }).waitFor();
    same(await ground(), "rgb(246, 246, 244)", "light after a reload");
});

test("without events the page says so, and catches up once they are back", async ({ open, api }) => {
    const page = await open(null, { expected: [/ERR_/] });
    let down = true;
    await page.route("**/api/v1/events*", (route) => (down ? route.abort() : route.continue()));
    await page.goto(`${api.base}/`);
    await page.getByText("reconnecting").waitFor();
    const { id } = await api.submit(train("meanwhile", 20));
    down = false;
    await page.getByText("live", { exact: true }).waitFor();
    await page.locator(`a[href="/jobs/${id}"]`).waitFor();
});

test("what a person wrote is shown as text, never as markup", async ({ open, api }) => {
    const name = '<img src="/x" onerror="document.title=1"><b>bold</b>';
    const { id } = await api.submit(train(name, 20));
    const page = await open(`/jobs/${id}`);
    await page.getByRole("heading", { name: "<b>bold</b>" }).waitFor();
    same(await page.locator("h1 img, h1 b").count(), 0, "elements in the heading");
});

/* A job of 1,000 runs, as the server would tell it. */
function bigJob() {
    const counts = { total: 1000, waiting: 0, queued: 0, running: 0, succeeded: 1000, pruned: 0, cancelled: 0, failed: 0 };
    const job = {
        id: 1, kind: "compare", name: "a thousand", state: "succeeded", priority: 0, paused: false, created_ms: 1e12, started_ms: 1e12, finished_ms: 1e12 + 1e6,
        runs: counts, request: { seeds: [] }, arms: ["a", "b"], metric: { name: "valid_loss", goal: "minimize", at: "last" }, baseline: "a",
    };
    const run = (i) => ({
        id: i + 1, job: 1, number: i, arm: i % 2 ? "b" : "a", phase: "report", seed: i, state: "succeeded", reason: null, message: null, attempt: 1, objective: i / 1000,
        step: 500, steps: 500, queued_ms: 1e12, started_ms: 1e12, finished_ms: 1e12, tuned: {}, metrics: { valid_loss: i / 1000 },
    });
    const step = Array.from({ length: 24 }, (_, i) => 20 * i);
    return {
        "/jobs/1": job,
        "/jobs/1/runs": { runs: Array.from({ length: 1000 }, (_, i) => run(i)), next: null },
        "/jobs/1/metrics": { name: "valid_loss", series: Array.from({ length: 1000 }, (_, i) => ({ run: i + 1, step, value: step.map((s) => i / 1000 + Math.exp(-s / 99)) })) },
        "/jobs/1/report": { job: 1, state: "succeeded", metric: job.metric, baseline: "a", finished: true, arms: [], saved: {}, warnings: [], sentence: "", judging: { level: 0.05, target: null }, pairs: [] },
    };
}

test("a job of 1,000 runs keeps the document small and its frames short", async ({ open, api }) => {
    const page = await open(null);
    const answers = bigJob();
    await page.route("**/api/v1/jobs/1**", (route) => {
        const path = new URL(route.request().url()).pathname.replace("/api/v1", "");
        return answers[path] ? route.fulfill({ json: answers[path] }) : route.continue();
    });
    await page.goto(`${api.base}/jobs/1`);
    await page.getByText("60 curves of 1,000").waitFor();
    const rows = page.locator(".rows tbody tr");
    check((await rows.count()) < 60, `${await rows.count()} rows in the document`);
    /* The median: one frame may be long because of a neighbour on the machine, half of them may not. */
    const typical = await page.evaluate(async () => {
        const box = document.querySelector(".rows");
        const frames = [];
        let last = performance.now();
        for (let i = 0; i < 60; i++) {
            box.scrollTop += 500;
            await new Promise(requestAnimationFrame);
            frames.push(performance.now() - last);
            last = performance.now();
        }
        return frames.sort((a, b) => a - b)[frames.length / 2];
    });
    check(typical < 50, `a frame takes ${typical.toFixed(0)} ms while scrolling`);
    await page.locator(".rows").evaluate((box) => (box.scrollTop = box.scrollHeight));
    await page.locator('.rows a[href="/runs/1000"]').waitFor();
});

const axe = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");

async function everyView(api) {
    const job = await compared(api);
    const bad = await diverged(api);
    const run = await firstRun(api, job);
    const verdict = await judged(api);
    const tasks = await onTasks(api);
    return ["/", `/jobs/${job.id}`, `/jobs/${verdict.id}`, `/jobs/${tasks.id}`, `/jobs/${bad.id}`, `/runs/${run.id}`, "/submit", "/datasets", "/datasets/digits", "/queue", "/nowhere"];
}

async function settled(page) {
    await page.locator("h1").first().waitFor();
    await until(async () => !(await page.getByText("Fetching…").count()), "everything is there");
    await page.waitForLoadState("load");
}

for (const colorScheme of ["light", "dark"])
    test(`axe finds no serious barrier on any view in ${colorScheme}`, async ({ open, api }) => {
        const found = [];
        const page = await open(null, { colorScheme, reducedMotion: "reduce" });
        for (const path of await everyView(api)) {
            await page.goto(api.base + path);
            await settled(page);
            await page.evaluate(axe);
            const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
            for (const { id, impact, nodes } of violations)
                if (impact === "serious" || impact === "critical") found.push(`${path}: ${id}: ${nodes.map((node) => node.target).join(" ")}`);
        }
        same(found, [], "barriers");
    });

test("no view is wider than a phone of 360 pixels", async ({ open, api }) => {
    const wide = [];
    const page = await open(null, phone);
    for (const path of await everyView(api)) {
        await page.goto(api.base + path);
        await settled(page);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) wide.push(`${path}: ${over} px`);
    }
    same(wide, [], "too wide");
});
