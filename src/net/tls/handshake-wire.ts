/**
 * What lies between a TLSSocket and the plain connection its handshake runs over. The socket has a script at its other end
 * (scripted-socket.ts), and each record is seen both ways. Those from the peer are handed on one at a time, so that it is
 * known to the byte where the handshake ends; from there on the connection makes and opens its records itself:
 *
 *   plain connection ◀──▶ wire ◀──▶ TLSSocket      handshake
 *   plain connection ◀──▶ RecordConnection         data; the socket is kept for what it knows
 *
 * Where the two sides agree on a cipher that records/ does not know, wire and socket stay between, and the socket is used
 * as its manual says.
 */
import type { TLSSocket } from 'node:tls';
import type { Cause } from '../../base/failure.ts';
import type { Connection, ConnectionHandler, Engine } from '../connection.ts';
import { UNSET } from '../engines/unset-handler.ts';
import { alertRecord } from './records/alert-record.ts';
import { HandshakeRecords, type HelloRandoms } from './records/handshake-records.ts';
import { RecordConnection, type RecordOwner } from './records/record-connection.ts';
import { TrafficSecrets } from './records/traffic-secrets.ts';
import { ScriptedSocket, type SocketScript } from './scripted-socket.ts';

/** What makes encrypted connections. */
export type Adopter = Pick<Engine, 'adopt' | 'queue'>;

type Side = 'server' | 'client';

interface SecuredOptions {
  /** Bytes of a record's content, 0: as many as TLS allows. */
  readonly maxRecordBytes: number;
  /** The socket is to see tickets that come later. */
  readonly hearsTickets: boolean;
}

const HANDSHAKE = 0;
/** Bytes go on through the socket. */
const PASSING = 1;
/** The socket has no part in it any more. */
const OVER = 2;

export class HandshakeWire implements ConnectionHandler, SocketScript, RecordOwner {
  readonly raw: ScriptedSocket;
  readonly side: Side;
  hearsTickets = false;
  readonly #plain: Connection;
  readonly #engine: Adopter;
  readonly #records = new HandshakeRecords();
  #outbox: Buffer[] = [];
  #socket: TLSSocket | undefined;
  #secrets: TrafficSecrets | undefined;
  #state = HANDSHAKE;
  #isFeeding = false;
  #isWanted = true;
  #agreed: (() => void) | undefined;

  /** Undefined: this Node cannot. `ahead`: what was read of the connection before. */
  static over(plain: Connection, engine: Adopter, side: Side, ahead?: Buffer): HandshakeWire | undefined {
    let wire: HandshakeWire | undefined;
    const script: SocketScript = {
      written: bytes => wire?.written(bytes),
      wanted: isWanted => wire?.wanted(isWanted),
      shutDown: () => wire?.shutDown(),
      closed: () => wire?.closed(),
    };
    const raw = ScriptedSocket.make(script);
    wire = raw && new HandshakeWire(plain, engine, side, raw, ahead);
    return wire;
  }

  private constructor(
    plain: Connection,
    engine: Adopter,
    side: Side,
    raw: ScriptedSocket,
    ahead: Buffer | undefined,
  ) {
    this.#plain = plain;
    this.#engine = engine;
    this.side = side;
    this.raw = raw;
    if (ahead !== undefined) this.#records.received(ahead);
    plain.handler = this;
  }

  /** As far as they were seen. */
  get hellos(): HelloRandoms {
    return this.#records;
  }

  /** `socket`: over `raw`, and nothing has happened yet. */
  begin(socket: TLSSocket): void {
    this.#socket = socket;
    this.#secrets = new TrafficSecrets(socket);
    // others listen for as long as they have a part in it; what comes later must not end the thread
    socket.on('error', ignore);
    this.raw.on('error', ignore);
    this.#engine.queue(this);
  }

  /** The socket says that the handshake is over, and well. `ready` may be called before this returns. */
  secured({ maxRecordBytes, hearsTickets }: SecuredOptions, ready: (connection: Connection) => void): void {
    this.hearsTickets = hearsTickets;
    this.#agreed = () => ready(this.#connect(maxRecordBytes));
    this.#settle();
  }

