/**
 * Fetches OCSP responses of the certificates whose configuration says `ocsp-update on`, when they are due, and of others
 * on command (manual, section 12.7.1; management manual, `update ssl ocsp-response`). A responder is asked one thing at a
 * time; others do not wait for one that is slow. Runs in the control thread: what is found reaches the data threads like
 * `set ssl ocsp-response`.
 */
import type { TlsChange } from '../model/tls-material.ts';
import { issuerOf } from '../net/tls/ocsp-id.ts';
import { type AskResponder, type ResponderVerdict, UPDATE_STATUS } from './ask-responder.ts';
import { responderOf, type CertificateStore, type StoredCertificate } from './certificate-store.ts';
import type { OcspBook, OcspEntry } from './ocsp-book.ts';
import { exchangeLine, updateLine } from './ocsp-log.ts';
import { newRecord, nextAttempt, nextFetch, type OcspRecord } from './ocsp-schedule.ts';
import type { OcspSettings } from './ocsp-settings.ts';

interface UpdaterParts {
  readonly store: CertificateStore;
  readonly book: OcspBook;
  readonly settings: OcspSettings;
  readonly ask: AskResponder;
  /** Resolves when all threads have followed. */
  readonly publish: (changes: readonly TlsChange[]) => Promise<void>;
  /** One line of the process' log. */
  readonly log: (line: string) => void;
}

