/* Parts of the page without a browser: the pointer locator, numbers as text, curves, colours. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, fromWeb, root, same, test } from "./harness.mjs";

/* A TypeScript module of the page, as Node can import it. */
export async function load(path) {
    const folder = mkdtempSync(join(tmpdir(), "sweepd-page-"));
    try {
        const out = join(folder, "part.mjs");
        await fromWeb("esbuild").build({ entryPoints: [`${root}web/src/${path}`], outfile: out, bundle: true, format: "esm", logLevel: "error" });
        return await import(out);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

const { locate, findMistake, lineAndColumn, offsetOf } = await load("text/locate.ts");
const format = await load("text/format.ts");
const curves = await load("data/curves.ts");

const job = `{
  "kind": "train",
  "spec": {"optimizer": {"lr": -0.5}, "model": {"hidden": [128, 0]}, "a/b": 1, "m~n": 2}
}`;
const pointed = (pointer) => {
    const span = locate(job, pointer);
    return span && job.slice(span.start, span.end);
};

test("a pointer to a member finds its name and value", () => {
    same(pointed("/spec/optimizer/lr"), '"lr": -0.5', "/spec/optimizer/lr");
    same(pointed("/kind"), '"kind": "train"', "/kind");
});

test("a pointer to a list entry finds the entry, to an object its opening", () => {
    same(pointed("/spec/model/hidden/1"), "0", "/spec/model/hidden/1");
    same(pointed("/spec/optimizer"), '"optimizer": {', "/spec/optimizer");
    same(pointed(""), "{", "the whole document");
});

test("a pointer's ~0 and ~1 stand for ~ and /", () => {
    same(pointed("/spec/a~1b"), '"a/b": 1', "/spec/a~1b");
    same(pointed("/spec/m~0n"), '"m~n": 2', "/spec/m~0n");
});

test("a pointer to what is missing finds the innermost object around it", () => {
    same(pointed("/spec/dataset"), '"spec": {', "/spec/dataset");
    same(pointed("/spec/model/hidden/7"), '"hidden": [', "/spec/model/hidden/7");
    same(locate("no json", "/spec"), null, "a text that is no JSON");
});

test("a mistake in JSON is found where a person would mend it", () => {
    const places = [
        ['{"a": 1,}', 1, 9],
        ['{"a": 1\n "b": 2}', 2, 2],
        ["{'a': 1}", 1, 2],
        ['{"a": nul}', 1, 7],
        ['{"a": 01}', 1, 8],
        ['{"a": "x}', 1, 7],
        ['{"a": [1, 2}', 1, 12],
        ['{"a": 1, "a": 2}', 1, 10],
        ["{} {}", 1, 4],
        ["", 1, 1],
    ];
    for (const [text, line, column] of places) {
        const mistake = findMistake(text);
        check(mistake, `${text} was taken for JSON`);
        same(lineAndColumn(text, mistake.offset), { line, column }, `${text}: ${mistake.message}`);
    }
});

test("what JSON.parse takes, the locator takes", () => {
    for (const text of ["0", "-1.5e-3", '"\\u00e9\\n"', "[]", "{}", ' [true, false, null, {"": []}] \n', '{"__proto__": 1}'])
        same(findMistake(text), null, text);
});

test("deep nesting is refused, not a full stack", () => {
    check(findMistake("[".repeat(100_000)) !== null, "100,000 brackets");
});

test("line and column lead back to the offset", () => {
    const text = "ab\ncd\n\ne";
    for (let offset = 0; offset <= text.length; offset++) {
        const { line, column } = lineAndColumn(text, offset);
        same(offsetOf(text, line, column), offset, `offset ${offset}`);
    }
});

test("a mean has as many places as its error deserves", () => {
    same(format.withError(0.97531, 0.0012), ["0.9753", "0.0012"], "0.97531 ± 0.0012");
    same(format.withError(12.3456, 0.8), ["12.35", "0.80"], "12.3456 ± 0.8");
    same(format.withError(null, null), ["–", ""], "no mean");
    same(format.withError(0.5, null)[0], "0.50000", "one seed");
});

test("numbers in a column have equally many places", () => {
    const show = format.column([0.0804, 0.16442, null], 4);
    same([0.0804, 0.16442, null].map(show), ["0.0804", "0.1644", "–"], "two losses");
    same(format.column([1e-9, 1e9], 4)(1e-9), "1.000e-9", "a column too wide for that");
});

test("durations are read at a glance", () => {
    same([0, 820, 8200, 59_999, 65_000, 8_040_000, 90_000_000].map(format.duration), ["0 ms", "820 ms", "8.2 s", "59 s", "1 m 05 s", "2 h 14 m", "1 d 01 h"], "durations");
});

test("a grid point is named by the end of its pointers, or all where ends are alike", () => {
    same(format.point({ "/optimizer/lr": 0.1 }), "lr 0.1", "one");
    same(format.point({ "/optimizer/type": "adam", "/schedule/type": "step" }), "optimizer/type adam, schedule/type step", "alike");
});

test("a row that was seen before does not bend a curve back", () => {
    const curve = { run: 1, step: [10, 20], value: [1, 0.5] };
    same(curves.lengthen(curve, 20, 9), false, "the same step again");
    same(curves.lengthen(curve, 30, 0.4), true, "the next step");
    same(curve, { run: 1, step: [10, 20, 30], value: [1, 0.5, 0.4] }, "the curve");
});

test("a long curve is thinned and keeps its end", () => {
    const curve = { run: 1, step: [], value: [] };
    for (let step = 1; step <= 100_000; step++) curves.lengthen(curve, step, step);
    check(curve.step.length <= curves.CURVE_POINTS_MAX, `${curve.step.length} points`);
    check(curve.step.length >= curves.CURVE_POINTS_MAX / 2, `${curve.step.length} points`);
    check(100_000 - curve.step.at(-1) < 100, `ends at ${curve.step.at(-1)}`);
});

test("what is fetched is continued by what events brought meanwhile", () => {
    const known = { run: 1, step: [10, 20, 30], value: [3, 2, 1] };
    same(curves.continued({ run: 1, step: [10, 20], value: [3, 2] }, known).step, [10, 20, 30], "steps");
});

/* By hand, weight 0.5: (0.5·4)/0.5 = 4; (0.5·2 + 0.5·2)/0.75 = 8/3. */
test("smoothing begins at the first value and leaves gaps", () => {
    const smoothed = curves.smooth([4, null, 2], 0.5);
    same(smoothed[0], 4, "the first");
    same(smoothed[1], null, "the gap");
    check(Math.abs(smoothed[2] - 8 / 3) < 1e-12, `the third is ${smoothed[2]}`);
});

test("of too many curves each arm gets its share, running ones first", () => {
    const list = Array.from({ length: 100 }, (_, i) => ({ i, arm: i < 90 ? "a" : "b", running: i === 50 }));
    const picked = curves.pickFairly(list, (e) => e.arm, (e) => e.running, 10);
    same(picked.length, 10, "how many");
    same(picked.filter((e) => e.arm === "b").length, 5, "of arm b");
    check(picked.some((e) => e.running), "the running one is there");
});

/* --- colours: WCAG 2.2 contrast of the pairs that the style sheet uses --- */

const css = readFileSync(`${root}web/src/styles/page.css`, "utf8");
const palette = (selector) =>
    Object.fromEntries([...css.slice(css.indexOf(selector)).split("}")[0].matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));
const luminance = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
};
const textPairs = [
    ["--ink", "--ground"], ["--ink", "--surface"], ["--ink", "--sunken"], ["--muted", "--ground"], ["--muted", "--surface"],
    ["--muted", "--sunken"], ["--accent", "--surface"], ["--accent", "--ground"], ["--accent-ink", "--accent"], ["--good", "--surface"],
    ["--good", "--good-soft"], ["--bad", "--surface"], ["--bad", "--bad-soft"], ["--accent", "--bad-soft"], ["--ink", "--warn-soft"], ["--surface", "--bad"],
];

for (const [theme, selector] of [["light", ":root {"], ["dark", ':root[data-theme="dark"] {']]) {
    const colours = palette(selector);
    test(`${theme}: text has a contrast of at least 4.5`, () => {
        for (const [text, ground] of textPairs) {
            const seen = contrast(colours[text], colours[ground]);
            check(seen >= 4.5, `${text} on ${ground}: ${seen.toFixed(2)}`);
        }
    });
    test(`${theme}: the lines of arms have a contrast of at least 3`, () => {
        for (let arm = 0; arm < 8; arm++) {
            const seen = contrast(colours[`--arm-${arm}`], colours["--surface"]);
            check(seen >= 3, `--arm-${arm}: ${seen.toFixed(2)}`);
        }
    });
}
