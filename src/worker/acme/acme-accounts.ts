/** Accounts of the `acme` sections that certificates name: their files are read, keys that are missing are made. */
import { openAccountKey, readAccountKey } from '../../acme/account-key.ts';
import type { AccountParts } from '../../acme/authority.ts';
import { readExternalAccount, type ExternalCredentials } from '../../acme/external-account.ts';
import type { CertificateStore } from '../../certificates/certificate-store.ts';
import { acmeSections } from '../../config-parser/acme-sections.ts';
import type { AcmeSection } from '../../model/acme.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Notice } from '../../model/notice.ts';

function usedSections(config: Config, { certificates }: CertificateStore): readonly AcmeSection[] {
  const used = new Set([...certificates.values()].map(({ load }) => load.acme));
  return [...acmeSections(config).values()].filter(({ name }) => used.has(name));
}

function externalAccount({ externalAccount: external }: AcmeSection): ReturnType<typeof readExternalAccount> {
  return external && readExternalAccount(external);
}

/** What is wrong with files that are there. Nothing is written: the configuration may only be checked. */
export function checkAccounts(config: Config, store: CertificateStore): readonly Diagnostic[] {
  return usedSections(config, store).flatMap(section =>
    [readAccountKey(section.accountKey), externalAccount(section)].flatMap(read =>
      read !== undefined && 'error' in read
        ? [
            {
              severity: 'alert' as const,
              position: section.position,
              message: `acme '${section.name}' : ${read.error}`,
            },
          ]
        : [],
    ),
  );
}

/** By the name of their section, before rights are dropped. Undefined: one cannot be had, it was reported. */
export function openAccounts(
  config: Config,
  store: CertificateStore,
  notice: Notice,
): ReadonlyMap<string, AccountParts> | undefined {
  const accounts = new Map<string, AccountParts>();
  for (const section of usedSections(config, store)) {
    const account = openAccount(section, text => notice('notice', `acme '${section.name}' : ${text}`));
    if ('error' in account) {
      notice('alert', `acme '${section.name}' : ${account.error}`);
      return undefined;
    }
    accounts.set(section.name, account);
  }
  return accounts;
}

function openAccount(
  section: AcmeSection,
  say: (text: string) => void,
): AccountParts | { readonly error: string } {
  const opened = openAccountKey(section);
  if ('error' in opened) return opened;
  if (opened.isNew) say(`made the account key '${section.accountKey}'.`);
  const external: ExternalCredentials | { readonly error: string } | undefined = externalAccount(section);
  if (external !== undefined && 'error' in external) return external;
  return { section, key: opened.key, external };
}
