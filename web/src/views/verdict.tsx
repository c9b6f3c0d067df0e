/* Which arm is better, how sure that is, and how soon each of them gets to the target. */
import { useState } from "preact/hooks";
import type { ArmLook } from "../app/arms";
import { get } from "../data/api";
import { partOf } from "../data/report";
import { useLoad } from "../data/use-load";
import type { ArmReport, Judgement, PairReport, Report } from "../data/types";
import { Choice, Panel, Swatch } from "../parts/bits";
import { Forest, forestScale } from "../parts/forest";
import { StripAxis, type Scale } from "../parts/strip";
import { count, duration, exact, NOTHING, number, plural, withError } from "../text/format";

type Looks = (arm: string | null) => ArmLook;

const SIGNS: Record<Judgement["verdict"], string> = { better: "▲", worse: "▼", equivalent: "=", undecided: "?" };

function Chip({ verdict, pair }: { verdict: Judgement["verdict"]; pair: PairReport }) {
    const little = pair.negligible && (verdict === "better" || verdict === "worse");
    return (
        <span class={`tag chip ${verdict}`} title={pair.sentence}>
            <span aria-hidden="true">{SIGNS[verdict]} </span>
            {verdict}
            {little ? ", negligibly" : ""}
        </span>
    );
}

function pValue(p: number | null): string {
    if (p === null) return NOTHING;
    return p < 0.001 ? "< 0.001" : number(p, 2);
}

/* 0.998 is no certainty: ends are kept off 0 and 100 %. */
function chance(probability: number | null): string {
    if (probability === null) return NOTHING;
    if (probability > 0.995) return "> 99 %";
    return probability < 0.005 ? "< 1 %" : `${Math.round(100 * probability)} %`;
}

function PairRow({ pair, report, looks, scale, among }: { pair: PairReport; report: Report; looks: Looks; scale: Scale | null; among: "baseline" | "all" }) {
    const judged = (among === "baseline" ? pair.baseline : null) ?? pair.all;
    const [mean, error] = withError(pair.gain.mean, pair.gain.standard_error);
    const range = pair.gain.interval?.map((end) => number(end, 3)).join(" to ") ?? "no interval";
    const outcomes = `${plural(pair.seeds, "seed")}: ${pair.wins} better, ${pair.losses} worse, ${pair.ties} equal`;
    return (
        <tr>
            <th scope="row" class="arm-name">
                <Swatch look={looks(pair.first)} /> {pair.first} <span class="muted">vs {pair.second}</span>
            </th>
            <td class="number pair-gain" title={outcomes}>
                <strong>{mean}</strong>
                {error ? <span class="muted"> ± {error}</span> : null}
            </td>
            <td class="arm-strip">
                {scale ? <Forest pair={pair} scale={scale} band={report.judging.equivalent_within} look={looks(pair.first)} label={`gain ${mean}, ${range}`} /> : null}
            </td>
            <td class="number pair-p">{pValue(judged.p)}</td>
            <td class="number pair-chance">{chance(pair.probability_better)}</td>
            <td class="pair-verdict">
                <Chip verdict={judged.verdict} pair={pair} />
            </td>
        </tr>
    );
}

function PairsTable({ report, pairs, looks, among }: { report: Report; pairs: PairReport[]; looks: Looks; among: "baseline" | "all" }) {
    const band = report.judging.equivalent_within;
    const scale = forestScale(pairs, band);
    const certain = `${number(100 * report.judging.interval, 3)} %`;
    return (
        <table class="list pairs">
            <thead>
                <tr>
                    <th>Pair</th>
                    <th class="right">
                        Gain <span class="muted">paired, ± s.e.</span>
                    </th>
                    <th class="strip-head" title={`interval ${certain}${band === null ? "" : `; shaded: counts as equal, within ${number(band, 3)}`}`}>
                        {scale ? <StripAxis scale={scale} /> : "Interval"}
                    </th>
                    <th class="right" title="Wilcoxon's signed-rank test, after Holm's adjustment">p</th>
                    <th class="right" title="probability that the mean is better, by the Bayesian bootstrap">P(better)</th>
                    <th>Verdict</th>
                </tr>
            </thead>
            <tbody>
                {pairs.map((pair) => (
                    <PairRow key={`${pair.first}\n${pair.second}`} pair={pair} report={report} looks={looks} scale={scale} among={among} />
                ))}
            </tbody>
        </table>
    );
}

/* The report has the pairs with the baseline; all of them are fetched once they are asked for. */
export function Pairs({ report, looks }: { report: Report; looks: Looks }) {
    const [among, setAmong] = useState<"baseline" | "all">("baseline");
    const [all, setAll] = useState<PairReport[]>([]);
    useLoad(
        async (signal) => {
            if (among === "all") setAll(partOf(await get<Report>(`/jobs/${report.job}/report?points=2`, signal), report.task ?? null).pairs);
        },
        [among, report],
    );
    if (!report.pairs.some(({ seeds }) => seeds > 0)) return null;
    const band = report.judging.equivalent_within;
    const tools =
        report.arms.length > 2 ? (
            <Choice label="Pairs of arms" options={[["baseline", "with the baseline"], ["all", "all pairs"]]} value={among} onChange={setAmong} />
        ) : null;
    return (
        <Panel
            title={
                <>
                    Verdict{" "}
                    <span class="muted">
                        level {exact(report.judging.level)}
                        {band === null ? "" : `, equal within ${number(band, 3)}`}
                    </span>
                </>
            }
            tools={tools}
            class="verdicts"
        >
            <PairsTable report={report} pairs={among === "baseline" ? report.pairs : all} looks={looks} among={among} />
        </Panel>
    );
}

function TargetRow({ arm, looks }: { arm: ArmReport; looks: Looks }) {
    const target = arm.target;
    if (!target) return null;
    const failed = target.values.filter((value) => value.failed).length;
    return (
        <tr>
            <th scope="row" class="nowrap">
                <Swatch look={looks(arm.name)} /> {arm.name}
            </th>
            <td class="number">
                {target.reached}/{target.n}
                {failed > 0 ? <span class="bad-words"> {failed} failed</span> : null}
            </td>
            <td class="number">{target.median_step === null ? NOTHING : count(Math.ceil(target.median_step))}</td>
            <td class="number">{target.median_seconds === null ? NOTHING : duration(1000 * target.median_seconds)}</td>
        </tr>
    );
}

export function Targets({ report, looks }: { report: Report; looks: Looks }) {
    const { target } = report.judging;
    if (target === null || !report.arms.some((arm) => arm.target?.n)) return null;
    const { name, goal } = report.metric;
    return (
        <Panel
            title={
                <>
                    Time to target <span class="muted">{`${name} ${goal === "minimize" ? "≤" : "≥"} ${exact(target)}, medians over seeds; those not there yet count as later`}</span>
                </>
            }
            class="targets"
        >
            <div class="scroll" tabIndex={0} role="region" aria-label="Time to target">
                <table class="list">
                    <thead>
                        <tr>
                            <th>Arm</th>
                            <th class="right">Reached</th>
                            <th class="right">Step</th>
                            <th class="right">Training time</th>
                        </tr>
                    </thead>
                    <tbody>
                        {report.arms.map((arm) => (
                            <TargetRow key={arm.name} arm={arm} looks={looks} />
                        ))}
                    </tbody>
                </table>
            </div>
        </Panel>
    );
}
