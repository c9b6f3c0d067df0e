/* What the theory predicts for arms on the noisy quadratic, beside what they measured; notes of arms. */
import type { ArmLook } from "../app/arms";
import type { ArmReport, Report } from "../data/types";
import { Panel, Swatch } from "../parts/bits";
import { number, withError } from "../text/format";

type Looks = (arm: string | null) => ArmLook;

function percent(ratio: number): string {
    const value = 100 * (ratio - 1);
    return `${value >= 0 ? "+" : "−"}${number(Math.abs(value), 2)} %`;
}

function Name({ arm, looks }: { arm: ArmReport; looks: Looks }) {
    return (
        <th scope="row" class="nowrap">
            <Swatch look={looks(arm.name)} /> {arm.name}
        </th>
    );
}

function PredictionRow({ arm, looks }: { arm: ArmReport; looks: Looks }) {
    const { prediction, measured } = arm;
    const [mean, error] = withError(measured?.mean ?? null, measured?.standard_error ?? null);
    const loss = prediction?.loss ?? null;
    return (
        <tr>
            <Name arm={arm} looks={looks} />
            <td class="number">{number(loss)}</td>
            <td class="number">
                <strong>{mean}</strong>
                {error ? <span class="muted"> ± {error}</span> : null}
            </td>
            <td class="number">{loss !== null && measured?.mean ? percent(measured.mean / loss) : null}</td>
            <td class="small">
                {prediction?.law ? (
                    <>
                        {prediction.law}: <span class="mono">{prediction.formula}</span>
                    </>
                ) : (
                    <span class="muted">{prediction?.reason}</span>
                )}
                {prediction?.warnings.map((words) => <div key={words} class="muted">{words}</div>)}
            </td>
        </tr>
    );
}

export function Predictions({ report, looks }: { report: Report; looks: Looks }) {
    const arms = report.arms.filter((arm) => arm.prediction);
    if (arms.length === 0) return null;
    const metric = arms.find((arm) => arm.measured)?.measured?.metric ?? "loss_average";
    return (
        <Panel title={<>Theory <span class="muted">stationary loss, by closed forms</span></>} class="theory">
            <div class="scroll" tabIndex={0} role="region" aria-label="Predicted and measured losses">
                <table class="list">
                    <thead>
                        <tr>
                            <th>Arm</th>
                            <th class="right">Predicted</th>
                            <th class="right">{metric} <span class="muted">± s.e.</span></th>
                            <th class="right">Off by</th>
                            <th>Law, variance along an axis</th>
                        </tr>
                    </thead>
                    <tbody>
                        {arms.map((arm) => (
                            <PredictionRow key={arm.name} arm={arm} looks={looks} />
                        ))}
                    </tbody>
                </table>
            </div>
        </Panel>
    );
}

export function Notes({ report, looks }: { report: Report; looks: Looks }) {
    const arms = report.arms.filter((arm) => arm.note);
    if (arms.length === 0) return null;
    return (
        <Panel title="Notes" class="notes">
            <table class="list">
                <tbody>
                    {arms.map((arm) => (
                        <tr key={arm.name}>
                            <Name arm={arm} looks={looks} />
                            <td class="small">{arm.note}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Panel>
    );
}
