/*
 * The page in headless Chromium against a running server:
 *
 *     node tests/e2e/page/page.test.mjs http://127.0.0.1:8080 [part of a test's name]
 *
 * SWEEPD_URL may stand for the address, CHROMIUM for the browser, SHOTS for a folder that gets
 * pictures of what failed. It submits jobs of its own and leaves other jobs alone.
 */
import { run } from "./harness.mjs";
import "./parts.mjs";
import "./views.mjs";
import "./search.mjs";

const base = (process.argv[2] ?? process.env.SWEEPD_URL ?? "").replace(/\/$/, "");
if (!base) {
    console.error("usage: node page.test.mjs http://127.0.0.1:PORT [part of a test's name]");
    process.exit(2);
}
process.exit(await run(base, process.argv[3]));
