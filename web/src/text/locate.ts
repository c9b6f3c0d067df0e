/*
 * Where in a JSON text a JSON pointer (RFC 6901) points, so that what the server says about a
 * field can be shown at that field. Offsets count UTF-16 units, lines and columns from 1.
 */

export interface Span {
    start: number;
    end: number;
}

interface Node extends Span {
    key?: Span;
    members?: Map<string, Node>;
    items?: Node[];
}

/* What is wrong with a text that is not JSON. */
export class Mistake extends Error {
    constructor(
        message: string,
        readonly offset: number,
    ) {
        super(message);
    }
}

const DEPTH_MAX = 200; /* the server's limit is lower; this one guards the stack */
const numberShape = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const stringShape = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const wordShape = /[A-Za-z_$][\w$]*/y;

class Scanner {
    private at = 0;
    constructor(private readonly text: string) {}

    whole(): Node {
        const root = this.value(0);
        this.space();
        if (this.at < this.text.length) this.fail("There is more after the end of the document");
        return root;
    }

    private fail(message: string, at = this.at): never {
        throw new Mistake(message, at);
    }

    private space(): void {
        while (/[ \t\r\n]/.test(this.text[this.at] ?? "")) this.at++;
    }

    private take(shape: RegExp): string | null {
        shape.lastIndex = this.at;
        const found = shape.exec(this.text)?.[0];
        if (!found) return null;
        this.at += found.length;
        return found;
    }

    private value(depth: number): Node {
        this.space();
        if (depth > DEPTH_MAX) this.fail("This is nested too deep");
        const start = this.at;
        const first = this.text[this.at];
        if (first === "{") return this.object(start, depth);
        if (first === "[") return this.array(start, depth);
        if (first === '"') this.string();
        else if (this.take(numberShape) === null) this.word(first);
        return { start, end: this.at };
    }

    private string(): string {
        const start = this.at;
        const found = this.take(stringShape);
        if (found !== null) return JSON.parse(found) as string;
        if (this.text[start] !== '"') this.fail("A name in double quotes is expected here");
        return this.fail("This text has no end, or a character that must be escaped", start);
    }

    private word(first: string | undefined): void {
        const start = this.at;
        const word = this.take(wordShape);
        if (word !== null && ["true", "false", "null"].includes(word)) return;
        if (word !== null) this.fail(`"${word}" needs double quotes, or is no JSON value`, start);
        if (first === undefined) this.fail("The text ends where a value is expected");
        if (first === "'") this.fail("JSON wants double quotes");
        this.fail("A value is expected here");
    }

    private object(start: number, depth: number): Node {
        const members = new Map<string, Node>();
        this.at++;
        for (this.space(); this.text[this.at] !== "}"; ) {
            const keyStart = this.at;
            const key = this.string();
            const span = { start: keyStart, end: this.at };
            if (members.has(key)) this.fail(`"${key}" appears twice in this object`, keyStart);
            this.space();
            if (this.text[this.at] !== ":") this.fail('":" is expected here');
            this.at++;
            members.set(key, { ...this.value(depth + 1), key: span });
            if (!this.comma("}")) break;
            if (this.text[this.at] === "}") this.fail("A comma before the end of an object");
        }
        this.at++;
        return { start, end: this.at, members };
    }

    private array(start: number, depth: number): Node {
        const items: Node[] = [];
        this.at++;
        for (this.space(); this.text[this.at] !== "]"; ) {
            items.push(this.value(depth + 1));
            if (!this.comma("]")) break;
            if (this.text[this.at] === "]") this.fail("A comma before the end of a list");
        }
        this.at++;
        return { start, end: this.at, items };
    }

    /* Whether another entry follows; false leaves us on the closing bracket. */
    private comma(close: string): boolean {
        this.space();
        const next = this.text[this.at];
        if (next === close) return false;
        if (next !== ",") this.fail(next === undefined ? `The text ends without "${close}"` : `"," or "${close}" is expected here`);
        this.at++;
        this.space();
        return true;
    }
}

export function findMistake(text: string): Mistake | null {
    try {
        new Scanner(text).whole();
        return null;
    } catch (mistake) {
        if (mistake instanceof Mistake) return mistake;
        throw mistake;
    }
}

function unescape(token: string): string {
    return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

/* The opening of an object or list, all of anything else; with its key in front. */
function spanOf(node: Node): Span {
    const end = node.members || node.items ? node.start + 1 : node.end;
    return { start: node.key?.start ?? node.start, end };
}

/*
 * The member or entry that the pointer names. What is not there (a missing field) is shown at the
 * innermost object around it that is. null: the text is not JSON.
 */
export function locate(text: string, pointer: string): Span | null {
    let node: Node;
    try {
        node = new Scanner(text).whole();
    } catch {
        return null;
    }
    for (const token of pointer.split("/").slice(1).map(unescape)) {
        const next = node.members?.get(token) ?? node.items?.[/^(0|[1-9]\d*)$/.test(token) ? Number(token) : -1];
        if (!next) break;
        node = next;
    }
    return spanOf(node);
}

export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    return { line, column: offset - before.lastIndexOf("\n") };
}

export function offsetOf(text: string, line: number, column: number): number {
    let start = 0;
    for (let i = 1; i < line; i++) {
        const end = text.indexOf("\n", start);
        if (end < 0) break;
        start = end + 1;
    }
    return Math.min(text.length, start + Math.max(0, column - 1));
}
