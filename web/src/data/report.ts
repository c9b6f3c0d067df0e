/* The report of one task of a comparison, in the shape of a report without tasks. */
import type { Report } from "./types";

/* The report itself where it has no tasks. */
export function partOf(report: Report, task: string | null): Report {
    const part = report.tasks?.find(({ name }) => name === task);
    return part ? { ...report, ...part, task: part.name, tasks: null, over_tasks: null } : report;
}
