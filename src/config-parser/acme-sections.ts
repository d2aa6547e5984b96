/** What `acme` sections say (manual, section 12.8), and what is wrong with them beyond their single lines. */
import { isAbsolute, join } from 'node:path';
import {
  CHALLENGES,
  type AcmeSection,
  type ChallengeType,
  type ExternalAccount,
  type KeyWish,
  type ReadyCondition,
} from '../model/acme.ts';
import type { Config, OtherSection } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { keyWish } from './key-wish.ts';
import { parseTime } from './units.ts';

const DEFAULT_DELAY = '30s';
const DEFAULT_TIMEOUT = '600s';
const READY_WORDS = /^(?:none|(?:cli|delay|dns)(?:,(?:cli|delay|dns))*)$/;

/** By name. Those with mistakes are there too, as far as they can be read. */
export function acmeSections({
  otherSections,
}: Pick<Config, 'otherSections'>): ReadonlyMap<string, AcmeSection> {
  const sections = otherSections.filter(({ kind }) => kind === 'acme').map(readSection);
  return new Map(sections.map(section => [section.name, section]));
}

type Value = (keyword: string) => string | undefined;

/** The last line of a keyword counts. */
function valuesOf({ lines }: OtherSection): Value {
  return keyword => lines.findLast(([word]) => word?.text === keyword)?.[1]?.text;
}

function readSection(section: OtherSection): AcmeSection {
  const { name, position, folder } = section;
  const value = valuesOf(section);
  const within = (path: string): string => (folder === '' || isAbsolute(path) ? path : join(folder, path));
  const challenge = CHALLENGES.find(one => one === value('challenge')) ?? 'http-01';
  const wish = wishOf(value);
  return {
    name,
    position,
    directory: value('directory') ?? '',
    accountKey: within(value('account-key') ?? `${name}.account.key`),
    contact: value('contact'),
    challenge,
    ready: readyOf(value('challenge-ready'), challenge),
    dnsDelayMs: parseTime(value('dns-delay') ?? DEFAULT_DELAY, 's').value ?? 0,
    dnsTimeoutMs: parseTime(value('dns-timeout') ?? DEFAULT_TIMEOUT, 's').value ?? 0,
    key: 'error' in wish ? { type: 'ec', curve: 'secp384r1' } : wish,
    reuseKey: value('reuse-key') === 'on',
    map: value('map'),
    profile: value('profile'),
    providerName: value('provider-name'),
    variables: value('acme-vars'),
    externalAccount: externalAccountOf(value, within),
  };
}

function wishOf(value: Value): KeyWish | { readonly error: string } {
  return keyWish({ type: value('keytype') ?? 'ECDSA', bits: value('bits'), curve: value('curves') });
}

const READY_BY_DEFAULT: Readonly<Record<ChallengeType, string>> = {
  'http-01': 'none',
  'dns-01': 'cli',
  'dns-persist-01': 'dns,delay',
};

function readyOf(written: string | undefined, challenge: ChallengeType): ReadonlySet<ReadyCondition> {
  const words = written ?? READY_BY_DEFAULT[challenge];
  return new Set(words === 'none' ? [] : (words.split(',') as ReadyCondition[]));
}

function externalAccountOf(value: Value, within: (path: string) => string): ExternalAccount | undefined {
  const [keyId, macKey] = [value('eab-key-id'), value('eab-mac-key')];
  if (keyId === undefined || macKey === undefined) return undefined;
  const algorithm = (value('eab-mac-alg') ?? 'HS256') as ExternalAccount['algorithm'];
  return { keyIdFile: within(keyId), macKeyFile: within(macKey), algorithm };
}

export function checkAcmeSections({ otherSections }: Pick<Config, 'otherSections'>): readonly Diagnostic[] {
  return otherSections
    .filter(({ kind }) => kind === 'acme')
    .flatMap(section =>
      mistakesIn(valuesOf(section)).map(([keyword, text]) => ({
        severity: 'alert' as const,
        position: positionOf(section, keyword),
        message: `acme '${section.name}' : ${text}`,
      })),
    );
}

function positionOf({ lines, position }: OtherSection, keyword: string): Diagnostic['position'] {
  return lines.findLast(([word]) => word?.text === keyword)?.[0]?.position ?? position;
}

/** With the keyword that each is about. */
function mistakesIn(value: Value): readonly (readonly [keyword: string, text: string])[] {
  const found: (readonly [string, string])[] = [];
  const directory = value('directory');
  if (directory === undefined)
    found.push(['', `no 'directory' : the URL of the authority's directory is needed.`]);
  else if (!isHttpUrl(directory))
    found.push(['directory', `'directory' expects a URL with http:// or https://, found '${directory}'.`]);
  const ready = value('challenge-ready');
  if (ready !== undefined && !READY_WORDS.test(ready))
    found.push([
      'challenge-ready',
      `'challenge-ready' expects 'none', or some of 'cli', 'delay', 'dns' with commas between them, found '${ready}'.`,
    ]);
  else if (ready !== undefined && (value('challenge') ?? 'http-01') === 'http-01')
    found.push(['challenge-ready', `'challenge-ready' needs the challenge 'dns-01' or 'dns-persist-01'.`]);
  const wish = wishOf(value);
  if ('error' in wish) found.push(['curves', wish.error]);
  const halves = ['eab-key-id', 'eab-mac-key'] as const;
  for (const [one, other] of [halves, halves.toReversed() as [string, string]])
    if (value(one) !== undefined && value(other) === undefined)
      found.push([one, `'${one}' needs '${other}'.`]);
  return found;
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
