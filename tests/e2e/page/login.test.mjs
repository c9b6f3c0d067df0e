/*
 * The page's way in, against a server of its own: it makes the server's first token, so that from
 * then on nobody gets in without.
 */
import { check, run, same, test, until } from "./harness.mjs";

const base = (process.argv[2] ?? "").replace(/\/$/, "");
const expected = [/401/, /403/, /EventSource/];

async function made(role) {
    const response = await fetch(`${base}/api/v1/tokens`, {
        method: "POST",
        body: JSON.stringify({ team: "default", role, name: "somebody" }),
        headers: { "content-type": "application/json" },
    });
    same(response.status, 201, "a token is made");
    return (await response.json()).token;
}

test("who has a token gets in, stays in, and out again", async ({ open }) => {
    const before = await open("/");
    await before.getByRole("link", { name: "New job" }).first().waitFor();
    same(await before.getByRole("button", { name: "Sign out" }).count(), 0, "ways out where none is needed");

    const token = await made("member");
    const page = await open("/", { expected });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByLabel("Token").fill("swp_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("This token is not valid").waitFor();
    await page.getByLabel("Token").fill(token);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    same(await page.getByRole("heading", { name: "Sign in" }).count(), 0, "headings of the login");
    same(await page.evaluate(() => document.cookie), "", "what a script sees of the cookie");
    const [cookie] = await page.context().cookies();
    same([cookie.name, cookie.httpOnly, cookie.sameSite], ["sweepd", true, "Strict"], "the cookie");

    await page.reload();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await until(async () => (await page.locator(".connection").textContent())?.includes("live"), "events flow by the cookie");

    /* A change needs the header as well, which the page sends. */
    const status = await page.evaluate(async () => (await fetch("/api/v1/jobs", { method: "POST", body: "{}" })).status);
    same(status, 403, "a change by cookie alone");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    check((await page.context().cookies()).length === 0, "the cookie is gone");
});

process.exit(await run(base, process.argv[3]));
