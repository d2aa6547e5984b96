/** Which certificates and authorities servers use now, those that came at run time too. */
import type { Server, ServerTls } from '../model/server.ts';
import { withBase } from '../net/tls/base-folder.ts';

interface Bases {
  readonly crtBase?: string;
  readonly caBase?: string;
}

export class ServerUses {
  readonly #servers: () => Iterable<Server>;
  readonly #bases: Bases;

  constructor(servers: () => Iterable<Server>, bases: Bases) {
    this.#servers = servers;
    this.#bases = bases;
  }

  ofCertificate(name: string): number {
    const { crtBase } = this.#bases;
    return this.#count(({ crt }) => crt !== undefined && withBase(crt, crtBase) === name);
  }

  /** By servers that verify. */
  ofAuthorities(name: string): number {
    const { caBase } = this.#bases;
    return this.#count(({ verify, caFile, crlFile }) =>
      verify === 'none'
        ? false
        : [caFile, crlFile].some(file => file !== undefined && withBase(file, caBase) === name),
    );
  }

  #count(matches: (tls: ServerTls) => boolean): number {
    let count = 0;
    for (const { tls } of this.#servers()) if (tls !== undefined && matches(tls)) count++;
    return count;
  }
}
