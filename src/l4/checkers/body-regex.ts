/** `regex` of HTTP_GET and SSL_GET: what is looked for in a body, read as PCRE reads it and bounded in time (acl/regex). */
import { compileRegex, isRegexMistake, limitWarning, type CompiledRegex } from '../../acl/regex/regex.ts';
import type { HttpUrl } from '../../model/virtual-server.ts';

/** Options as flags within the pattern; others are named at load. */
const FLAGS: Readonly<Record<string, string>> = {
  caseless: 'i',
  multiline: 'm',
  dotall: 's',
  extended: 'x',
  ungreedy: 'U',
  dupnames: 'J',
};

type Wanted = Pick<HttpUrl, 'regex' | 'regexOptions' | 'regexMinOffset' | 'regexMaxOffset'>;

const compiled = new WeakMap<Wanted, CompiledRegex | undefined>();

/** Whether the body has it between the offsets; a pattern that cannot be compiled is found nowhere. */
export function isFound(url: Wanted, body: Buffer): boolean {
  if (!compiled.has(url)) compiled.set(url, compile(url));
  const text = body.toString('latin1', url.regexMinOffset);
  const match = compiled.get(url)?.match(text, url.regexMinOffset > 0);
  return match !== undefined && match.start + url.regexMinOffset <= url.regexMaxOffset;
}

/** What there is to say of it at load, in words. */
export function troubleOf(url: Wanted): string[] {
  const unknown = url.regexOptions
    .filter(option => !Object.hasOwn(FLAGS, option))
    .map(option => `regex_options ${option} has no effect`);
  if (url.regex === undefined) return unknown;
  const regex = compileRegex(patternOf(url));
  if (isRegexMistake(regex)) return [...unknown, `${regex.error}: its check always fails`];
  const limit = limitWarning(regex);
  return limit === undefined ? unknown : [...unknown, limit];
}

function compile(url: Wanted): CompiledRegex | undefined {
  const regex = compileRegex(patternOf(url));
  return isRegexMistake(regex) ? undefined : regex;
}

/** Over bytes, as bodies are. */
function patternOf({ regex = '', regexOptions }: Wanted): string {
  const pattern = Buffer.from(regex).toString('latin1');
  const flags = [...new Set(regexOptions)].map(option => (Object.hasOwn(FLAGS, option) ? FLAGS[option] : ''));
  return flags.some(flag => flag !== '') ? `(?${flags.join('')})${pattern}` : pattern;
}
