/**
 * Certificates that this program makes itself: those of `generate-dummy`, and those that stand in until the authority of
 * an `acme` section has issued one (manual, sections 12.7.1 and 12.8). Both are signed by their own key.
 */
import { X509Certificate } from 'node:crypto';
import { parseIp } from '../base/ip-address.ts';
import { acmeSections } from '../config-parser/acme-sections.ts';
import type { CertificateLoad } from '../config-parser/haproxy/crt-load-options.ts';
import { keyWish } from '../config-parser/key-wish.ts';
import type { AcmeSection, KeyWish } from '../model/acme.ts';
import type { Config } from '../model/config.ts';
import type { LoadedCertificate } from '../model/tls-material.ts';
import { selfSignedCertificate, type CertifiedNames } from '../net/tls/certificate-writer.ts';
import { keyPem, newKeyNow } from '../net/tls/new-key.ts';
import { toCertificate } from './certificate-parts.ts';

const DAY_MS = 86_400_000;
const DUMMY_DAYS = 365;
/** It has ended when it is made: whatever looks at its dates sees that another one is due. */
const STAND_IN_DAYS = 30;
const STAND_IN_BITS = 2048;
const DUMMY_NAME = 'localhost';
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`, 'i');
const LONGEST_DOMAIN = 253;

export class MadeCertificates {
  readonly #sections: ReadonlyMap<string, AcmeSection>;
  readonly #allowsExperiments: boolean;

  constructor(config: Config) {
    this.#sections = acmeSections(config);
    this.#allowsExperiments = config.global.flags.has('expose-experimental-directives');
  }

  /** What is wrong with what is said of making one; undefined: nothing. */
  faultOf(load: CertificateLoad): string | undefined {
    const { acme, domains, ips } = load;
    const wish = load.generateDummy === 'on' ? dummyWish(load) : undefined;
    if (wish !== undefined && 'error' in wish) return wish.error;
    if (acme === undefined) {
      const name = domains === undefined ? (ips === undefined ? undefined : 'ips') : 'domains';
      return name && `'${name}' needs 'acme'.`;
    }
    if (load.generateDummy === 'on') return `'acme' and 'generate-dummy on' exclude each other.`;
    if (!this.#allowsExperiments)
      return `'acme' is experimental, must be allowed via a global 'expose-experimental-directives'.`;
    const section = this.#sections.get(acme);
    if (section === undefined) return `'acme ${acme}' : there is no section 'acme ${acme}'.`;
    return faultOfNames(certifiedNames(load), section);
  }

  /** `generate-dummy on` */
  dummy(name: string, load: CertificateLoad): LoadedCertificate {
    const wish = dummyWish(load);
    const nowMs = Date.now();
    const dates = { fromMs: nowMs - DAY_MS, untilMs: nowMs + DUMMY_DAYS * DAY_MS };
    return made(name, { domains: [DUMMY_NAME], ips: [] }, 'error' in wish ? FALLBACK : wish, dates);
  }

  /** Until an authority has issued the real one. */
  standIn(name: string, load: CertificateLoad): LoadedCertificate {
    const section = this.#sections.get(load.acme ?? '');
    const wish = section === undefined ? FALLBACK : section.reuseKey ? section.key : quick(section.key);
    const nowMs = Date.now();
    return made(name, certifiedNames(load), wish, { fromMs: nowMs - STAND_IN_DAYS * DAY_MS, untilMs: nowMs });
  }
}

/** After a mistake that was reported. */
const FALLBACK: KeyWish = { type: 'ec', curve: 'prime256v1' };

/** A long RSA key takes seconds to make, and nobody keeps this one. */
function quick(wish: KeyWish): KeyWish {
  return wish.type === 'rsa' ? { ...wish, bits: Math.min(wish.bits, STAND_IN_BITS) } : wish;
}

/** `domains` and `ips` as lists. */
export function certifiedNames({ domains, ips }: CertificateLoad): CertifiedNames {
  const split = (text: string | undefined): readonly string[] =>
    (text ?? '')
      .split(',')
      .map(one => one.trim())
      .filter(one => one !== '');
  return { domains: split(domains).map(one => one.toLowerCase()), ips: split(ips) };
}

function faultOfNames(
  { domains, ips }: CertifiedNames,
  { name, challenge }: AcmeSection,
): string | undefined {
  if (domains.length + ips.length === 0) return `'acme ${name}' needs 'domains' or 'ips'.`;
  const odd = domains.find(domain => !DOMAIN.test(domain) || domain.length > LONGEST_DOMAIN);
  if (odd !== undefined) return `'domains' : '${odd}' is no host name in ASCII.`;
  const noIp = ips.find(ip => parseIp(ip) === undefined);
  if (noIp !== undefined) return `'ips' : '${noIp}' is no IP address.`;
  const wildcard = domains.find(domain => domain.startsWith('*'));
  if (wildcard !== undefined && challenge === 'http-01')
    return `'domains' : '${wildcard}' cannot be validated by http-01, acme '${name}' needs 'challenge dns-01'.`;
  return ips.length > 0 && challenge !== 'http-01'
    ? `'ips' : addresses cannot be validated by ${challenge}, acme '${name}' needs 'challenge http-01'.`
    : undefined;
}

function dummyWish({ keytype = 'RSA', bits, curves }: CertificateLoad): KeyWish | { readonly error: string } {
  return keyWish({ type: keytype, bits, curve: curves });
}

function made(
  name: string,
  names: CertifiedNames,
  wish: KeyWish,
  dates: { readonly fromMs: number; readonly untilMs: number },
): LoadedCertificate {
  const key = newKeyNow(wish);
  const certPem = selfSignedCertificate(names, key, dates);
  return toCertificate(name, { certPem, chainPem: '', x509: new X509Certificate(certPem) }, keyPem(key));
}
