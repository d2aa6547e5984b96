/**
 * Certificates that the `acme` sections renew, in the control thread (manual, section 12.8): what orders need of this
 * process, and what becomes of a certificate when it has come.
 */
import type { AccountParts } from '../../acme/authority.ts';
import { AcmeFailure } from '../../acme/failure.ts';
import type { AcmeHost } from '../../acme/host.ts';
import type { IssuedCertificate } from '../../acme/order.ts';
import { Renewals, type ManagedCertificate } from '../../acme/renewals.ts';
import type { CertificateDesk } from '../../certificates/certificate-desk.ts';
import type { CertificateStore } from '../../certificates/certificate-store.ts';
import { certifiedNames } from '../../certificates/made-certificates.ts';
import { ACME_RING } from '../../config-parser/event-sinks.ts';
import type { AcmeSection } from '../../model/acme.ts';
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import { askServer, type ClientAsk, type HttpClientSettings } from '../../net/http-client.ts';
import { EventSinks } from '../logs/event-sinks.ts';
import { ERROR, NOTICE, WARNING, type GlobalLog } from '../logs/global-log.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import type { NameService } from '../names/name-service.ts';
import type { SharedCopies } from '../threads/shared-copies.ts';

interface AcmeServiceParts {
  readonly config: Config;
  readonly accounts: ReadonlyMap<string, AccountParts>;
  readonly store: CertificateStore;
  readonly desk: CertificateDesk;
  readonly client: HttpClientSettings;
  readonly copies: SharedCopies;
  readonly names: () => NameService | undefined;
  readonly rings: RingPlaces;
  readonly log: GlobalLog;
  readonly notice: Notice;
}

const SEVERITIES = { notice: NOTICE, warning: WARNING, error: ERROR } as const;

export class AcmeService {
  readonly renewals: Renewals;
  readonly #parts: AcmeServiceParts;
  readonly #sinks: EventSinks;
  readonly #end = new AbortController();

  constructor(parts: AcmeServiceParts) {
    this.#parts = parts;
    this.#sinks = new EventSinks(parts.rings);
    parts.desk.changed = () => this.renewals.follow();
    // while the system's files are in reach (`chroot`)
    if (parts.accounts.size > 0) parts.client.authorities();
    const line = parts.config.global.otherLines.findLast(([word]) => word?.text === 'acme.scheduler');
    this.renewals = new Renewals({
      accounts: parts.accounts,
      certificates: () => this.#certificates(),
      install: (certificate, issued) => this.#install(certificate, issued),
      isAutomatic: line?.[1]?.text !== 'off',
      host: this.#host(),
    });
  }

  begin(): void {
    for (const { section } of this.#parts.accounts.values()) this.#warnOfMap(section);
    this.renewals.begin();
  }

  close(): void {
    this.renewals.close();
    this.#end.abort();
  }

  #warnOfMap({ name, challenge, map }: AcmeSection): void {
    if (challenge !== 'http-01' || map === undefined) return;
    if (this.#parts.copies.patterns.find(map)?.isMap === true) return;
    this.#parts.notice(
      'warning',
      `acme '${name}' : no rule uses the map '${map}', so that nobody answers the authority's questions.`,
    );
  }

  *#certificates(): Iterable<ManagedCertificate> {
    for (const { name, loaded, load } of this.#parts.store.certificates.values()) {
      if (load.acme === undefined || loaded === undefined) continue;
      const { certPem, keyPem } = loaded;
      yield { certificate: name, section: load.acme, names: certifiedNames(load), certPem, keyPem };
    }
  }

  async #install(certificate: string, { pem, keyPem }: IssuedCertificate): Promise<string | undefined> {
    const { desk } = this.#parts;
    const outcome = desk.certificates.install(certificate, keyPem + pem);
    if (!outcome.isDone) return outcome.text;
    await desk.carryOut(outcome);
    return undefined;
  }

  #host(): AcmeHost {
    const { names, log, notice, copies } = this.#parts;
    return {
      ask: one => this.#ask(one),
      pause: ms => this.#pause(ms),
      signal: this.#end.signal,
      putToken: (map, key, value) => copies.update({ kind: 'set-map', list: map, key, value }),
      removeToken: (map, key) => copies.update({ kind: 'del-map', list: map, key }),
      texts: async name => (await names()?.texts(name)) ?? [],
      event: text => this.#sinks.write(ACME_RING, text),
      log: (severity, text) => {
        log.write(text, SEVERITIES[severity]);
        if (severity !== 'notice') notice('warning', text);
      },
    };
  }

  #ask(ask: ClientAsk): ReturnType<AcmeHost['ask']> {
    const { signal } = this.#end;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        stop();
        reject(stopped());
      };
      const stop = askServer(ask, this.#parts.client, (answer, { failure }) => {
        signal.removeEventListener('abort', giveUp);
        resolve({ answer, failure });
      });
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#end;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        clearTimeout(timer);
        reject(stopped());
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      }, ms).unref();
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}

function stopped(): AcmeFailure {
  return new AcmeFailure('the process stops');
}
