/* Bundles the page into dist/: index.html, page.js, page.css, icon.svg; with --watch again at every change. */
import { build, context } from "esbuild";
import { copyFileSync, mkdirSync, statSync } from "node:fs";

const out = "dist";
const options = {
    entryPoints: { page: "src/main.tsx" },
    outdir: out,
    bundle: true,
    format: "iife",
    target: ["chrome109", "firefox115", "safari16"],
    minify: !process.argv.includes("--watch"),
    legalComments: "none",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
};

mkdirSync(out, { recursive: true });
for (const file of ["index.html", "icon.svg"]) copyFileSync(`src/${file}`, `${out}/${file}`);

if (process.argv.includes("--watch")) {
    await (await context(options)).watch();
} else {
    await build(options);
    for (const file of ["page.js", "page.css"])
        console.log(`${out}/${file} ${(statSync(`${out}/${file}`).size / 1024).toFixed(1)} KiB`);
}
