/*
 * What the tests of the page share: a browser, the API, and assertions that say what they saw.
 * Every page that a test opens is watched: an error on its console, a breach of its
 * Content-Security-Policy or a request to another server fails the test that opened it.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const fromWeb = createRequire(`${root}web/package.json`);
const { chromium } = fromWeb("playwright-core");

const tests = [];
export function test(name, body) {
    tests.push({ name, body });
}

export function check(truth, words) {
    if (!truth) throw new Error(words);
}

export function same(seen, expected, words) {
    const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
    if (a !== b) throw new Error(`${words}: expected ${b}, saw ${a}`);
}

/* Asks again until `ask` answers something true, which is returned. */
export async function until(ask, words, patience_ms = 20_000) {
    const end = Date.now() + patience_ms;
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        if (Date.now() > end) throw new Error(`waited ${patience_ms} ms in vain: ${words}`);
        await new Promise((settle) => setTimeout(settle, 50));
    }
}

export class Api {
    constructor(base) {
        this.base = base;
    }
    async get(path) {
        const response = await fetch(`${this.base}/api/v1${path}`);
        check(response.ok, `GET ${path}: ${response.status} ${response.ok ? "" : await response.text()}`);
        return response.json();
    }
    async submit(job) {
        const response = await fetch(`${this.base}/api/v1/jobs`, {
            method: "POST",
            body: JSON.stringify(job),
            headers: { "content-type": "application/json" },
        });
        const text = await response.text();
        check(response.status === 201, `POST /jobs: ${response.status} ${text}`);
        return JSON.parse(text);
    }
    async cancel(job) {
        await fetch(`${this.base}/api/v1/jobs/${job}/cancel`, { method: "POST" });
    }
    finished(job) {
        return until(async () => {
            const found = await this.get(`/jobs/${job}`);
            return found.finished_ms !== null && found;
        }, `job ${job} finishes`, 60_000);
    }
}

/* A watched page. Expected console errors (a refused POST is one to Chromium) are named. */
async function openPage(browser, base, settings, breaches) {
    const { expected = [], ...rest } = settings;
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...rest });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("console", (message) => {
        const text = message.text();
        if (message.type() === "error" && !expected.some((shape) => shape.test(text))) breaches.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => breaches.push(`exception: ${error.stack ?? error.message}`));
    page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== base) breaches.push(`request to ${url}`);
    });
    await page.addInitScript(() =>
        document.addEventListener("securitypolicyviolation", (event) =>
            console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
        ),
    );
    return page;
}

const browserFlags = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

async function runOne({ body }, browser, base) {
    const breaches = [];
    const opened = [];
    const open = async (path, settings = {}) => {
        const page = await openPage(browser, base, settings, breaches);
        opened.push(page);
        if (path !== null) await page.goto(base + path);
        return page;
    };
    try {
        await body({ open, api: new Api(base), base });
        same(breaches, [], "a page broke its rules");
    } catch (error) {
        if (process.env.SHOTS)
            for (const [i, page] of opened.entries()) await page.screenshot({ path: `${process.env.SHOTS}/failed-${i}.png` });
        throw error;
    } finally {
        for (const page of opened) await page.context().close();
    }
}

/* Runs all tests; the answer is the exit status. */
export async function run(base, only) {
    const chosen = tests.filter(({ name }) => !only || name.includes(only));
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: browserFlags });
    let failed = 0;
    for (const [i, entry] of chosen.entries()) {
        const start = Date.now();
        try {
            await runOne(entry, browser, base);
            console.log(`ok ${i + 1} - ${entry.name} # ${Date.now() - start} ms`);
        } catch (error) {
            failed++;
            console.log(`not ok ${i + 1} - ${entry.name}`);
            console.log(String(error.stack ?? error).replaceAll(/^/gm, "    "));
        }
    }
    await browser.close();
    console.log(`1..${chosen.length}`);
    console.log(`${chosen.length - failed} passed, ${failed} failed`);
    return failed === 0 && chosen.length > 0 ? 0 : 1;
}
