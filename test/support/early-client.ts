/**
 * A TLS 1.3 client in memory that sends early data: OpenSSL's, called directly, since Node's has none. What it has to say and what
 * is said to it passes through the test's hands, which may hold it back, cut it or send it twice.
 */
import assert from 'node:assert/strict';
import { addressOf } from '../../src/net/memory-address.ts';
import { loadKoffi } from '../../src/net/system-calls.ts';

const MIN_VERSION = 123;
const TLS13 = 0x0304;
const HOST_NAME = 55;
const GROUPS = 92;
const ACCEPTED = 2;
const NONE = 0;

function load() {
  const node = loadKoffi().load(null);
  const call = (text: string) => node.func(text) as (...values: readonly (number | string)[]) => number;
  return {
    method: call('uintptr_t TLS_client_method()'),
    newContext: call('uintptr_t SSL_CTX_new(uintptr_t method)'),
    freeContext: call('void SSL_CTX_free(uintptr_t context)'),
    limit: call('long SSL_CTX_ctrl(uintptr_t context, int command, long number, uintptr_t pointer)'),
    suites: call('int SSL_CTX_set_ciphersuites(uintptr_t context, const char *names)'),
    newSsl: call('uintptr_t SSL_new(uintptr_t context)'),
    freeSsl: call('void SSL_free(uintptr_t ssl)'),
    beClient: call('void SSL_set_connect_state(uintptr_t ssl)'),
    control: call('long SSL_ctrl(uintptr_t ssl, int command, long number, const char *text)'),
    protocols: call('int SSL_set_alpn_protos(uintptr_t ssl, uintptr_t names, uint length)'),
    pipe: call('uintptr_t BIO_new(uintptr_t kind)'),
    memory: call('uintptr_t BIO_s_mem()'),
    setPipes: call('void SSL_set_bio(uintptr_t ssl, uintptr_t in, uintptr_t out)'),
    drain: call('int BIO_read(uintptr_t pipe, uintptr_t out, int length)'),
    fill: call('int BIO_write(uintptr_t pipe, uintptr_t in, int length)'),
    early: call('int SSL_write_early_data(uintptr_t ssl, uintptr_t in, size_t length, uintptr_t written)'),
    status: call('int SSL_get_early_data_status(uintptr_t ssl)'),
    isResumed: call('int SSL_session_reused(uintptr_t ssl)'),
    shakeHands: call('int SSL_do_handshake(uintptr_t ssl)'),
    read: call('int SSL_read(uintptr_t ssl, uintptr_t out, int length)'),
    write: call('int SSL_write(uintptr_t ssl, uintptr_t in, int length)'),
    errorOf: call('int SSL_get_error(uintptr_t ssl, int result)'),
    clearErrors: call('void ERR_clear_error()'),
    session: call('uintptr_t SSL_get_session(uintptr_t ssl)'),
    setSession: call('int SSL_set_session(uintptr_t ssl, uintptr_t session)'),
    freeSession: call('void SSL_SESSION_free(uintptr_t session)'),
    isTicket: call('int SSL_SESSION_has_ticket(uintptr_t session)'),
    encode: call('int i2d_SSL_SESSION(uintptr_t session, uintptr_t at)'),
    decode: call('uintptr_t d2i_SSL_SESSION(uintptr_t session, uintptr_t at, long length)'),
    timeOf: call('long SSL_SESSION_get_time(uintptr_t session)'),
    setTime: call('long SSL_SESSION_set_time(uintptr_t session, long time)'),
    setMost: call('int SSL_SESSION_set_max_early_data(uintptr_t session, uint32_t bytes)'),
  };
}

let loaded: ReturnType<typeof load> | undefined;
const scratch = Buffer.alloc(65_536);

export interface EarlyWishes {
  readonly servername?: string;
  /** Comma separated. */
  readonly alpn?: string;
  readonly session?: Buffer;
  readonly ciphersuites?: string;
  /** The first one has a key share. */
  readonly groups?: string;
  /** Seconds by which its ticket is older than it is. */
  readonly older?: number;
  /** Bytes of early data that it takes for allowed. */
  readonly most?: number;
}

export class EarlyClient {
  readonly #calls: ReturnType<typeof load>;
  readonly #ssl: number;
  readonly #in: number;
  readonly #out: number;
  /** Data that came, opened. */
  received = Buffer.alloc(0);
  isDone = false;
  hasFailed = false;

