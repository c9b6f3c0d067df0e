/* How an arm looks, everywhere the same: a colour, and a dash for those who do not see colours. */

const COLOURS = 8;
const dashes: number[][] = [[], [7, 3], [2, 2.5], [9, 3, 2, 3], [12, 3, 2, 3, 2, 3], [4, 4]];

export interface ArmLook {
    colour: string; /* name of a custom property of the style sheet */
    dash: number[];
}

/* index: the arm's place in its job; below 0: a run without arm. */
export function armLook(index: number): ArmLook {
    const place = Math.max(0, index);
    return { colour: `--arm-${place % COLOURS}`, dash: dashes[place % dashes.length] ?? [] };
}
