/**
 * What a configuration says is read by somebody: each field of the model outside the parser that fills it, and each word
 * that is kept by name. What nobody reads does nothing, and has to be told of (not-supported-yet.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { NO_EFFECT, NOT_SUPPORTED_YET } from '../src/config-parser/not-supported-yet.ts';
import { parseConfig } from '../src/config-parser/parse.ts';

/** Fields that the parser itself reads, or that are taken apart under other names. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'cookieLen', // the length of a captured cookie, when its section ends
  'harmless', // an alert after which the load goes on
  'unixBind', // settings of listeners on paths, when all sections were read
  'dynamicBackends',
  'dynamicServers',
  'sendNameHeader',
]);

function codeOf(file: string): string {
  const text = readFileSync(`src/${file}`, 'utf8');
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

const FILES = readdirSync('src', { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.ts') && !file.includes('generated/'));

const READERS = FILES.filter(file => !/^(config-parser|model)\//.test(file)).map(codeOf);

test('each field of the model is read outside the parser', () => {
  // but for the names of fields that are written or declared
  const words = new Set(READERS.flatMap(code => code.match(/\b[A-Za-z]\w*\b(?!\??:)/g) ?? []));
  const unread = FILES.filter(file => file.startsWith('model/') && !file.includes('event')).flatMap(file =>
    [...codeOf(file).matchAll(/readonly (\w+)\??:/g)]
      .map(([, name]) => name ?? '')
      .filter(name => !words.has(name) && !ELSEWHERE.has(name))
      .map(name => `${file}: ${name}`),
  );
  assert.deepEqual(unread, []);
});

/** Words that the parser itself reads when lines or sections end, and those that are so in any case. */
const READ_IN_PARSER =
  /^(ssl-default-(bind|server)-\w+(-\w+)?|ssl-server-verify|pp2-never-send-local|expose-deprecated-directives|redispatch|splice-\w+|shm-stats-file)$/;

/** Texts of code, and patterns of those with gaps: `tune.vars.${scope}-max-size`. */
const TEXTS = new Set(
  READERS.flatMap(code => [...code.matchAll(/'([^'\n]*)'/g)].map(([, text]) => text ?? '')),
);
const PATTERNS = READERS.flatMap(code => [...code.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)])
  .map(([, text]) => (text ?? '').split(/\$\{[^}]*\}/).map(part => part.replace(/[^\w]/g, String.raw`\$&`)))
  .filter(parts => parts.some(part => part.replace(/\W/g, '').length > 3))
  .map(parts => new RegExp(`^${parts.join('[\\w.-]+')}$`));

/** A word that is kept by name; the last parts of it are enough: `be.rxbuf`. */
function isRead(word: string): boolean {
  const parts = word.split('.');
  const ends = parts.map((_, index) => parts.slice(index).join('.'));
  return ends.some(end => TEXTS.has(end)) || PATTERNS.some(pattern => pattern.test(word));
}

/** Every keyword has a line in one of these files. */
function keptByName(): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const name of readdirSync('test/cases/config').filter(file => file.endsWith('.cfg'))) {
    const text = readFileSync(`test/cases/config/${name}`, 'latin1');
    const readFile = (): { readonly text: string } => ({ text: 'HTTP/1.0 503 Sorry\r\n\r\n' });
    const { config, faulty } = parseConfig([{ path: name, text }], { environment: {}, readFile });
    const understood = config ?? faulty;
    if (understood === undefined) continue;
    const { global, proxies } = understood;
    for (const [word] of global.otherLines) kept.add(word?.text ?? '');
    for (const map of [global.tune.other, global.ssl]) for (const word of map.keys()) kept.add(word);
    for (const word of global.flags) kept.add(word);
    for (const { options, binds, servers } of proxies) {
      for (const word of options.flags) kept.add(word);
      for (const { otherOptions } of [...binds, ...servers])
        for (const word of otherOptions.keys()) kept.add(word);
    }
  }
  return kept;
}

test('each word that is kept by name is read, or told of', () => {
  const told = new Set(
    [...NO_EFFECT, ...NOT_SUPPORTED_YET].map(name => name.replace(/^(option|bind|server) /, '')),
  );
  const kept = [...keptByName()];
  assert.ok(kept.length > 200, `${kept.length} words`);
  const unread = kept.filter(word => !told.has(word) && !isRead(word) && !READ_IN_PARSER.test(word));
  assert.deepEqual(unread, []);
});
