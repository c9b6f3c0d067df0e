/* The tab: title and icon show how far a job is, for those who look at another tab. */

const SIZE = 32;
let shown = "";
let original: string | null = null;

function ring(part: number, colour: string): string {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    const pen = canvas.getContext("2d");
    if (!pen) return "";
    pen.lineWidth = 6;
    pen.strokeStyle = "#8a929b66";
    pen.beginPath();
    pen.arc(SIZE / 2, SIZE / 2, 12, 0, 2 * Math.PI);
    pen.stroke();
    pen.strokeStyle = colour;
    pen.lineCap = "round";
    pen.beginPath();
    pen.arc(SIZE / 2, SIZE / 2, 12, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * Math.max(0.02, part));
    pen.stroke();
    return canvas.toDataURL("image/png");
}

/* part: 0 … 1 of what is under way; null: nothing is. */
export function setTitle(words: string, part: number | null = null, failed = false): void {
    const percent = part === null ? "" : `${Math.floor(100 * part)} % · `;
    const title = `${percent}${words ? `${words} · ` : ""}sweepd`;
    if (document.title !== title) document.title = title;

    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (!link) return;
    original ??= link.href;
    const icon = part === null ? "" : `${Math.floor(50 * part)} ${failed}`;
    if (icon === shown) return;
    shown = icon;
    link.type = part === null ? "image/svg+xml" : "image/png";
    link.href = part === null ? original : ring(part, failed ? "#d9534f" : "#2f81d6");
}
