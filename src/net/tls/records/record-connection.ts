/**
 * A connection of TLS records over a plain one, from the end of the handshake on (handshake-wire.ts). Records are opened
 * where the plain connection has put them; what is sent is sealed into memory of the thread's. It does what OpenSSL would do
 * about messages beside the data: alerts, KeyUpdate, tickets of servers (RFC 8446, sections 4.6 and 6).
 */
import type { Cause } from '../../../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint, Engine, Follows } from '../../connection.ts';
import { END, MORE } from '../../connection.ts';
import type { TlsError, TlsFacts } from '../tls-facts.ts';
import { keysOfSecret, nextSecret } from './key-schedule.ts';
import { incoming, OWN_HEADROOM } from './record-buffers.ts';
import { ALERT, APPLICATION_DATA, HANDSHAKE, MOST_CONTENT, type RecordKeyring } from './record-cipher.ts';
import {
  alertError,
  BAD_ALERT,
  BAD_KEY_UPDATE,
  BAD_LENGTH,
  BAD_MAC,
  BAD_MESSAGE,
  BAD_TYPE,
  libraryError,
  type RecordFault,
  SAYS_NOTHING,
  TOO_MUCH_CONTENT,
} from './record-faults.ts';
import { RecordIntake } from './record-intake.ts';
import { CLOSE_NOTIFY, KEY_UPDATE, SealedOutput, WARNING } from './sealed-output.ts';

/** Who made the handshake. */
export interface RecordOwner {
  /** Which one this is. Servers give tickets. */
  readonly side: 'server' | 'client';
  readonly hearsTickets: boolean;
  /** Hears of those in front of all data, a record as it came. */
  heardTicket(record: Buffer): void;
  /** The connection is closed. */
  released(): void;
}

const USER_CANCELED = 90;
const NO_RENEGOTIATION = 100;
const NEW_SESSION_TICKET = 4;
const KEY_UPDATE_BYTES = 5;
const UPDATE_REQUESTED = 1;
/** Tickets are shorter, and so is everything else a server says in front of data. */
const MOST_TICKET_BYTES = 4096;
/** Records without data, one after the other (OpenSSL's limit). */
const MOST_EMPTY = 32;

export class RecordConnection implements Connection, ConnectionHandler {
  readonly id: number;
  handler: ConnectionHandler;
  bytesIn = 0;
  bytesOut = 0;
  receiving = false;
  sending = false;
  closed = false;
  tls: TlsFacts | undefined = undefined;
  readonly #plain: Connection;
  readonly #keys: RecordKeyring;
  readonly #owner: RecordOwner;
  readonly #queue: Pick<Engine, 'queue'>;
  readonly #output: SealedOutput;
  readonly #intake = new RecordIntake();
  /** Memory of our own that the handler has. */
  #held: Buffer | undefined = undefined;
  /** Data that was opened and is not handed over yet lies there in the piece. */
  #readyAt = 0;
  #readyLength = 0;
  #readyIn: Buffer | undefined = undefined;
  #inBody = false;
  #mayBeTicket: boolean;
  #emptyRecords = 0;
  #peerEnded = false;
  #failure: Cause | undefined = undefined;
  #failureCode: string | undefined = undefined;
  #tlsFailure: TlsError | undefined = undefined;
  #failed = false;
  /** Of tickets that go on in the next record. */
  #ticketLeft = 0;

  /** `plain`: its receive may be armed, a send of the handshake under way. `mostContent`: of a record, 0: as TLS has it. */
  constructor(
    plain: Connection,
    keys: RecordKeyring,
    owner: RecordOwner,
    queue: Pick<Engine, 'queue'>,
    handler: ConnectionHandler,
    mostContent: number,
  ) {
    this.id = plain.id;
    this.handler = handler;
    this.#plain = plain;
    this.#keys = keys;
    this.#owner = owner;
    this.#queue = queue;
    this.#mayBeTicket = owner.hearsTickets;
    this.#output = new SealedOutput(plain, keys, mostContent);
    plain.handler = this;
  }

  get fd(): number {
    return this.closed ? -1 : this.#plain.fd;
  }

  get tlsFailure(): TlsError | undefined {
    return this.#tlsFailure;
  }

