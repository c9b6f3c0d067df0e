/* The way in. The token goes to the server once and comes back as a cookie that no script can read. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post, Refusal } from "../data/api";
import { keepMe, me, type Me } from "../data/session";
import { useTopic } from "../data/topics";
import { attempt } from "./notices";
import { setTitle } from "./title";

/* Everything is fetched anew: nothing of who was here before stays in memory. */
async function enter(token: string): Promise<void> {
    await post("/login", JSON.stringify({ token: token.trim() }));
    location.reload();
}

async function leave(): Promise<void> {
    await post("/logout");
    location.reload();
}

export function Login() {
    const [words, setWords] = useState("");
    const [busy, setBusy] = useState(false);
    const field = useRef<HTMLInputElement>(null);
    useEffect(() => {
        setTitle("Sign in");
        field.current?.focus();
    }, []);
    const submit = async (event: Event) => {
        event.preventDefault();
        setBusy(true);
        try {
            await enter(field.current?.value ?? "");
        } catch (cause) {
            const wrong = cause instanceof Refusal && cause.status === 401;
            setWords(wrong ? "This token is not valid, or not any more." : cause instanceof Refusal ? cause.message : String(cause));
            setBusy(false);
        }
    };
    return (
        <form class="login" onSubmit={submit}>
            <h1>Sign in</h1>
            <p class="muted">This server is shared by teams. A token is made by its admin: sweepd admin token create</p>
            <label>
                Token
                <input ref={field} type="password" name="token" autocomplete="current-password" placeholder="swp_…" required spellcheck={false} aria-describedby="login-words" />
            </label>
            <p id="login-words" class="login-words" role="alert">
                {words}
            </p>
            <button class="button primary" disabled={busy}>
                Sign in
            </button>
        </form>
    );
}

/* Whose token it is, and the way out; nothing where no token is needed. */
export function Whose() {
    useTopic("session");
    useEffect(() => {
        get<Me>("/me").then(keepMe, () => {}); /* a 401 has locked the page already */
    }, []);
    if (!me?.needs_token) return null;
    return (
        <span class="whose">
            <span title={`Team ${me.team?.name ?? "?"}, ${me.role}`}>{me.team?.name ?? "?"}</span>
            <button class="quiet" onClick={() => void attempt(leave)}>
                Sign out
            </button>
        </span>
    );
}
