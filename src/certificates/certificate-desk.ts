/** Everything commands can do to certificates, in the control thread, and how all threads hear of it. */
import type { Global } from '../model/global.ts';
import type { Server } from '../model/server.ts';
import type { TlsChange } from '../model/tls-material.ts';
import type { AskResponder } from './ask-responder.ts';
import { AuthorityExchange } from './authority-exchange.ts';
import { CertificateExchange } from './certificate-exchange.ts';
import type { CertificateStore } from './certificate-store.ts';
import { CrtListEdits, type RefusalOf } from './crt-list-edits.ts';
import { OcspBook } from './ocsp-book.ts';
import { ocspSettings } from './ocsp-settings.ts';
import { OcspUpdater } from './ocsp-updater.ts';
import type { Outcome } from './outcome.ts';
import { ServerUses } from './server-uses.ts';
import { TicketKeyFiles } from './ticket-key-files.ts';

interface DeskParts {
  readonly store: CertificateStore;
  readonly global: Global;
  /** As they are now. */
  readonly servers: () => Iterable<Server>;
  /** Resolves when all threads have followed. */
  readonly publish: (changes: readonly TlsChange[]) => Promise<void>;
  readonly ask: AskResponder;
  readonly refusalOf: RefusalOf;
  /** A line of the process' log. */
  readonly log: (line: string) => void;
}

export class CertificateDesk {
  readonly store: CertificateStore;
  readonly certificates: CertificateExchange;
  readonly authorities: AuthorityExchange;
  readonly revocations: AuthorityExchange;
  readonly lists: CrtListEdits;
  readonly ocsp: OcspBook;
  readonly updates: OcspUpdater;
  readonly ticketKeys: TicketKeyFiles;
  /** Who wants to know that certificates are others now. */
  changed: () => void = () => undefined;
  readonly #publish: DeskParts['publish'];

  constructor({ store, global, servers, publish, ask, refusalOf, log }: DeskParts) {
    const uses = new ServerUses(servers, global);
    this.store = store;
    this.certificates = new CertificateExchange(store, uses);
    this.authorities = new AuthorityExchange('ca', store, uses);
    this.revocations = new AuthorityExchange('crl', store, uses);
    this.lists = new CrtListEdits(store, refusalOf);
    this.ocsp = new OcspBook(store);
    this.updates = new OcspUpdater({
      store,
      book: this.ocsp,
      settings: ocspSettings(global),
      ask,
      publish,
      log,
    });
    this.ticketKeys = new TicketKeyFiles(store);
    this.#publish = publish;
  }

  /** Done when all threads have followed. */
  async carryOut(outcome: Outcome): Promise<Outcome> {
    if (outcome.changes.length === 0) return outcome;
    await this.#publish(outcome.changes);
    this.updates.follow();
    this.changed();
    return outcome;
  }
}
