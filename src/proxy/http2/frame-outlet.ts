/** Sends what a session of HTTP/2 has written over its connection, one buffer at a time. */
import { giveBack, type Output } from '../../http2/output.ts';
import type { Connection } from '../../net/connection.ts';

export class FrameOutlet {
  readonly #connection: Connection;
  readonly #output: Output;
  #underWay: Buffer | undefined;

  constructor(connection: Connection, output: Output) {
    this.#connection = connection;
    this.#output = output;
  }

  /** As much as the connection takes now. */
  send(): void {
    const connection = this.#connection;
    const output = this.#output;
    while (output.length > 0 && !connection.sending && !connection.closed) {
      const { length } = output;
      const buffer = output.take();
      this.#underWay = buffer;
      connection.send(buffer, 0, length);
    }
  }

  /** What was under way is sent: its memory is free. */
  sent(): void {
    if (this.#underWay !== undefined) giveBack(this.#underWay);
    this.#underWay = undefined;
  }
}
