/** The script's end of a command that runs in a data thread: what it reads and writes goes by way of the control thread. */
import type { ServiceWire } from '../../rules/service-wire.ts';
import type { FromTalk, ToTalk } from './script-messages.ts';

/** More than that on its way makes the script wait. */
const MOST_WAITING = 65_536;

function nothing(): void {}

export class TalkWire implements ServiceWire {
  onInput: () => void = nothing;
  onRoom: () => void = nothing;
  onGone: () => void = nothing;
  inputEnded = false;
  readonly #id: number;
  readonly #tell: (message: FromTalk) => void;
  /** One char a byte. */
  #input = '';
  #taken = 0;
  #asked = false;
  #output = '';
  #waiting = 0;

  constructor(id: number, tell: (message: FromTalk) => void) {
    this.#id = id;
    this.#tell = tell;
  }

  // ── the script's side ──

  get available(): number {
    this.#ask();
    return this.#input.length;
  }

  take(most: number): Buffer {
    const text = this.#input.slice(0, most);
    this.#input = this.#input.slice(text.length);
    this.#taken += text.length;
    return Buffer.from(text, 'latin1');
  }

  indexOf(byte: number): number {
    const at = this.#input.indexOf(String.fromCharCode(byte));
    if (at < 0) this.#ask();
    return at;
  }

  /** Of what the script does not want the next command is made: no more than a line is fetched ahead. */
  #ask(): void {
    if (this.#asked || this.inputEnded) return;
    this.#asked = true;
    this.#tell({ kind: 'talk-wants', id: this.#id, taken: this.#taken });
    this.#taken = 0;
  }

  write(bytes: Buffer): void {
    this.#output += bytes.toString('latin1');
  }

  get full(): boolean {
    return this.#waiting + this.#output.length > MOST_WAITING;
  }

  flush(): void {
    if (this.#output === '') return;
    this.#waiting += this.#output.length;
    this.#tell({ kind: 'talk-says', id: this.#id, text: this.#output });
    this.#output = '';
  }

  finish(): void {
    this.flush();
    this.#tell({ kind: 'talk-over', id: this.#id, taken: this.#taken });
  }

  fail(): void {
    this.finish();
  }

  // ── the client's side ──

  heard(message: Exclude<ToTalk, { readonly kind: 'talk' }>): void {
    switch (message.kind) {
      case 'talk-input':
        this.#asked = false;
        this.#input += message.text;
        this.inputEnded = message.text === '';
        return this.onInput();
      case 'talk-room':
        this.#waiting -= message.length;
        if (!this.full) this.onRoom();
        return;
      case 'talk-gone':
        return this.onGone();
    }
  }
}
