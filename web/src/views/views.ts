/* Every view of the page: one line each. The first pattern that fits the path is shown. */
import type { ComponentType } from "preact";
import { DatasetView } from "./dataset";
import { DatasetsView } from "./datasets";
import { JobView } from "./job";
import { JobsView } from "./jobs";
import { QueueView } from "./queue";
import { RunView } from "./run";
import { SubmitView } from "./submit";

export interface View {
    path: string; /* {name} becomes a property of the component */
    show: ComponentType<never>;
    nav?: string; /* its words in the navigation */
    under?: string; /* the navigation entry that it belongs to */
}

export const views: View[] = [
    { path: "/", show: JobsView, nav: "Jobs" },
    { path: "/jobs", show: JobsView, under: "/" },
    { path: "/jobs/{id}", show: JobView, under: "/" },
    { path: "/runs/{id}", show: RunView, under: "/" },
    { path: "/datasets", show: DatasetsView, nav: "Data sets" },
    { path: "/datasets/{name}", show: DatasetView, under: "/datasets" },
    { path: "/queue", show: QueueView, nav: "Queue" },
    { path: "/submit", show: SubmitView },
];
