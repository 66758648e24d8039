// A log as it is read: its bytes in pieces, and where each line begins; a line becomes text only when it is shown.
//
// How does this work?  `add` takes what has come and notes the ends of lines in it, so that a million lines cost four bytes each beside
// what they are.  The first line that looks like an error is noted on the way.  `find` looks for a text in the bytes of
// many lines at once, a part in each turn, so that the page goes on meanwhile.

const NEWLINE = 10;
const LONGEST = 2000; // characters of a line that are shown
const TURN = 200_000; // lines that are searched before the page may go on
const ERROR = /\b(error|traceback|exception|fatal|failed)\b/i;

const decoder = new TextDecoder();

export class LogText {
  private pieces: Uint8Array[] = [];
  private begins: number[] = []; // of the pieces, in the whole
  private ends = new Uint32Array(1024); // of lines: where the next one begins
  private count = 0;
  size = 0;
  firstError: number | null = null;

  // The last line may not be whole yet.
  get lines() {
    return this.count + (this.size > (this.count ? this.ends[this.count - 1]! : 0) ? 1 : 0);
  }

  add(bytes: Uint8Array) {
    if (!bytes.length) return;
    this.begins.push(this.size);
    this.pieces.push(bytes);
    const before = this.count;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      if (this.count === this.ends.length) {
        const more = new Uint32Array(2 * this.count);
        more.set(this.ends);
        this.ends = more;
      }
      this.ends[this.count++] = this.size + at + 1;
    }
    this.size += bytes.length;
    if (this.firstError == null) this.lookForError(before, bytes);
  }

  private lookForError(from: number, bytes: Uint8Array) {
    if (!ERROR.test(decoder.decode(bytes))) return;
    for (let line = from; line < this.lines; line++) {
      if (!ERROR.test(this.line(line))) continue;
      this.firstError = line;
      return;
    }
  }

  // Its text, and how many characters of it are left out.
  line(number: number): string {
    return this.shown(number).text;
  }

  shown(number: number): { text: string; more: number } {
    const begin = number ? this.ends[number - 1]! : 0;
    const end = number < this.count ? this.ends[number]! - 1 : this.size;
    const kept = Math.min(end, begin + 4 * LONGEST);
    const text = decoder.decode(this.slice(begin, kept)).replace(/\r$/, "");
    const told = text.length > LONGEST ? text.slice(0, LONGEST) : text;
    return { text: told, more: end - begin > told.length && (kept < end || told.length < text.length) ? end - begin - told.length : 0 };
  }

  private slice(from: number, to: number): Uint8Array {
    let at = this.pieceOf(from);
    const piece = this.pieces[at];
    if (!piece) return new Uint8Array();
    const begin = from - this.begins[at]!;
    if (to <= this.begins[at]! + piece.length) return piece.subarray(begin, to - this.begins[at]!);
    const whole = new Uint8Array(to - from);
    let done = 0;
    while (done < whole.length) {
      const part = this.pieces[at]!.subarray(from + done - this.begins[at]!, to - this.begins[at]!);
      whole.set(part, done);
      done += part.length;
      at += 1;
    }
    return whole;
  }

  private pieceOf(place: number): number {
    let low = 0;
    let high = this.begins.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.begins[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  // The lines that have the text in them, without regard to capitals; given as they are found.
  async *find(text: string): AsyncGenerator<number[]> {
    const wanted = text.toLowerCase();
    for (let from = 0; from < this.lines; from += TURN) {
      const to = Math.min(this.lines, from + TURN);
      const found: number[] = [];
      const end = to <= this.count ? this.ends[to - 1]! : this.size;
      const all = decoder.decode(this.slice(from ? this.ends[from - 1]! : 0, end)).toLowerCase().split("\n");
      all.forEach((line, place) => line.includes(wanted) && from + place < to && found.push(from + place));
      yield found;
      await new Promise((resume) => setTimeout(resume));
    }
  }
}
