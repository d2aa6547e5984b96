/** Everything commands can do to certificates, in the control thread, and how all threads hear of it. */
import type { Global } from '../model/global.ts';
import type { Server } from '../model/server.ts';
import type { TlsChange } from '../model/tls-material.ts';
import { AuthorityExchange } from './authority-exchange.ts';
import { CertificateExchange } from './certificate-exchange.ts';
import type { CertificateStore } from './certificate-store.ts';
import { CrtListEdits } from './crt-list-edits.ts';
import { OcspBook } from './ocsp-book.ts';
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
}

export class CertificateDesk {
  readonly store: CertificateStore;
  readonly certificates: CertificateExchange;
  readonly authorities: AuthorityExchange;
  readonly revocations: AuthorityExchange;
  readonly lists: CrtListEdits;
  readonly ocsp: OcspBook;
  readonly ticketKeys: TicketKeyFiles;
  readonly #publish: DeskParts['publish'];

  constructor({ store, global, servers, publish }: DeskParts) {
    const uses = new ServerUses(servers, global);
    this.store = store;
    this.certificates = new CertificateExchange(store, uses);
    this.authorities = new AuthorityExchange('ca', store, uses);
    this.revocations = new AuthorityExchange('crl', store, uses);
    this.lists = new CrtListEdits(store);
    this.ocsp = new OcspBook(store);
    this.ticketKeys = new TicketKeyFiles(store);
    this.#publish = publish;
  }

  /** Done when all threads have followed. */
  async carryOut(outcome: Outcome): Promise<Outcome> {
    if (outcome.changes.length > 0) await this.#publish(outcome.changes);
    return outcome;
  }
}
