/**
 * `challenge-ready` (manual, section 12.8): records of names are somebody else's to write. It is told what they have to
 * say; then an operator's word is waited for, or some time, or until they are seen, as the section says, in this order.
 */
import type { AcmeSection } from '../model/acme.ts';
import { recordOf, type Challenge, type WantedRecord } from './authorization.ts';
import { AcmeFailure } from './failure.ts';
import type { AcmeHost } from './host.ts';

interface ReadinessParts {
  readonly certificate: string;
  readonly section: AcmeSection;
  readonly thumbprint: string;
  /** URL of the account. */
  readonly account: string;
  readonly host: AcmeHost;
}

interface Expected {
  readonly challenge: Challenge;
  readonly record: WantedRecord;
  isReady: boolean;
}

export class DnsReadiness {
  readonly #parts: ReadinessParts;
  readonly #expected: readonly Expected[];
  #confirmed: () => void = () => undefined;
  #awaitsWord = false;

  constructor(parts: ReadinessParts, challenges: readonly Challenge[]) {
    this.#parts = parts;
    const { thumbprint, account } = parts;
    this.#expected = challenges.map(challenge => ({
      challenge,
      record: recordOf(challenge, thumbprint, account),
      isReady: false,
    }));
  }

  /** Resolves when the authority may look. */
  async reach(): Promise<void> {
    const { section, host } = this.#parts;
    const { ready, challenge, dnsDelayMs } = section;
    if (challenge === 'dns-persist-01' && (await this.#missing()) === undefined) return;
    for (const expected of this.#expected) this.#announce(expected);
    if (ready.has('cli')) await this.#word();
    if (ready.has('delay')) await host.pause(dnsDelayMs);
    if (ready.has('dns')) await this.#records();
  }

  #announce({ challenge, record }: Expected): void {
    const { certificate, section, thumbprint, host } = this.#parts;
    const then = section.ready.has('cli') ? ` and the command "acme challenge_ready" on the CLI` : '';
    host.log(
      'notice',
      `acme: ${certificate}: ${challenge.type} needs the TXT record "${record.name}" to be "${record.text}"${then}.`,
    );
    const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
    const lines = [
      `acme deploy ${certificate} thumbprint ${thumbprint}`,
      ...(section.providerName === undefined ? [] : [`provider-name ${quoted(section.providerName)}`]),
      ...(section.variables === undefined ? [] : [`acme-vars ${quoted(section.variables)}`]),
      `${challenge.type}-record ${quoted(record.text)}`,
      JSON.stringify(challenge.source, null, 2).replace(/[^\n\x20-\x7e]/g, '?'),
      '',
    ];
    host.event(lines.join('\n'));
  }

  #word(): Promise<void> {
    const { signal } = this.#parts.host;
    this.#awaitsWord = true;
    return new Promise<void>((resolve, reject) => {
      const stop = (): void => reject(new AcmeFailure('the process stops'));
      signal.addEventListener('abort', stop, { once: true });
      this.#confirmed = () => {
        signal.removeEventListener('abort', stop);
        this.#awaitsWord = false;
        resolve();
      };
    });
  }

  /**
   * `acme challenge_ready`: the record of that name is there. A name and its wildcard have two records: the star may be
   * said, without it the next one that was not confirmed is meant. Undefined: nobody waits for it.
   */
  confirm(written: string): { readonly ready: number; readonly total: number } | undefined {
    const name = written.toLowerCase().replace(/\.$/, '');
    const waiting = this.#expected.filter(({ isReady }) => !isReady && this.#awaitsWord);
    const found =
      waiting.find(({ challenge }) => `${challenge.isWildcard ? '*.' : ''}${challenge.name}` === name) ??
      waiting.find(({ challenge }) => challenge.name === name);
    if (found === undefined) return undefined;
    found.isReady = true;
    const ready = this.#expected.filter(({ isReady }) => isReady).length;
    if (ready === this.#expected.length) this.#confirmed();
    return { ready, total: this.#expected.length };
  }

  /** `dns`: asks until all are seen, or `dns-timeout` would be over at the next time. */
  async #records(): Promise<void> {
    const { section, host } = this.#parts;
    const { dnsDelayMs, dnsTimeoutMs } = section;
    const startMs = performance.now();
    for (;;) {
      const missing = await this.#missing();
      if (missing === undefined) return;
      if (performance.now() - startMs + dnsDelayMs > dnsTimeoutMs)
        throw new AcmeFailure(`the TXT record "${missing.name}" is not there after ${dnsTimeoutMs / 1000} s`);
      await host.pause(dnsDelayMs);
    }
  }

  /** Undefined: all are there. Of dns-persist-01 any text does: only the authority knows what it takes. */
  async #missing(): Promise<WantedRecord | undefined> {
    for (const { challenge, record } of this.#expected) {
      const texts = await this.#parts.host.texts(record.name);
      const isThere = challenge.type === 'dns-persist-01' ? texts.length > 0 : texts.includes(record.text);
      if (!isThere) return record;
    }
    return undefined;
  }
}
