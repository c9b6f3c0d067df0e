/* Short messages at the edge: what went wrong or was done, never in the way. */
import { useTopic, changed } from "../data/topics";
import { Refusal } from "../data/api";

interface Notice {
    id: number;
    tone: "bad" | "good";
    text: string;
}

let notices: Notice[] = [];
let lastId = 0;
const SHOWN_MS = 8000;

function dismiss(id: number): void {
    notices = notices.filter((notice) => notice.id !== id);
    changed("notices");
}

export function notice(tone: Notice["tone"], text: string): void {
    if (notices.some((shown) => shown.text === text)) return;
    const id = ++lastId;
    notices = [...notices.slice(-3), { id, tone, text }];
    changed("notices");
    window.setTimeout(() => dismiss(id), SHOWN_MS);
}

/* Runs an action of the person; a refusal becomes a notice. */
export async function attempt(action: () => Promise<unknown>): Promise<void> {
    try {
        await action();
    } catch (cause) {
        notice("bad", cause instanceof Refusal ? cause.message : String(cause));
    }
}

export function Notices() {
    useTopic("notices");
    return (
        <div class="notices" role="status" aria-live="polite">
            {notices.map((shown) => (
                <div class={`notice ${shown.tone}`} key={shown.id}>
                    <span>{shown.text}</span>
                    <button class="quiet" aria-label="Dismiss" onClick={() => dismiss(shown.id)}>
                        ✕
                    </button>
                </div>
            ))}
        </div>
    );
}
