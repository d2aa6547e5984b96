/**
 * Which certificates are ordered when: those that are due, by themselves unless `acme.scheduler off` (manual, sections 3.1
 * and 12.8), any on command. An order that fails is given up with its reason; the next one begins later and later.
 */
import type { AccountParts } from './authority.ts';
import { AcmeFailure } from './failure.ts';
import type { AcmeHost } from './host.ts';
import { Order, type IssuedCertificate, type OrderSubject } from './order.ts';
import { datesOf, LONGEST_WAIT_MS, retryDelay, type CertificateDates } from './renewal-dates.ts';

/** A certificate that an authority renews, as it is now. */
export interface ManagedCertificate extends OrderSubject {
  /** Name of the `acme` section. */
  readonly section: string;
  readonly certPem: string;
}

interface RenewalParts {
  /** By the name of their section. */
  readonly accounts: ReadonlyMap<string, AccountParts>;
  readonly certificates: () => Iterable<ManagedCertificate>;
  /** Puts it into use everywhere; answers what is wrong with it. */
  readonly install: (certificate: string, issued: IssuedCertificate) => Promise<string | undefined>;
  readonly isAutomatic: boolean;
  readonly host: AcmeHost;
}

export interface RenewalStatus {
  readonly certificate: string;
  readonly section: string;
  readonly state: 'Running' | 'Scheduled' | 'Stopped';
  readonly untilMs: number;
  readonly scheduledMs: number;
}

/** Of one section: an authority counts its pending orders. */
const MOST_AT_ONCE = 8;

interface Course {
  order: Order | undefined;
  failures: number;
  /** Nothing begins by itself before. */
  notBeforeMs: number;
}

