/* Talks to /api/v1. Every failure is a Refusal with a sentence a person can read. */
import { lock } from "./session";

export interface FieldProblem {
    pointer: string;
    detail: string;
}

export class Refusal extends Error {
    constructor(
        readonly status: number /* 0: no answer at all */,
        message: string,
        readonly errors: FieldProblem[] = [],
    ) {
        super(message);
    }
}

interface ProblemBody {
    title?: string;
    detail?: string;
    errors?: FieldProblem[];
}

async function refusalOf(response: Response): Promise<Refusal> {
    let body: ProblemBody = {};
    try {
        body = (await response.json()) as ProblemBody;
    } catch {
        /* not JSON: the status has to do */
    }
    const words = body.detail ?? body.title ?? `The server answered ${response.status}`;
    return new Refusal(response.status, words, body.errors ?? []);
}

/* The header says that it is this page that asks: a page of another site cannot add it. */
async function send(path: string, options: RequestInit): Promise<Response> {
    let response: Response;
    if (options.method) options.headers = { ...options.headers, "x-sweepd-page": "1" };
    try {
        response = await fetch(`/api/v1${path}`, options);
    } catch (cause) {
        if (options.signal?.aborted) throw cause;
        throw new Refusal(0, "The server does not answer");
    }
    if (response.status === 401 && path !== "/login") lock();
    if (!response.ok) throw await refusalOf(response);
    return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const options: RequestInit = { headers: { accept: "application/json" } };
    if (signal) options.signal = signal;
    return (await (await send(path, options)).json()) as T;
}

/* `text` is sent as it is: the server's line and column then fit what the person typed. */
export async function post<T>(path: string, text?: string): Promise<T> {
    const options: RequestInit = { method: "POST" };
    if (text !== undefined) {
        options.body = text;
        options.headers = { "content-type": "application/json" };
    }
    const response = await send(path, options);
    return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
    const response = await send(path, {
        method: "PATCH",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
    });
    return (await response.json()) as T;
}

export async function remove(path: string): Promise<void> {
    await send(path, { method: "DELETE" });
}

export function isAbort(cause: unknown): boolean {
    return cause instanceof DOMException && cause.name === "AbortError";
}
