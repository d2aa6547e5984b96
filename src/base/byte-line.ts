/**
 * A line of text that grows as bytes, one char a byte: what is written piece by piece needs no text of the whole, which
 * would be put together, flattened and copied. Log lines are rendered into one (proxy/log-line.ts).
 */
import { latin1Write } from './latin1.ts';

/** The longest line (`len 65535`); what is behind is cut off. */
const ROOM = 65_536;
/** Up to here a loop is cheaper than the call into the runtime. */
const SHORT = 40;

export class ByteLine {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(ROOM);
  length = 0;

  add(text: string): void {
    const { bytes, length: at } = this;
    const size = text.length;
    if (size > SHORT) {
      this.length = at + latin1Write(bytes, text, at);
      return;
    }
    const end = Math.min(at + size, ROOM);
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = text.charCodeAt(from);
    this.length = end;
  }

  addBytes(piece: Uint8Array): void {
    const { bytes, length: at } = this;
    const end = Math.min(at + piece.length, ROOM);
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = piece[from] as number;
    this.length = end;
  }
}
