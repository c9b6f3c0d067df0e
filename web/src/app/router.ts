/* Addresses: the path says which view, the query its filters. */
import { useEffect, useReducer } from "preact/hooks";

const heard = new Set<() => void>();

function tell(): void {
    for (const hear of heard) hear();
}

window.addEventListener("popstate", tell);

export function go(path: string, how: "push" | "replace" = "push"): void {
    if (how === "push") history.pushState(null, "", path);
    else history.replaceState(null, "", path);
    if (how === "push") window.scrollTo(0, 0);
    tell();
}

/* Links inside the page change the address without fetching the page again. */
document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname.startsWith("/api/") || url.hash) return;
    event.preventDefault();
    go(url.pathname + url.search);
});

export function usePlace(): { path: string; query: URLSearchParams } {
    const [, again] = useReducer((count: number, _: void) => count + 1, 0);
    useEffect(() => {
        const hear = () => again();
        heard.add(hear);
        return () => void heard.delete(hear);
    }, []);
    return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/* "/jobs/{id}" on "/jobs/7" gives { id: "7" }; null: another place. */
export function match(pattern: string, path: string): Record<string, string> | null {
    const want = pattern.split("/");
    const have = path.replace(/(.)\/$/, "$1").split("/");
    if (want.length !== have.length) return null;
    const found: Record<string, string> = {};
    for (let i = 0; i < want.length; i++) {
        const name = /^\{(\w+)\}$/.exec(want[i] ?? "")?.[1];
        try {
            if (name) found[name] = decodeURIComponent(have[i] ?? "");
            else if (want[i] !== have[i]) return null;
        } catch {
            return null; /* a stray % in the address */
        }
    }
    return found;
}

/* Changes one filter of the address; null takes it out. */
export function setQuery(name: string, value: string | null): void {
    const query = new URLSearchParams(location.search);
    if (value === null) query.delete(name);
    else query.set(name, value);
    go(location.pathname + (query.size ? `?${query}` : ""), "replace");
}
