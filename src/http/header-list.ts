/**
 * The header fields of one message, reused from message to message. Names are kept as received and in lower case;
 * lines nobody changed are written back exactly as they came, in one piece when nothing was changed at all.
 */
import type { Headers } from './head.ts';

/** Lower-case forms of names seen; bounded, since clients choose names. */
const lowered = new Map<string, string>();
const LOWERED_AT_MOST = 4096;

function lowerCase(name: string): string {
  let lower = lowered.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    if (lowered.size < LOWERED_AT_MOST) lowered.set(name, lower);
  }
  return lower;
}

export class HeaderList implements Headers {
  count = 0;
  /** The field lines as received, each with its CRLF; undefined once one was changed. */
  #block: string | undefined = '';
  readonly #names: string[] = [];
  readonly #lowerNames: string[] = [];
  readonly #values: string[] = [];

  /** Forgets everything. */
  clear(): void {
    this.count = 0;
    this.#block = '';
  }

  /** The parser appends what it reads, then gives the whole block. */
  append(name: string, value: string): string {
    const lower = lowerCase(name);
    const index = this.count++;
    this.#names[index] = name;
    this.#lowerNames[index] = lower;
    this.#values[index] = value;
    return lower;
  }

  setBlock(block: string): void {
    this.#block = block;
  }

  nameAt(index: number): string {
    return this.#names[index] as string;
  }
  lowerNameAt(index: number): string {
    return this.#lowerNames[index] as string;
  }
  valueAt(index: number): string {
    return this.#values[index] as string;
  }

  find(lowerName: string, from = 0): number {
    for (let index = from; index < this.count; index++)
      if (this.#lowerNames[index] === lowerName) return index;
    return -1;
  }

  get(lowerName: string): string | undefined {
    const index = this.find(lowerName);
    return index < 0 ? undefined : this.#values[index];
  }

  has(lowerName: string): boolean {
    return this.find(lowerName) >= 0;
  }

  add(name: string, value: string): void {
    if (this.#block !== undefined) this.#block += `${name}: ${value}\r\n`;
    this.append(name, value);
  }

  set(name: string, value: string): void {
    this.remove(name.toLowerCase());
    this.add(name, value);
  }

  remove(lowerName: string): number {
    let kept = 0;
    for (let index = 0; index < this.count; index++) {
      if (this.#lowerNames[index] === lowerName) continue;
      if (kept !== index) this.#move(index, kept);
      kept++;
    }
    const removed = this.count - kept;
    if (removed > 0) this.#block = undefined;
    this.count = kept;
    return removed;
  }

  removeAt(index: number): void {
    for (let next = index + 1; next < this.count; next++) this.#move(next, next - 1);
    this.count--;
    this.#block = undefined;
  }

  setValueAt(index: number, value: string): void {
    this.#values[index] = value;
    this.#block = undefined;
  }

  setNameAt(index: number, name: string): void {
    this.#names[index] = name;
    this.#lowerNames[index] = lowerCase(name);
    this.#block = undefined;
  }

  /** All field lines, each with its CRLF. */
  render(): string {
    if (this.#block !== undefined) return this.#block;
    let text = '';
    for (let index = 0; index < this.count; index++)
      text += `${this.#names[index] as string}: ${this.#values[index] as string}\r\n`;
    return text;
  }

  #move(from: number, to: number): void {
    this.#names[to] = this.#names[from] as string;
    this.#lowerNames[to] = this.#lowerNames[from] as string;
    this.#values[to] = this.#values[from] as string;
  }
}
