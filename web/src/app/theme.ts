/* Light, dark, or as the system says; remembered in this browser. */
import { changed } from "../data/topics";

export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const KEY = "sweepd.theme";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

function remembered(): Theme {
    try {
        const theme = localStorage.getItem(KEY);
        return themes.find((known) => known === theme) ?? "auto";
    } catch {
        return "auto"; /* storage is switched off */
    }
}

export let theme: Theme = remembered();

function apply(): void {
    const dark = theme === "dark" || (theme === "auto" && systemDark.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    changed("theme");
}

export function setTheme(next: Theme): void {
    theme = next;
    try {
        localStorage.setItem(KEY, next);
    } catch {
        /* for this visit only, then */
    }
    apply();
}

systemDark.addEventListener("change", apply);
apply();