export class Renewals {
  readonly #parts: RenewalParts;
  readonly #courses = new Map<string, Course>();
  readonly #dates = new Map<string, { readonly certPem: string; readonly dates: CertificateDates }>();
  #timer: NodeJS.Timeout | undefined;
  #isOn = false;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#isOn = this.#parts.isAutomatic;
    this.#look();
  }

  /** Orders that run end by the signal of their host. */
  close(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Certificates have changed. */
  follow(): void {
    this.#look();
  }

  status(): readonly RenewalStatus[] {
    const byName = (one: ManagedCertificate, other: ManagedCertificate): number =>
      one.certificate < other.certificate ? -1 : 1;
    return [...this.#parts.certificates()].sort(byName).map(managed => {
      const { certificate, section } = managed;
      const isRunning = this.#courseOf(certificate).order !== undefined;
      const state = isRunning ? 'Running' : this.#parts.isAutomatic ? 'Scheduled' : 'Stopped';
      const { untilMs } = this.#datesOf(managed);
      return { certificate, section, state, untilMs, scheduledMs: this.#nextMs(managed) };
    });
  }

  /** `acme renew`: answers why not. */
  renew(name: string): string | undefined {
    const managed = this.#find(name);
    if (managed === undefined) return `No ACME configuration found for certificate '${name}'.`;
    if (this.#courseOf(name).order !== undefined)
      return `The certificate '${name}' is being renewed already.`;
    this.#start(managed);
    return undefined;
  }

  /** `acme challenge_ready`: how many of the records it waits for are there; a text says why none is waited for. */
  confirm(name: string, domain: string): { readonly ready: number; readonly total: number } | string {
    if (this.#find(name) === undefined) return `No ACME configuration found for certificate '${name}'.`;
    const readiness = this.#courses.get(name)?.order?.readiness;
    return (
      readiness?.confirm(domain) ?? `No challenge of certificate '${name}' waits for the domain '${domain}'.`
    );
  }

  #find(name: string): ManagedCertificate | undefined {
    for (const managed of this.#parts.certificates()) if (managed.certificate === name) return managed;
    return undefined;
  }

  #courseOf(name: string): Course {
    let course = this.#courses.get(name);
    if (course === undefined)
      this.#courses.set(name, (course = { order: undefined, failures: 0, notBeforeMs: 0 }));
    return course;
  }

  #datesOf({ certificate, certPem }: ManagedCertificate): CertificateDates {
    const known = this.#dates.get(certificate);
    if (known?.certPem === certPem) return known.dates;
    const dates = datesOf(certPem);
    this.#dates.set(certificate, { certPem, dates });
    return dates;
  }

  #nextMs(managed: ManagedCertificate): number {
    return Math.max(this.#datesOf(managed).dueMs, this.#courseOf(managed.certificate).notBeforeMs);
  }

  /** Starts what is due, and looks again when something will be. */
  #look(): void {
    clearTimeout(this.#timer);
    if (!this.#isOn) return;
    const nowMs = Date.now();
    let nextMs = nowMs + LONGEST_WAIT_MS;
    const running = this.#running();
    for (const managed of this.#parts.certificates()) {
      const { certificate, section } = managed;
      if (this.#courseOf(certificate).order !== undefined) continue;
      const dueMs = this.#nextMs(managed);
      const count = running.get(section) ?? 0;
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
      else if (count < MOST_AT_ONCE) {
        running.set(section, count + 1);
        this.#start(managed);
      }
    }
    this.#timer = setTimeout(() => this.#look(), nextMs - nowMs).unref();
  }

  /** Orders by section. */
  #running(): Map<string, number> {
    const running = new Map<string, number>();
    for (const { certificate, section } of this.#parts.certificates())
      if (this.#courses.get(certificate)?.order !== undefined)
        running.set(section, (running.get(section) ?? 0) + 1);
    return running;
  }

  #start(managed: ManagedCertificate): void {
    const account = this.#parts.accounts.get(managed.section);
    if (account === undefined) return;
    const course = this.#courseOf(managed.certificate);
    course.order = new Order(account, managed, this.#parts.host);
    void this.#carryOut(managed, course, course.order).finally(() => {
      course.order = undefined;
      this.#look();
    });
  }

  /** Never rejects. */
  async #carryOut(managed: ManagedCertificate, course: Course, order: Order): Promise<void> {
    const { certificate } = managed;
    const { host, install } = this.#parts;
    host.log('notice', `acme: ${certificate}: Starting update of the certificate.`);
    try {
      const issued = await order.run();
      const wrong = await install(certificate, issued);
      if (wrong !== undefined) throw new AcmeFailure(`the issued certificate cannot be used: ${wrong}`);
      course.failures = 0;
      host.log('notice', `acme: ${certificate}: Successful update of the certificate.`);
      host.event(`acme newcert ${certificate}\n`);
      this.#keepFromCircling(certificate, course);
    } catch (error) {
      if (!host.signal.aborted) this.#failed(certificate, course, error);
    }
  }

  /** A new certificate that is due already, by this machine's clock, is not ordered again at once. */
  #keepFromCircling(certificate: string, course: Course): void {
    course.notBeforeMs = 0;
    const managed = this.#find(certificate);
    if (managed === undefined || this.#datesOf(managed).dueMs > Date.now()) return;
    course.notBeforeMs = Date.now() + LONGEST_WAIT_MS;
    this.#parts.host.log(
      'warning',
      `acme: ${certificate}: the new certificate is due for renewal already: is the clock right?`,
    );
  }

  #failed(certificate: string, course: Course, error: unknown): void {
    const { host, isAutomatic } = this.#parts;
    course.failures++;
    const delayMs = retryDelay(
      course.failures,
      error instanceof AcmeFailure ? error.retryAfterMs : undefined,
    );
    course.notBeforeMs = Date.now() + delayMs;
    const next = isAutomatic ? ` Next try in ${Math.round(delayMs / 1000)} s.` : '';
    const why = error instanceof Error ? error.message : String(error);
    host.log('error', `acme: ${certificate}: The update failed: ${why}.${next}`);
  }
}