  /**
   * In place of secured(): the peer is told so, and nothing of what OpenSSL has not sent yet. Before TLS 1.3 that is the
   * change of ciphers, so that the alert goes in plain text (RFC 5246, section 7.1).
   */
  refuse(alert: number): void {
    const keyring = this.#secrets?.keyring(this.side, this.#records);
    this.#state = OVER;
    if (this.#plain.sending) return;
    const record = alertRecord(alert, keyring);
    this.#plain.send(record, 0, record.length);
  }

  deliver(): void {
    this.#feed();
  }

  heardTicket(record: Buffer): void {
    this.raw.feed(record);
  }

  released(): void {
    this.#socket?.destroy();
    this.raw.destroy();
  }

  // ── what the plain connection tells ──

  onReceived(_plain: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#records.received(Buffer.from(buffer.subarray(offset, offset + length)));
    this.#feed();
  }

  onEnd(plain: Connection): void {
    if (this.#agreed !== undefined) {
      this.#agree();
      return plain.handler.onEnd(plain);
    }
    this.raw.feedEnd();
    this.#finishWrites();
  }

  onSent(): void {
    const next = this.#outbox.shift();
    if (next !== undefined) return this.#plain.send(next, 0, next.length);
    if (this.#state === PASSING) this.raw.finishWrite();
    this.#settle();
  }

  onFailed(plain: Connection, cause: Cause, code?: string): void {
    if (this.#agreed !== undefined) {
      this.#agree();
      return plain.handler.onFailed(plain, cause, code);
    }
    const error: NodeJS.ErrnoException = new Error(code ?? cause);
    error.code = code ?? (cause === 'timeout' ? 'ETIMEDOUT' : 'ECONNRESET');
    error.syscall = 'read';
    this.raw.destroy(error);
  }

  onConnected(): void {
    throw new Error('connected twice');
  }

  // ── what the socket asks ──

  written(bytes: Buffer): void {
    if (this.#state === OVER) return void setImmediate(() => this.raw.finishWrite());
    this.#records.sent(bytes);
    this.#records.noteHello(bytes);
    if (this.#plain.sending) this.#outbox.push(bytes);
    else this.#plain.send(bytes, 0, bytes.length);
    if (this.#state === HANDSHAKE && !this.#isFeeding) setImmediate(() => this.#finishWrites());
  }

  wanted(isWanted: boolean): void {
    this.#isWanted = isWanted;
    if (isWanted && this.#state === PASSING) this.#engine.queue(this);
  }

  shutDown(): void {
    if (this.#state === PASSING) this.#plain.shutdown();
  }

  closed(): void {
    if (this.#state !== OVER) this.#plain.close();
    this.#state = OVER;
  }

  // ── its parts ──

  #feed(): void {
    if (this.#isFeeding || this.#state === OVER) return;
    this.#isFeeding = true;
    while (this.#takesMore()) {
      const record = this.#records.next();
      if (record === undefined) break;
      this.#records.sealed = 0;
      this.#records.noteHello(record);
      this.raw.feed(record);
      this.#finishWrites();
    }
    this.#isFeeding = false;
    this.#settle();
    if (this.#takesMore() && !this.#plain.receiving && !this.#plain.closed) this.#plain.receive();
  }

  #takesMore(): boolean {
    if (this.#state === PASSING) return this.#isWanted;
    return this.#state === HANDSHAKE && this.#agreed === undefined;
  }

  /** During the handshake: nothing more is written than a peer waits for. */
  #finishWrites(): void {
    while (this.#state === HANDSHAKE && this.raw.isWriting) this.raw.finishWrite();
  }

  /** OpenSSL has said all it wants to, and all of it is under way. */
  #settle(): void {
    if (!this.#isFeeding && this.#outbox.length === 0 && this.#state === HANDSHAKE) this.#agree();
  }

  #agree(): void {
    const agreed = this.#agreed;
    this.#agreed = undefined;
    agreed?.();
  }

  #connect(maxRecordBytes: number): Connection {
    const socket = this.#socket as TLSSocket;
    const keyring = this.#secrets?.keyring(this.side, this.#records);
    if (keyring === undefined) {
      this.#state = PASSING;
      this.#engine.queue(this);
      return withAddressesOf(this.#plain, this.#engine.adopt(socket, UNSET));
    }
    this.#state = OVER;
    const connection = new RecordConnection(this.#plain, keyring, this, this.#engine, UNSET, maxRecordBytes);
    connection.startWith(this.#records.rest());
    return connection;
  }
}

/** What lies over a connection, or took its place, has its addresses, whatever rules have made of them. */
export function withAddressesOf(plain: Connection, connection: Connection): Connection {
  connection.remote = plain.remote;
  connection.local = plain.local;
  return connection;
}

function ignore(): void {}
