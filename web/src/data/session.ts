/* Whether the server wants a token first, and whose the present one is. */
import { changed } from "./topics";

export interface Me {
    team: { name: string } | null;
    role: "viewer" | "member" | "admin";
    needs_token: boolean;
}

export let locked = false;
export let me: Me | null = null;

/* The server answered 401: the cookie is missing, or its token has ended. */
export function lock(): void {
    if (locked) return;
    locked = true;
    me = null;
    changed("session");
}

export function keepMe(answer: Me): void {
    me = answer;
    changed("session");
}
