/* Schedules side by side: their factors over the steps, and the bound that ranks them. */
import { useState } from "preact/hooks";
import type { ArmLook } from "../app/arms";
import { post } from "../data/api";
import { isKnown, type NamedSchedule } from "../data/schedules";
import type { Preview } from "../data/types";
import { useLoad } from "../data/use-load";
import { number } from "../text/format";
import { Swatch } from "./bits";
import { Chart } from "./chart";

const POINTS = 200;

function ratioWords(ratio: number | null): string {
    if (ratio === null) return "–";
    return `${ratio.toFixed(2)} ×`;
}

function BoundTable({ preview, looks }: { preview: Preview; looks: ArmLook[] }) {
    return (
        <table class="list bounds">
            <thead>
                <tr>
                    <th>Schedule</th>
                    <th class="right" title="The last-iterate bound at the best peak rate, for D = 1 and the gradient norms at hand">
                        Bound Ω*
                    </th>
                    <th class="right" title="The peak rate that the bound likes best, in the same units">
                        Rate γ*
                    </th>
                    <th class="right">to linear</th>
                </tr>
            </thead>
            <tbody>
                {preview.schedules.map((entry, place) => (
                    <tr key={`${place} ${entry.name}`}>
                        <th scope="row" class="nowrap">
                            {looks[place] ? <Swatch look={looks[place]} /> : null} {entry.name}
                        </th>
                        <td class="number">{number(entry.bound, 4)}</td>
                        <td class="number">{number(entry.base_rate, 4)}</td>
                        <td class="number">{ratioWords(entry.ratio_to_linear)}</td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

/* schedules and looks go together, place by place. */
export function Schedules(props: { schedules: NamedSchedule[]; looks: ArmLook[]; steps: number; height?: number }) {
    const { steps } = props;
    const [preview, setPreview] = useState<Preview | null>(null);
    const shown = props.schedules.map((entry, place) => ({ entry, look: props.looks[place] })).filter(({ entry }) => isKnown(entry));
    const unknown = props.schedules.filter((entry) => !isKnown(entry));
    const asked = JSON.stringify({ steps, points: POINTS, schedules: shown.map(({ entry }) => entry.schedule) });
    const loaded = useLoad(
        async () => {
            if (shown.length > 0) setPreview(await post<Preview>("/schedules/preview", asked));
        },
        [asked],
    );

    /* What was asked for before is another job's. */
    const named = preview && preview.schedules.length === shown.length ? { ...preview, schedules: preview.schedules.map((found, i) => ({ ...found, name: shown[i]?.entry.name ?? found.name })) } : null;
    const looks = shown.flatMap(({ look }) => (look ? [look] : []));
    const lines = (named?.schedules ?? []).map((found, i) => ({
        key: `${i} ${found.name}`,
        label: found.name,
        look: looks[i] ?? { colour: "--arm-0", dash: [] },
        step: named?.k ?? [],
        value: found.factors,
        endLabel: found.name,
    }));
    const warnings = named?.schedules.flatMap(({ name, warnings: words }) => (words ?? []).map((word) => `${name}: ${word}`)) ?? [];
    return (
        <>
            {loaded.failed ? <p class="note muted">{loaded.failed.errors[0]?.detail ?? loaded.failed.message}</p> : null}
            {named && shown.length > 0 ? (
                <div class="schedules">
                    <Chart lines={lines} name="factor on the peak rate" height={props.height ?? 200} />
                    <BoundTable preview={named} looks={looks} />
                </div>
            ) : null}
            {unknown.map(({ name }) => (
                <p key={name} class="note muted">
                    {name} is refined from a run that is still to be trained: its shape shows here when it is known.
                </p>
            ))}
            {warnings.map((words) => (
                <p key={words} class="note muted">
                    {words}
                </p>
            ))}
        </>
    );
}
