/* Which schedules a job means, before it is sent: of its base and of each arm. */
import type { Json, JsonObject } from "./types";

export interface NamedSchedule {
    name: string; /* of the arm; of a job without arms, of the schedule */
    schedule: JsonObject;
}

const NOMINAL_STEPS = 1000; /* where a job counts in epochs, the shape is all there is to see */
const STEPS_MOST = 100000;

function isObject(value: Json | undefined): value is JsonObject {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/* "linear" and {"type": "linear"} are the same. */
function asObject(value: Json | undefined): JsonObject | null {
    if (typeof value === "string") return { type: value };
    return isObject(value) ? value : null;
}

/* RFC 7396, and a patch that changes the type starts anew. */
function patched(base: JsonObject, patch: JsonObject | null): JsonObject {
    if (!patch) return base;
    if (patch["type"] !== undefined && patch["type"] !== base["type"]) return patch;
    const merged = { ...base, ...patch };
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

function armsOf(job: JsonObject, base: JsonObject): NamedSchedule[] {
    const arms = Array.isArray(job["arms"]) ? job["arms"] : [];
    return arms.filter(isObject).map((arm, place) => {
        const patch = isObject(arm["patch"]) ? asObject(arm["patch"]["schedule"]) : null;
        return { name: typeof arm["name"] === "string" ? arm["name"] : `arm ${place + 1}`, schedule: patched(base, patch) };
    });
}

export function schedulesOf(job: Json): NamedSchedule[] {
    if (!isObject(job)) return [];
    const spec = isObject(job["spec"]) ? job["spec"] : isObject(job["base"]) ? job["base"] : null;
    if (!spec) return [];
    const base = asObject(spec["schedule"]) ?? { type: "constant" };
    if (job["kind"] === "compare") return armsOf(job, base);
    return [{ name: typeof base["type"] === "string" ? base["type"] : "schedule", schedule: base }];
}

export function stepsOf(job: Json): number {
    const spec = isObject(job) ? (isObject(job["spec"]) ? job["spec"] : job["base"]) : null;
    const steps = isObject(spec ?? undefined) ? (spec as JsonObject)["steps"] : null;
    return typeof steps === "number" && Number.isInteger(steps) && steps > 1 ? Math.min(steps, STEPS_MOST) : NOMINAL_STEPS;
}

/* A refined schedule is known when what it is refined from has been trained. */
export function isKnown({ schedule }: NamedSchedule): boolean {
    if (schedule["type"] !== "refined" || Array.isArray(schedule["curve"])) return true;
    return isObject(schedule["from"]) && (Array.isArray(schedule["from"]["norms"]) || typeof schedule["from"]["run"] === "number");
}