/** Node's timers take no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class OcspUpdater {
  readonly #parts: UpdaterParts;
  readonly #records = new Map<string, OcspRecord>();
  /** By the id that is asked about. */
  readonly #running = new Map<string, Promise<ResponderVerdict>>();
  /** Addresses of responders that have not answered yet. */
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(parts: UpdaterParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#isOn = true;
    this.follow();
  }

  close(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** What is fetched by itself, the next first. */
  get scheduled(): readonly OcspRecord[] {
    return [...this.#records.values()]
      .filter(({ nextMs }) => nextMs !== undefined)
      .sort((a, b) => (a.nextMs ?? 0) - (b.nextMs ?? 0));
  }

  /** Certificates, or what is said of them, have changed. */
  follow(): void {
    if (!this.#isOn) return;
    const nowMs = Date.now();
    const wanted = this.#wanted();
    this.#forgetOthers(wanted);
    for (const entry of wanted.values()) {
      const record = this.#recordOf(entry);
      const { ocspUntilMs } = entry.certificate;
      record.nextMs ??=
        ocspUntilMs === undefined ? nowMs : nextFetch(ocspUntilMs, nowMs, this.#parts.settings);
    }
    this.#arm();
  }

  /** Those that only commands fetch keep their counts as long as there is such a certificate. */
  #forgetOthers(wanted: ReadonlyMap<string, OcspEntry>): void {
    const others = [...this.#records.values()].filter(({ key }) => !wanted.has(key));
    if (others.length === 0) return;
    const known = new Set(this.#parts.book.entries().map(({ key }) => key));
    for (const record of others) {
      record.nextMs = undefined;
      if (!known.has(record.key)) this.#records.delete(record.key);
    }
  }

  /** The first certificate of each id that is in use and wants its response fetched. */
  #wanted(): ReadonlyMap<string, OcspEntry> {
    const { store, book } = this.#parts;
    const used = new Set<string>();
    for (const { instances } of store.listeners.values())
      for (const { certificate } of instances.values()) used.add(certificate);
    const wanted = new Map<string, OcspEntry>();
    for (const stored of store.certificates.values()) {
      if (!used.has(stored.name) || !store.updatesOcsp(stored)) continue;
      const entry = book.entryOf(stored);
      if (entry !== undefined && !wanted.has(entry.key)) wanted.set(entry.key, entry);
    }
    return wanted;
  }

  #recordOf({ key, stored, certificate }: OcspEntry): OcspRecord {
    const record = this.#records.get(key) ?? newRecord(key);
    this.#records.set(key, record);
    record.name = stored.name;
    record.responder = responderOf(certificate) ?? '';
    return record;
  }

  /** The next whose responder can be asked. */
  #next(): OcspRecord | undefined {
    let next: OcspRecord | undefined;
    for (const record of this.#records.values()) {
      const { key, responder, nextMs = Infinity } = record;
      if (nextMs >= (next?.nextMs ?? Infinity)) continue;
      if (!this.#running.has(key) && !this.#busy.has(responder)) next = record;
    }
    return next;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const next = this.#isOn ? this.#next() : undefined;
    if (next?.nextMs === undefined) return;
    const delayMs = Math.min(Math.max(0, next.nextMs - Date.now()), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#fetchDue(), delayMs).unref();
  }

  #fetchDue(): void {
    for (let next = this.#next(); (next?.nextMs ?? Infinity) <= Date.now(); next = this.#next())
      this.#fetchOne(next as OcspRecord);
    this.#arm();
  }

  #fetchOne(record: OcspRecord): void {
    const entry = this.#parts.book.find(record.key);
    if (typeof entry !== 'object') return void (record.nextMs = undefined);
    const { responder } = record;
    const goOn = (): void => {
      this.#busy.delete(responder);
      this.#arm();
    };
    this.#busy.add(responder);
    this.fetch(entry).then(goOn, goOn);
  }

  /** Why `update ssl ocsp-response` cannot be about that certificate; undefined: it can. */
  refusalOf(stored: StoredCertificate): string | undefined {
    const entry = this.#parts.book.entryOf(stored);
    if (entry === undefined || entry.certificate.ocsp === undefined)
      return `'update ssl ocsp-response' only works on certificates that already have a known OCSP response.`;
    return responderOf(entry.certificate) === undefined
      ? 'The certificate names no OCSP responder.'
      : undefined;
  }

  /** Asks, and puts what came into use; whoever asks meanwhile gets the same. */
  fetch(entry: OcspEntry): Promise<ResponderVerdict> {
    const { key } = entry;
    const known = this.#running.get(key);
    if (known !== undefined) return known;
    const started = this.#exchange(entry).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async #exchange(entry: OcspEntry): Promise<ResponderVerdict> {
    const verdict = await this.#verdictOn(entry);
    const changes =
      verdict.response === undefined || verdict.untilMs === undefined
        ? []
        : this.#parts.book.replace(entry.id, Uint8Array.from(verdict.response), verdict.untilMs);
    if (changes.length > 0) await this.#parts.publish(changes);
    const lost = { status: UPDATE_STATUS.NOT_INSERTED, reason: 'the certificate is gone' };
    const isLost = verdict.response !== undefined && changes.length === 0;
    const final = isLost ? { ...verdict, ...lost } : verdict;
    this.#note(entry, final);
    return final;
  }

  async #verdictOn({ certificate, id }: OcspEntry): Promise<ResponderVerdict> {
    const issuer = issuerOf(certificate);
    const responder = responderOf(certificate);
    const none = { status: UPDATE_STATUS.HTTP_ERROR, exchange: undefined };
    if (issuer === undefined || responder === undefined) return { ...none, reason: 'nobody to ask' };
    try {
      return await this.#parts.ask({ responder, id, issuer });
    } catch (error) {
      return { ...none, reason: (error as Error).message };
    }
  }

  #note(entry: OcspEntry, { status, reason, exchange, untilMs = 0 }: ResponderVerdict): void {
    const { settings, log } = this.#parts;
    const record = this.#recordOf(entry);
    const nowMs = Date.now();
    record.status = status;
    record.reason = reason;
    if (status === UPDATE_STATUS.SUCCESSFUL) {
      record.successes++;
      record.failuresInARow = 0;
      record.lastMs = nowMs;
    } else {
      record.failures++;
      record.failuresInARow++;
    }
    if (record.nextMs !== undefined)
      record.nextMs =
        status === UPDATE_STATUS.SUCCESSFUL
          ? nextFetch(untilMs, nowMs, settings)
          : nextAttempt(record.failuresInARow, nowMs, settings);
    log(updateLine(record));
    const line = exchange && exchangeLine(exchange);
    if (line !== undefined) log(line);
    this.#arm();
  }
}
