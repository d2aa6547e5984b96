/**
 * One order from beginning to end (RFC 8555, section 7.4): account, order, a challenge for each name that the authority
 * does not know yet, the request signed by the key, the certificate.
 *
 *   open ─▶ new order ─▶ authorizations ─▶ challenges answered ─▶ checked by the authority ─▶ finalize ─▶ download
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { parseIp } from '../base/ip-address.ts';
import { certificateRequest, type CertifiedNames } from '../net/tls/certificate-writer.ts';
import { keyPem, newKey } from '../net/tls/new-key.ts';
import { Authority, type AccountParts } from './authority.ts';
import { challengeOf, readAuthorization, refusalOf, type Challenge } from './authorization.ts';
import { DnsReadiness } from './dns-readiness.ts';
import { AcmeFailure, logWords } from './failure.ts';
import type { AcmeHost } from './host.ts';
import { checkedUrl, objectIn, textOf, textsIn, urlOf, type JsonObject } from './json.ts';
import { problemWords, type Reply } from './reply.ts';

/** What a certificate is ordered for. */
export interface OrderSubject {
  readonly certificate: string;
  readonly names: CertifiedNames;
  /** PEM of the key in use, for `reuse-key`. */
  readonly keyPem: string;
}

export interface IssuedCertificate {
  /** The certificate and its chain. */
  readonly pem: string;
  readonly keyPem: string;
}

const LEAST_POLL_MS = 250;
const FIRST_POLL_MS = 1000;
const LONGEST_POLL_MS = 15_000;
/** An authority that has not decided by then is not waited for. */
const DECISION_MS = 600_000;

export class Order {
  /** What the records of names wait for; undefined: for nothing. */
  readiness: DnsReadiness | undefined;
  readonly #account: AccountParts;
  readonly #subject: OrderSubject;
  readonly #host: AcmeHost;
  readonly #authority: Authority;

  constructor(account: AccountParts, subject: OrderSubject, host: AcmeHost) {
    this.#account = account;
    this.#subject = subject;
    this.#host = host;
    this.#authority = new Authority(account, host);
  }

  async run(): Promise<IssuedCertificate> {
    const accountUrl = await this.#authority.open();
    this.#say(`account ${logWords(accountUrl)}, thumbprint ${this.#account.key.thumbprint}.`);
    const opened = await this.#authority.post(this.#authority.resource('newOrder'), this.#wanted());
    const orderUrl = checkedUrl(opened.header('location'), `the order's address`);
    this.#say(`order ${logWords(orderUrl)}.`);
    await this.#authorize(textsIn(opened.json(), 'authorizations'), accountUrl);
    const ready = await this.#until(orderUrl, ['ready', 'processing', 'valid'], orderRefusal);
    return this.#finish(orderUrl, ready);
  }

  #wanted(): JsonObject {
    const { domains, ips } = this.#subject.names;
    const { profile } = this.#account.section;
    const identifiers = [
      ...domains.map(value => ({ type: 'dns', value })),
      ...ips.map(value => ({ type: 'ip', value: String(parseIp(value) ?? value) })),
    ];
    return { identifiers, ...(profile !== undefined && { profile }) };
  }

  async #authorize(urls: readonly string[], accountUrl: string): Promise<void> {
    const { section } = this.#account;
    const challenges: Challenge[] = [];
    for (const url of urls) {
      const reply = await this.#authority.post(checkedUrl(url, 'an authorization of the order'), undefined);
      const authorization = readAuthorization(url, reply.json());
      if (authorization.status === 'valid') continue;
      challenges.push(challengeOf(authorization, section.challenge));
    }
    if (challenges.length === 0) return;
    try {
      await this.#prepare(challenges, accountUrl);
      for (const { challengeUrl } of challenges) await this.#authority.post(challengeUrl, {});
      for (const challenge of challenges) await this.#validated(challenge);
    } finally {
      await this.#tidy(challenges);
    }
  }

  /** The answers are where the authority looks. */
  async #prepare(challenges: readonly Challenge[], accountUrl: string): Promise<void> {
    const { section, key } = this.#account;
    if (section.challenge === 'http-01') {
      for (const { token } of challenges)
        if (section.map !== undefined) await this.#host.putToken(section.map, token, key.thumbprint);
      return;
    }
    this.readiness = new DnsReadiness(
      {
        certificate: this.#subject.certificate,
        section,
        thumbprint: key.thumbprint,
        account: accountUrl,
        host: this.#host,
      },
      challenges,
    );
    await this.readiness.reach();
    this.readiness = undefined;
  }

  async #validated({ url, name, type }: Challenge): Promise<void> {
    await this.#until(url, ['valid'], source => {
      const authorization = readAuthorization(url, source);
      return `${type} for ${name} failed: ${refusalOf(authorization, type)}`;
    });
    this.#say(`${type} for ${name} succeeded.`);
  }

  async #tidy(challenges: readonly Challenge[]): Promise<void> {
    const { map, challenge } = this.#account.section;
    this.readiness = undefined;
    if (challenge !== 'http-01' || map === undefined) return;
    for (const { token } of challenges) await this.#host.removeToken(map, token);
  }

  async #finish(orderUrl: string, ready: JsonObject): Promise<IssuedCertificate> {
    const key = await this.#key();
    const what = `the order ${logWords(orderUrl)}`;
    if (textOf(ready, 'status', what) === 'ready') {
      const csr = certificateRequest(this.#subject.names, key).toString('base64url');
      await this.#authority.post(urlOf(ready, 'finalize', what), { csr });
    }
    const done = await this.#until(orderUrl, ['valid'], orderRefusal);
    const reply = await this.#authority.post(urlOf(done, 'certificate', what), undefined);
    return { pem: pemOf(reply), keyPem: keyPem(key) };
  }

  #key(): KeyObject | Promise<KeyObject> {
    const { section } = this.#account;
    if (section.reuseKey && this.#subject.keyPem !== '') return createPrivateKey(this.#subject.keyPem);
    return newKey(section.key);
  }

  /** Asks until the object there has one of these statuses; `refusal` says why it never will. */
  async #until(
    url: string,
    wanted: readonly string[],
    refusal: (source: JsonObject) => string,
  ): Promise<JsonObject> {
    const deadlineMs = performance.now() + DECISION_MS;
    for (let waitMs = FIRST_POLL_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_POLL_MS)) {
      const reply = await this.#authority.post(url, undefined);
      const source = reply.json();
      const status = textOf(source, 'status', `the answer of ${logWords(url)}`);
      if (wanted.includes(status)) return source;
      if (status !== 'pending' && status !== 'processing') throw new AcmeFailure(refusal(source));
      const pauseMs = Math.max(reply.retryAfterMs(Date.now()) ?? waitMs, LEAST_POLL_MS);
      if (performance.now() + pauseMs > deadlineMs)
        throw new AcmeFailure(`${logWords(url)} is still ${status} after ${DECISION_MS / 1000} s`);
      await this.#host.pause(pauseMs);
    }
  }

  #say(text: string): void {
    this.#host.log('notice', `acme: ${this.#subject.certificate}: ${text}`);
  }
}

function orderRefusal(source: JsonObject): string {
  const problem = objectIn(source, 'error');
  const status = logWords(textOf(source, 'status', 'the order'));
  return `the order is ${status}${problem === undefined ? '' : `: ${problemWords(problem)}`}`;
}

function pemOf({ body, url }: Reply): string {
  const pem = body.toString('latin1');
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new AcmeFailure(`${logWords(url)} answers no certificate in PEM`);
}