  get headroom(): number {
    return Math.min(this.#plain.headroom ?? 0, OWN_HEADROOM);
  }

  get remote(): Endpoint {
    return this.#plain.remote;
  }

  set remote(endpoint: Endpoint) {
    this.#plain.remote = endpoint;
  }

  get local(): Endpoint {
    return this.#plain.local;
  }

  set local(endpoint: Endpoint) {
    this.#plain.local = endpoint;
  }

  receive(inBody = false): void {
    if (this.receiving) throw new Error('a receive is already pending');
    if (this.closed) return;
    this.receiving = true;
    this.#inBody = inBody;
    if (this.#held !== undefined) incoming.give(this.#held);
    this.#held = undefined;
    if (this.#failed) return;
    if (!this.#intake.isDry || this.#peerEnded || this.#failure !== undefined) this.#queue.queue(this);
    else if (!this.#plain.receiving) this.#plain.receive(inBody);
  }

  send(buffer: Buffer, offset: number, length: number, follows: Follows = MORE): void {
    if (this.sending) throw new Error('a send is already pending');
    if (this.closed) return;
    this.sending = true;
    if (this.#failed) return;
    if (this.#failure !== undefined) return this.#queue.queue(this);
    this.#output.send(buffer, offset, length, follows === END);
  }

  shutdown(): void {
    if (!this.closed) this.#output.shutdown();
  }

  /** The peer hears close_notify where all that was sent is with the kernel. */
  close(): void {
    if (this.closed) return;
    if (!this.#failed) this.#output.sayGoodbye();
    this.#retire();
    this.#plain.close();
  }

  reset(): void {
    if (this.closed) return;
    this.#retire();
    this.#plain.reset();
  }

  /** Bytes that had come behind the handshake. */
  startWith(bytes: Buffer): void {
    if (bytes.length > 0) this.#intake.take(bytes, 0, bytes.length);
  }

  /** From the engine's queue. */
  deliver(): void {
    if (this.closed || this.#failed) return;
    if (this.#failure !== undefined && (this.sending || (this.receiving && this.#intake.isDry))) this.#fail();
    else if (this.receiving) this.#openRecords();
  }

  // ── what the plain connection tells ──

  onReceived(_plain: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#intake.take(buffer, offset, length);
    if (this.receiving) this.#openRecords();
  }

  onEnd(): void {
    this.#peerEnded = true;
    if (this.receiving) this.#openRecords();
  }

  onFailed(_plain: Connection, cause: Cause, code?: string): void {
    this.#failure ??= cause;
    this.#failureCode ??= code;
    this.#output.giveUp();
    if (this.sending || (this.receiving && this.#intake.isDry)) this.#fail();
  }

  onSent(): void {
    if (this.#output.sent()) this.#sendDone();
    if (this.#failure !== undefined) this.deliver();
  }

  #sendDone(): void {
    this.sending = false;
    this.bytesOut += this.#output.length;
    this.#output.goOn();
    this.handler.onSent(this);
  }

  onConnected(): void {
    throw new Error('connected twice');
  }

  // ── receiving ──

  /** Hands over as much data as lies together; asks for more where there is none. */
  #openRecords(): void {
    const intake = this.#intake;
    for (let goesOn = true; goesOn;) {
      const found = intake.next();
      if (typeof found === 'object') this.#refuse(found);
      if (found !== true) break;
      const { buffer, isOwn } = intake;
      goesOn = this.#openRecord(buffer as Buffer, intake.at, intake.length);
      if (!isOwn) continue;
      if (this.#readyLength === 0) incoming.give(buffer as Buffer);
      else {
        this.#held = buffer;
        break;
      }
    }
    if (this.#readyLength > 0) this.#handOver();
    else if (this.#failure !== undefined) this.#fail();
    else if (this.#peerEnded) {
      this.receiving = false;
      this.handler.onEnd(this);
    } else if (!this.#plain.receiving) this.#plain.receive(this.#inBody);
  }

  #handOver(): void {
    const length = this.#readyLength;
    this.receiving = false;
    this.#readyLength = 0;
    this.bytesIn += length;
    this.handler.onReceived(this, this.#readyIn as Buffer, this.#readyAt, length);
  }

  /** False: it is the last. */
  #openRecord(record: Buffer, at: number, recordLength: number): boolean {
    const { opener, suite } = this.#keys;
    const asItCame = this.#copyOfTicket(record, at, recordLength);
    let length = opener.open(record, at, recordLength);
    if (length < 0) return this.#refuse(BAD_MAC);
    const from = at + opener.contentAt;
    let type = record[at] as number;
    if (suite.version === 'TLSv1.3') {
      if (type !== APPLICATION_DATA) return this.#refuse(BAD_TYPE);
      while (length > 0 && record[from + length - 1] === 0) length--;
      if (length === 0) return this.#refuse(BAD_TYPE);
      type = record[from + --length] as number;
    }
    if (length > MOST_CONTENT) return this.#refuse(TOO_MUCH_CONTENT);
    if (type === APPLICATION_DATA) return this.#gather(record, from, length);
    if (type === ALERT) return this.#onAlert(record, from, length);
    if (type === HANDSHAKE) return this.#onHandshake(record, from, length, asItCame);
    return this.#refuse(BAD_TYPE);
  }

  /** Data of several records is moved together. */
  #gather(record: Buffer, from: number, length: number): boolean {
    this.#mayBeTicket = false;
    if (length === 0) return this.#hasSaidNothing();
    this.#emptyRecords = 0;
    if (this.#readyLength === 0) {
      this.#readyIn = record;
      this.#readyAt = from;
    } else record.copyWithin(this.#readyAt + this.#readyLength, from, from + length);
    this.#readyLength += length;
    return true;
  }

  #onAlert(record: Buffer, from: number, length: number): boolean {
    const [level, description] = [record[from] as number, record[from + 1] as number];
    if (length !== 2) return this.#refuse(BAD_ALERT);
    if (description === CLOSE_NOTIFY) this.#ended();
    else if (description === USER_CANCELED || (level === WARNING && this.#keys.secrets === undefined))
      return this.#hasSaidNothing();
    else this.#broke('reset', alertError(description));
    this.#intake.drop();
    return false;
  }

  /** As by FIN, which is left unread behind it: a reset would take what is under way to the peer with it. */
  #ended(): void {
    this.#peerEnded = true;
    this.#plain.sparesPort = false;
  }

  /** Whoever goes on so is up to no good. */
  #hasSaidNothing(): boolean {
    return ++this.#emptyRecords <= MOST_EMPTY || this.#refuse(SAYS_NOTHING);
  }

  #onHandshake(record: Buffer, from: number, length: number, asItCame: Buffer | undefined): boolean {
    const { secrets } = this.#keys;
    if (secrets === undefined) return this.#declineRenegotiation();
    if (length === 0) return this.#refuse(BAD_LENGTH);
    if (record[from] === KEY_UPDATE && length === KEY_UPDATE_BYTES)
      return this.#onKeyUpdate(secrets, record[from + 4] as number);
    if (!this.#passTickets(record, from, from + length)) return this.#refuse(BAD_MESSAGE);
    if (asItCame === undefined) this.#mayBeTicket = false;
    else this.#owner.heardTicket(asItCame);
    return this.#hasSaidNothing();
  }

  /** RFC 8446, section 4.6.3 */
  #onKeyUpdate(secrets: { incoming: Buffer }, request: number): boolean {
    if (request > UPDATE_REQUESTED) return this.#refuse(BAD_KEY_UPDATE);
    this.#mayBeTicket = false;
    this.#updateIncoming(secrets);
    if (request === UPDATE_REQUESTED) this.#output.updateKeys();
    return this.#hasSaidNothing();
  }

  /** False: it is something else. */
  #passTickets(record: Buffer, from: number, end: number): boolean {
    for (let at = from; at < end;) {
      if (this.#ticketLeft === 0) {
        if (this.#owner.side === 'server' || record[at] !== NEW_SESSION_TICKET || end - at < 4) return false;
        this.#ticketLeft = 4 + record.readUIntBE(at + 1, 3);
      }
      const passed = Math.min(this.#ticketLeft, end - at);
      this.#ticketLeft -= passed;
      at += passed;
    }
    return true;
  }

  /** The peer may go on as before (RFC 5246, section 7.2.2). */
  #declineRenegotiation(): boolean {
    this.#output.tell(NO_RENEGOTIATION);
    return this.#hasSaidNothing();
  }

  /** OpenSSL is to understand it, and can only while it has seen all records before. */
  #copyOfTicket(record: Buffer, at: number, length: number): Buffer | undefined {
    if (!this.#mayBeTicket || length > MOST_TICKET_BYTES) return undefined;
    return Buffer.from(record.subarray(at, at + length));
  }

  #updateIncoming(secrets: { incoming: Buffer }): void {
    const { suite, opener } = this.#keys;
    secrets.incoming = nextSecret(suite, secrets.incoming);
    opener.exchangeKeys(keysOfSecret(suite, secrets.incoming));
  }

  /** Tells the peer why; the handler hears of it behind the data that came before. */
  #refuse({ alert, reason }: RecordFault): false {
    this.#output.refuse(alert);
    this.#broke('other', libraryError(reason));
    this.#intake.drop();
    return false;
  }

  #broke(cause: Cause, error: TlsError): void {
    if (this.#failure !== undefined) return;
    this.#failure = cause;
    this.#tlsFailure = error;
  }

  #fail(): void {
    if (this.#failed || this.#output.isRefusing) return;
    this.#failed = true;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, this.#failure as Cause, this.#failureCode);
  }

  // ── the end ──

  #retire(): void {
    this.closed = true;
    this.receiving = false;
    this.sending = false;
    this.#keys.opener.free();
    this.#keys.sealer.free();
    this.#intake.drop();
    this.#readyIn = undefined;
    this.#output.drop();
    // others may still send what the handler has: it is left to the collector
    if (this.#held !== undefined) incoming.taken--;
    this.#held = undefined;
    this.#owner.released();
  }
}
