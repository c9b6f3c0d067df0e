/* The catalogue as a reference beside the text box: every setting with range, default and unit. */
import { useState } from "preact/hooks";
import { get } from "../data/api";
import { useLoad } from "../data/use-load";
import type { Catalog, CatalogEntry, Setting } from "../data/types";
import { Waiting } from "../parts/bits";
import { exact } from "../text/format";

interface Group {
    title: string;
    entries: CatalogEntry[];
}

function rangeOf(setting: Setting): string {
    if (setting.choices) return setting.choices.join(" | ");
    if (setting.registry) return `any ${setting.registry}`;
    const of = setting.type === "numbers" || setting.type === "integers" ? "list of " : "";
    const ends = [
        setting.low !== undefined ? `${setting.above_low ? "> " : "≥ "}${exact(setting.low)}` : "",
        setting.high !== undefined && setting.type !== "text" ? `${setting.below_high ? "< " : "≤ "}${exact(setting.high)}` : "",
    ].filter(Boolean);
    const kind = { integer: "whole number", integers: "whole numbers", flag: "true | false" }[setting.type] ?? setting.type;
    return `${of}${kind}${ends.length ? ` ${ends.join(", ")}` : ""}`;
}

function SettingLine({ setting }: { setting: Setting }) {
    return (
        <div class="setting">
            <code>{setting.name}</code>
            <span class="setting-range">{rangeOf(setting)}{setting.unit ? ` ${setting.unit}` : ""}</span>
            <span class="setting-default">
                {setting.required ? <em>required</em> : setting.default !== undefined ? <>default <code>{JSON.stringify(setting.default)}</code></> : <span class="muted">optional</span>}
            </span>
            {setting.help ? <p>{setting.help}</p> : null}
            {setting.members ? (
                <div class="setting-members">
                    {setting.members.map((member) => (
                        <SettingLine key={member.name} setting={member} />
                    ))}
                </div>
            ) : null}
        </div>
    );
}

function groupsOf(catalog: Catalog): Group[] {
    const spec: CatalogEntry = { name: "spec", help: "What one run trains", settings: catalog.spec };
    return [
        { title: "Specification", entries: [spec] },
        ...Object.entries(catalog.registries).map(([title, entries]) => ({ title, entries })),
        ...(catalog.builtins ? [{ title: "built-in data sets", entries: catalog.builtins }] : []),
        ...(catalog.metrics ? [{ title: "metrics", entries: catalog.metrics.map(({ name, unit, help }) => ({ name, help: [help, unit].filter(Boolean).join(", ") })) }] : []),
    ];
}

function holds(entry: { name: string; help?: string | undefined }, words: string): boolean {
    return `${entry.name} ${entry.help ?? ""}`.toLowerCase().includes(words);
}

/* The entry with the settings that fit the words; all of them where its name does. */
function narrowed(entry: CatalogEntry, words: string): CatalogEntry | null {
    if (!words || holds(entry, words)) return entry;
    const settings = entry.settings?.filter((setting) => holds(setting, words)) ?? [];
    return settings.length ? { ...entry, settings } : null;
}

export function CatalogHelp() {
    const [catalog, setCatalog] = useState<Catalog | null>(null);
    const [words, setWords] = useState("");
    const loaded = useLoad(async (signal) => setCatalog(await get<Catalog>("/catalog", signal)), []);
    if (!catalog) return <Waiting load={loaded} what="catalogue" />;

    const search = words.trim().toLowerCase();
    const groups = groupsOf(catalog)
        .map(({ title, entries }) => ({ title, entries: entries.map((entry) => narrowed(entry, search)).filter((entry) => entry !== null) }))
        .filter((group) => group.entries.length > 0);
    return (
        <>
            <label class="field search">
                <span class="unseen">Search the settings</span>
                <input type="search" placeholder="Search: momentum, warmup, batch…" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
            </label>
            <div class="catalog" tabIndex={0} role="region" aria-label="Settings">
                {groups.map((group) => (
                    <section key={group.title}>
                        <h3>{group.title}</h3>
                        {group.entries.map((entry) => (
                            <details key={entry.name} open={search !== "" || entry.name === "spec"}>
                                <summary>
                                    <code>{entry.name}</code> {entry.help ? <span class="muted">{entry.help}</span> : null}
                                </summary>
                                {entry.settings?.map((setting) => <SettingLine key={setting.name} setting={setting} />)}
                            </details>
                        ))}
                    </section>
                ))}
                {groups.length === 0 ? <p class="muted note">Nothing has “{words}” in its name or help.</p> : null}
            </div>
        </>
    );
}
