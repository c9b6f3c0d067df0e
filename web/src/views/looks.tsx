/* A comparison whose seeds come in rounds: what each look has found, and what was decided when. */
import type { ArmLook } from "../app/arms";
import type { Report, Sequential } from "../data/types";
import { Panel, Swatch } from "../parts/bits";
import { NOTHING, number, plural } from "../text/format";

type Styles = (arm: string | null) => ArmLook;

function Found({ sequential, look, arm }: { sequential: Sequential; look: number; arm: string }) {
    const entry = sequential.history.find((taken) => taken.look === look)?.arms.find(({ name }) => name === arm);
    if (!entry) return <td class="number muted">{NOTHING}</td>;
    return (
        <td class="number" title={`${plural(entry.seeds, "seed")}, signed-rank p of this look alone`}>
            {entry.verdict === "undecided" ? number(entry.p, 2) : <span class={`tag chip ${entry.verdict}`}>{entry.verdict}</span>}
        </td>
    );
}

/* A row for each arm but the baseline, a column for each look. */
export function SequentialPanel({ report, looks }: { report: Report; looks: Styles }) {
    const { sequential } = report;
    if (!sequential) return null;
    const title = (
        <>
            Looks <span class="muted">{`${sequential.done} of ${sequential.looks}; p against the baseline, each held to ${number(sequential.level, 3)} (Pocock)`}</span>
        </>
    );
    return (
        <Panel title={title} class="looks">
            <p class="verdict muted">{sequential.sentence}.</p>
            <div class="scroll" tabIndex={0} role="region" aria-label="Looks">
                <table class="list">
                    <thead>
                        <tr>
                            <th>Arm</th>
                            {sequential.seeds.map((seeds, i) => (
                                <th key={i} class="right">
                                    Look {i + 1} <span class="muted">{plural(seeds, "seed")}</span>
                                </th>
                            ))}
                            <th class="right">Runs not needed</th>
                        </tr>
                    </thead>
                    <tbody>
                        {sequential.arms
                            .filter(({ name }) => name !== report.baseline)
                            .map((arm) => (
                                <tr key={arm.name}>
                                    <th scope="row" class="arm-name">
                                        <Swatch look={looks(arm.name)} /> {arm.name}
                                    </th>
                                    {sequential.seeds.map((_, i) => (
                                        <Found key={i} sequential={sequential} look={i + 1} arm={arm.name} />
                                    ))}
                                    <td class="number">{arm.stopped_runs}</td>
                                </tr>
                            ))}
                    </tbody>
                </table>
            </div>
        </Panel>
    );
}
