/* What is around every view: where one is, whether events flow, light or dark. */
import { createElement, type ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { connection, type Connection } from "../data/events";
import { locked } from "../data/session";
import { useTopic } from "../data/topics";
import { views, type View } from "../views/views";
import { Login, Whose } from "./login";
import { Notices } from "./notices";
import { match, usePlace } from "./router";
import { setTheme, theme, themes } from "./theme";
import { setTitle } from "./title";

const connectionWords: Record<Connection, [short: string, long: string]> = {
    connecting: ["connecting", "Connecting to the server"],
    live: ["live", "Events from the server arrive as they happen"],
    lost: ["reconnecting", "The server cannot be reached; what you see may be old. Trying again."],
    asleep: ["asleep", "This page was hidden for long; it goes on when you look at it"],
};

function ConnectionMark() {
    useTopic("connection");
    const [short, long] = connectionWords[connection];
    return (
        <span class={`connection ${connection}`} role="status" title={long}>
            <span class="connection-dot" aria-hidden="true" />
            {short}
        </span>
    );
}

const themeIcons = {
    auto: (
        <>
            <circle cx="8" cy="8" r="5.700" />
            <path class="filled" d="M8 2.300a5.700 5.700 0 0 1 0 11.400z" />
        </>
    ),
    light: <path d="M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600M8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9" />,
    dark: <path d="M13 9.600A5.600 5.600 0 0 1 6.400 3 5.600 5.600 0 1 0 13 9.600z" />,
};

function ThemeButton() {
    useTopic("theme");
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "auto";
    const words = `Theme: ${theme}. Change to ${next}`;
    return (
        <button class="icon-button" aria-label={words} title={words} onClick={() => setTheme(next)}>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" class={`theme-icon ${theme}`}>
                {themeIcons[theme]}
            </svg>
        </button>
    );
}

function Brand() {
    return (
        <a href="/" class="brand">
            <svg viewBox="0 0 20 16" width="20" height="16" aria-hidden="true">
                <path d="M1 1c1 7 5 8.500 18 8.500" class="brand-1" />
                <path d="M1 1c1 11 5 13.500 18 14" class="brand-2" />
            </svg>
            sweepd
        </a>
    );
}

function TopBar({ view }: { view: View | undefined }) {
    return (
        <header class="top">
            <div class="top-inner">
                <Brand />
                <nav aria-label="Main">
                    {views.map(({ path, nav }) =>
                        nav ? (
                            <a key={path} href={path} aria-current={view && (view.under ?? view.path) === path ? "page" : undefined}>
                                {nav}
                            </a>
                        ) : null,
                    )}
                </nav>
                <span class="top-end">
                    <ConnectionMark />
                    <Whose />
                    <ThemeButton />
                    <a class="button primary" href="/submit">
                        New job
                    </a>
                </span>
            </div>
        </header>
    );
}

function NoSuchPage({ path }: { path: string }) {
    useEffect(() => setTitle("No such page"), []);
    return (
        <div class="empty">
            <h1>There is nothing at {path}</h1>
            <p>
                <a href="/">All jobs</a>
            </p>
        </div>
    );
}

export function Shell() {
    const { path } = usePlace();
    useTopic("session");
    const view = views.find((candidate) => match(candidate.path, path));
    const properties = view ? match(view.path, path) : null;
    return (
        <>
            <a class="skip" href="#main">
                Skip to the content
            </a>
            <TopBar view={view} />
            <main id="main" tabIndex={-1}>
                {locked ? <Login /> : view && properties ? createElement(view.show as ComponentType<Record<string, string>>, { ...properties, key: path }) : <NoSuchPage path={path} />}
            </main>
            <Notices />
        </>
    );
}
