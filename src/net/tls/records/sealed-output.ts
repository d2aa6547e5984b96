/**
 * What a connection of records sends: data, sealed into memory of the thread's, and beside it alerts and KeyUpdates, each
 * in its turn, since a plain connection takes one send at a time.
 */
import { END, MORE, type Connection } from '../../connection.ts';
import { keysOfSecret, nextSecret } from './key-schedule.ts';
import { outgoing } from './record-buffers.ts';
import {
  ALERT,
  APPLICATION_DATA,
  HANDSHAKE,
  MOST_CONTENT,
  MOST_OVERHEAD,
  type RecordKeyring,
} from './record-cipher.ts';

export const WARNING = 1;
const FATAL = 2;
export const CLOSE_NOTIFY = 0;
const GOODBYE = Buffer.from([WARNING, CLOSE_NOTIFY]);
export const KEY_UPDATE = 24;
/** `update_not_requested` */
const KEYS_UPDATED = Buffer.from([KEY_UPDATE, 0, 0, 1, 0]);

export class SealedOutput {
  /** Bytes of the last send. */
  length = 0;
  readonly #plain: Connection;
  readonly #keys: RecordKeyring;
  readonly #mostContent: number;
  #isSending = false;
  #buffer: Buffer | undefined = undefined;
  #at = 0;
  #end = 0;
  /** close_notify and FIN may go with it. */
  #isLast = false;
  /** Sealed, and on its way. */
  #out: Buffer | undefined = undefined;
  #keysToUpdate = false;
  #toShutDown = false;
  #isShutDown = false;
  #hasSaidGoodbye = false;
  /** A fatal alert that waits for what is being sent. */
  #refusal: number | undefined = undefined;
  #hasRefused = false;

  /** `mostContent`: bytes of a record's content, 0: as many as TLS allows. */
  constructor(plain: Connection, keys: RecordKeyring, mostContent: number) {
    this.#plain = plain;
    this.#keys = keys;
    this.#mostContent = mostContent > 0 ? Math.min(mostContent, MOST_CONTENT) : MOST_CONTENT;
  }

  /** The bytes stay untouched until sent() says that all are with the kernel. */
  send(buffer: Buffer, offset: number, length: number, isLast: boolean): void {
    this.#isSending = true;
    this.#buffer = buffer;
    this.#at = offset;
    this.#end = offset + length;
    this.length = length;
    this.#isLast = isLast;
    this.goOn();
  }

  /** close_notify and FIN, behind what is being sent. */
  shutdown(): void {
    if (this.#isShutDown) return;
    this.#toShutDown = true;
    this.goOn();
  }

  /** The connection is closed next: close_notify, where all that was sent is with the kernel. */
  sayGoodbye(): void {
    if (!this.#hasSaidGoodbye) this.tell(CLOSE_NOTIFY);
    this.#hasSaidGoodbye = true;
  }

  /** The peer has exchanged its keys, and asks for the same. */
  updateKeys(): void {
    this.#keysToUpdate = true;
    this.goOn();
  }

  /**
   * A fatal alert: nothing is sent any more behind it. FIN goes with it, since who hears of the failure closes, and would be ahead
   * of it.
   */
  refuse(description: number): void {
    this.#refusal = description;
    this.goOn();
  }

  get isRefusing(): boolean {
    return this.#refusal !== undefined;
  }

  /** The plain connection takes nothing any more. */
  giveUp(): void {
    this.#refusal = undefined;
    this.#hasRefused = true;
  }

  /** A warning, if it can be sent now. */
  tell(description: number): void {
    if (!this.#plain.sending && !this.#hasRefused) this.#sealAlert(WARNING, description);
  }

  /** Its memory is nobody else's: it may be on its way when the connection is gone. */
  #sealAlert(level: number, description: number): void {
    const alert = Buffer.from([level, description]);
    const record = Buffer.allocUnsafeSlow(alert.length + MOST_OVERHEAD);
    const length = this.#keys.sealer.seal(ALERT, alert, 0, alert.length, record, 0);
    this.#plain.send(record, 0, length, level === FATAL ? END : MORE);
  }

  /** The plain connection has sent what it was given. True: that was the last of a send(). */
  sent(): boolean {
    if (this.#out !== undefined) outgoing.give(this.#out);
    this.#out = undefined;
    const isDone = this.#isSending && this.#at === this.#end;
    if (!isDone) this.goOn();
    else {
      this.#isSending = false;
      this.#buffer = undefined;
    }
    return isDone;
  }

  /** What is to go out next, if anything. */
  goOn(): void {
    if (this.#plain.sending || this.#hasRefused) return;
    if (this.#refusal !== undefined) this.#sealRefusal(this.#refusal);
    else if (this.#keysToUpdate && !this.#hasSaidGoodbye) this.#sealKeyUpdate();
    else if (this.#isSending) this.#sealData();
    else if (this.#toShutDown) {
      this.#toShutDown = false;
      this.#isShutDown = true;
      this.sayGoodbye();
      this.#plain.shutdown();
    }
  }

  /** The kernel may still read what was sealed: it is left to the collector. */
  drop(): void {
    if (this.#out !== undefined) outgoing.taken--;
    this.#out = undefined;
    this.#buffer = undefined;
  }

  #sealRefusal(description: number): void {
    this.#refusal = undefined;
    this.#hasRefused = true;
    this.#sealAlert(FATAL, description);
  }

  #sealData(): void {
    const { sealer } = this.#keys;
    const out = outgoing.take();
    const input = this.#buffer as Buffer;
    let filled = 0;
    while (this.#at < this.#end && filled + this.#mostContent + MOST_OVERHEAD <= out.length) {
      const length = Math.min(this.#end - this.#at, this.#mostContent);
      filled += sealer.seal(APPLICATION_DATA, input, this.#at, length, out, filled);
      this.#at += length;
    }
    const hasRoom = filled + GOODBYE.length + MOST_OVERHEAD <= out.length;
    if (this.#isLast && this.#at === this.#end && hasRoom) {
      filled += sealer.seal(ALERT, GOODBYE, 0, GOODBYE.length, out, filled);
      this.#hasSaidGoodbye = true;
    }
    this.#pass(out, filled);
  }

  #sealKeyUpdate(): void {
    const { suite, sealer, secrets } = this.#keys;
    this.#keysToUpdate = false;
    if (secrets === undefined) return;
    const out = outgoing.take();
    const length = sealer.seal(HANDSHAKE, KEYS_UPDATED, 0, KEYS_UPDATED.length, out, 0);
    secrets.outgoing = nextSecret(suite, secrets.outgoing);
    sealer.exchangeKeys(keysOfSecret(suite, secrets.outgoing));
    this.#pass(out, length);
  }

  #pass(out: Buffer, length: number): void {
    this.#out = out;
    this.#plain.send(out, 0, length, this.#hasSaidGoodbye ? END : MORE);
  }
}