  constructor(wishes: EarlyWishes = {}) {
    const calls = (this.#calls = loaded ??= load());
    const context = calls.newContext(calls.method());
    calls.limit(context, MIN_VERSION, TLS13, NONE);
    if (wishes.ciphersuites !== undefined) calls.suites(context, wishes.ciphersuites);
    this.#ssl = calls.newSsl(context);
    calls.freeContext(context);
    this.#in = calls.pipe(calls.memory());
    this.#out = calls.pipe(calls.memory());
    calls.setPipes(this.#ssl, this.#in, this.#out);
    calls.beClient(this.#ssl);
    const { servername, alpn, groups } = wishes;
    if (servername !== undefined) calls.control(this.#ssl, HOST_NAME, 0, servername);
    if (groups !== undefined) calls.control(this.#ssl, GROUPS, 0, groups);
    if (alpn !== undefined) {
      const text = alpn.split(',').map(name => String.fromCharCode(name.length) + name);
      const names = Buffer.from(text.join(''), 'latin1');
      calls.protocols(this.#ssl, addressOf(names), names.length);
    }
    if (wishes.session !== undefined) this.#resume(wishes.session, wishes);
  }

  #resume(bytes: Buffer, { older = 0, most }: EarlyWishes): void {
    const calls = this.#calls;
    const at = new BigUint64Array([BigInt(addressOf(bytes))]);
    const session = calls.decode(NONE, addressOf(Buffer.from(at.buffer)), bytes.length);
    assert.notEqual(session, NONE);
    if (older !== 0) calls.setTime(session, calls.timeOf(session) - older);
    if (most !== undefined) calls.setMost(session, most);
    calls.setSession(this.#ssl, session);
    calls.freeSession(session);
  }

  free(): void {
    this.#calls.freeSsl(this.#ssl);
  }

  /** The hello, and early data behind it; none: the hello alone. */
  begin(early = ''): Buffer {
    if (early === '') this.#step();
    else this.writeEarly(early);
    return this.output();
  }

  writeEarly(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    const written = Buffer.alloc(8);
    const { early } = this.#calls;
    assert.equal(early(this.#ssl, addressOf(bytes), bytes.length, addressOf(written)), 1, 'early data');
  }

  /** What it has to say to that; what came of data is in `received`. */
  take(bytes: Buffer): Buffer {
    this.#calls.fill(this.#in, addressOf(bytes), bytes.length);
    if (!this.isDone) this.#step();
    for (let length = 1; this.isDone && length > 0;) {
      length = this.#calls.read(this.#ssl, addressOf(scratch), scratch.length);
      if (length > 0) this.received = Buffer.concat([this.received, scratch.subarray(0, length)]);
      else this.#judge(length);
    }
    return this.output();
  }

  /** Sealed. */
  write(text: string): Buffer {
    const bytes = Buffer.from(text, 'latin1');
    assert.equal(this.#calls.write(this.#ssl, addressOf(bytes), bytes.length), bytes.length);
    return this.output();
  }

  output(): Buffer {
    let output = Buffer.alloc(0);
    for (let length = 1; length > 0;) {
      length = this.#calls.drain(this.#out, addressOf(scratch), scratch.length);
      if (length > 0) output = Buffer.concat([output, scratch.subarray(0, length)]);
    }
    return output;
  }

  get isAccepted(): boolean {
    return this.#calls.status(this.#ssl) === ACCEPTED;
  }

  get isResumed(): boolean {
    return this.#calls.isResumed(this.#ssl) === 1;
  }

  /** Of the last ticket that came; undefined: none has. */
  session(): Buffer | undefined {
    const calls = this.#calls;
    const session = calls.session(this.#ssl);
    if (session === NONE || calls.isTicket(session) !== 1) return undefined;
    const bytes = Buffer.alloc(calls.encode(session, NONE));
    const at = new BigUint64Array([BigInt(addressOf(bytes))]);
    calls.encode(session, addressOf(Buffer.from(at.buffer)));
    return bytes;
  }

  #step(): void {
    const result = this.#calls.shakeHands(this.#ssl);
    this.isDone = result === 1;
    if (result !== 1) this.#judge(result);
  }

  #judge(result: number): void {
    const error = this.#calls.errorOf(this.#ssl, result);
    if (error === 1) this.hasFailed = true;
    this.#calls.clearErrors();
  }
}
