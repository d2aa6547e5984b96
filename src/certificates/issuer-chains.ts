/** `issuers-chain-path`: chains that complete certificates whose file has none (manual, section 3.1). */
import { X509Certificate } from 'node:crypto';
import { readPem } from '../net/tls/pem.ts';
import type { CertificateFiles } from './files.ts';

export interface IssuerChain {
  readonly first: X509Certificate;
  readonly path: string;
  readonly pem: string;
}

export class IssuerChains {
  /** By the subject of their first certificate. */
  readonly #chains = new Map<string, IssuerChain[]>();

  /** Answers warnings about files that are no chain. */
  load(folder: string, files: CertificateFiles): readonly string[] {
    const names = files.list(folder);
    if ('error' in names) return [`unable to scan directory '${folder}' : ${names.error}.`];
    return names
      .map(name => `${folder}/${name}`)
      .filter(path => files.kindOf(path) === 'file')
      .flatMap(path => this.#add(path, files) ?? []);
  }

  #add(path: string, files: CertificateFiles): string | undefined {
    const bytes = files.read(path);
    if ('error' in bytes) return undefined;
    const { certificates } = readPem(Buffer.from(bytes).toString('latin1'));
    const [first] = certificates;
    if (first === undefined) return `unable to load issuers-chain ${path} : pem certificate not found.`;
    try {
      const x509 = new X509Certificate(first);
      const known = this.#chains.get(x509.subject) ?? [];
      this.#chains.set(x509.subject, [...known, { first: x509, path, pem: certificates.join('') }]);
    } catch {
      return `unable to load issuers-chain ${path} : pem certificate not found.`;
    }
    return undefined;
  }

  /** The one that its issuer begins. */
  chainOf(x509: X509Certificate): IssuerChain | undefined {
    return this.#chains.get(x509.issuer)?.find(({ first }) => x509.checkIssued(first));
  }
}
