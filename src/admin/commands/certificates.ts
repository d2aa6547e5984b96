/**
 * Commands about certificates, authorities and revocation lists. This program exchanges none at run time and keeps none
 * for its listeners: lists are empty, what is asked for by name is not found, as HAProxy says it where nothing is loaded.
 */
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import { findFrontend } from '../find.ts';
import type { Level } from '../level.ts';
import { parseDelay } from '../units.ts';

function row(words: string, args: string, summary: string, level: Level, run: Command['run']): Command {
  return { words, summary, level, run, ...(args !== '' && { args }) };
}

/** A list without entries, or `wrong` when one of them is asked for. */
function emptyList(head: string, word: number, wrong: string): Command['run'] {
  return ({ args }) => (args.at(word) === '' ? dump([head]) : fail(wrong));
}

/** Needs a name; `wrong` says what is the matter with it. */
function named(missing: string, wrong: (name: string) => string): Command['run'] {
  return ({ args }) => fail(args.at(3) === '' ? missing : wrong(args.at(3)));
}

/** What is given a file's name, and what its content is called. */
interface Kind {
  readonly words: string;
  readonly placeholder: string;
  readonly what: string;
  readonly content: string;
  readonly one: string;
}

const CERTIFICATE: Kind = {
  words: 'cert',
  placeholder: '<certfile>',
  what: 'certificate',
  content: 'a certificate',
  one: 'certificate',
};
const AUTHORITIES: Kind = {
  words: 'ca-file',
  placeholder: '<cafile>',
  what: 'CA file',
  content: 'CAs',
  one: 'file of authorities',
};
const REVOCATIONS: Kind = {
  words: 'crl-file',
  placeholder: '<crlfile>',
  what: 'CRL file',
  content: 'CRLs',
  one: 'revocation list',
};

const NO_CHANGES = 'Certificates cannot be changed at run time.';
const NO_CERTIFICATE = `Can't display the certificate: Not found or the certificate is a bundle!`;

/** A staged update needs a name and a payload. */
function stage({ words, what, content }: Kind): Command['run'] {
  const usage = `'set ssl ${words}' expects a filename and ${content} as a payload`;
  return ({ args, payload }) =>
    args.at(3) === '' || payload === undefined
      ? fail(usage)
      : fail(
          `Can't replace a ${what} which is not referenced by the configuration!\nCan't update ${args.at(3)}!`,
        );
}

/** Updates in two steps, as all three kinds of files have them. */
function exchangesOf(kind: Kind): readonly Command[] {
  const { words, placeholder, what, one } = kind;
  const title = (command: string): string => `'${command} ssl ${words}' expects a`;
  const name = words === 'cert' ? 'certificate name' : `${what} name`;
  return [
    row(
      `new ssl ${words}`,
      placeholder,
      `makes room for a ${one}`,
      'admin',
      named(`${title('new')} filename`, () => NO_CHANGES),
    ),
    row(`set ssl ${words}`, `${placeholder} <payload>`, `stages a ${one}`, 'admin', stage(kind)),
    row(
      `commit ssl ${words}`,
      placeholder,
      `puts a staged ${one} into use`,
      'admin',
      named(`${title('commit')} filename`, file => `No ongoing transaction! !\nCan't commit ${file}!`),
    ),
    row(
      `abort ssl ${words}`,
      placeholder,
      `drops a staged ${one}`,
      'admin',
      named(`${title('abort')} filename`, () => 'No ongoing transaction!'),
    ),
    row(
      `del ssl ${words}`,
      placeholder,
      `removes a ${one}`,
      'admin',
      named(`${title('del')} ${name}`, file => `Can't remove the ${what}: ${what} '${file}' doesn't exist!`),
    ),
  ];
}

const LISTS: readonly Command[] = [
  row(
    'show ssl cert',
    '[<certfile>]',
    'certificates',
    'operator',
    emptyList('# filename\n', 3, NO_CERTIFICATE),
  ),
  row(
    'show ssl ca-file',
    '[<cafile>[:<index>]]',
    'files of authorities',
    'operator',
    emptyList('# filename\n', 3, `Can't display the CA file : Not found!`),
  ),
  row(
    'show ssl crl-file',
    '[<crlfile[:<index>]>]',
    'revocation lists',
    'operator',
    emptyList('# filename\n', 3, `Can't display the CRL file : Not found!`),
  ),
  row('show ssl crt-list', '[-n] [<list>]', 'crt-lists, or lines of one', 'admin', ({ args }) => {
    const numbered = args.at(3) === '-n';
    if (numbered && args.at(4) === '')
      return fail(`'show ssl crt-list -n' expects a filename or a directory`);
    return args.at(3) === '' ? dump([]) : fail(`didn't find the specified filename`);
  }),
  row(
    'show ssl jwt',
    '',
    'certificates that tokens are checked with',
    'operator',
    emptyList('# filename\n', Infinity, ''),
  ),
  row('show ssl sni', '[-f <frontend>] [-A] [-t <offset>]', 'names of certificates', 'user', showNames),
  row(
    'show tls-keys',
    '[id|*]',
    'keys of session tickets',
    'admin',
    emptyList('# id (file)\n', 2, `'show tls-keys' unable to locate referenced filename`),
  ),
  row('show ssl providers', '', 'providers of OpenSSL', 'user', () =>
    dump(['Loaded providers : \n\t- default\n']),
  ),
];

const MOST_SECONDS = 0x7fff_ffff;
const NAMES_HEAD = '# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\n';

/** Options are read as if there were something to choose from. */
function showNames({ args, runtime }: Call): Answer {
  for (let at = 3; args.at(at) !== ''; at++) {
    const option = args.at(at);
    if (option === '-A') continue;
    const wrong =
      option === '-f'
        ? wrongFrontend(args.at(++at), runtime)
        : option === '-t'
          ? wrongOffset(args.at(++at))
          : `Invalid parameters, 'show ssl sni' only supports '-f', '-A' or '-t' options!`;
    if (wrong !== undefined) return fail(wrong);
  }
  return dump([NAMES_HEAD]);
}

function wrongFrontend(name: string, runtime: Call['runtime']): string | undefined {
  if (name === '') return `'-f' requires a frontend name!`;
  return 'wrong' in findFrontend(runtime, name) ? `Couldn't find the specified frontend!` : undefined;
}

function wrongOffset(text: string): string | undefined {
  if (text === '') return `'-t' requires an offset argument!`;
  const ms = parseDelay(text, 's');
  if (ms === undefined) return `'-t ${text}' : unexpected character '${/[^0-9]/.exec(text)?.[0] ?? ''}'`;
  if (ms > MOST_SECONDS * 1000)
    return `offset overflow '${text}' (maximum value is ${MOST_SECONDS}s or ~24855 days)`;
  return ms === 0 ? `'-t' expects a positive value` : undefined;
}

const OTHERS: readonly Command[] = [
  row('dump ssl cert', '<certfile>', 'shows a certificate and its key', 'admin', () => fail(NO_CERTIFICATE)),
  row('add ssl ca-file', '<cafile> <payload>', 'adds authorities to a file', 'admin', stage(AUTHORITIES)),
  row(
    'add ssl jwt',
    '<certfile>',
    'tokens are checked with it from now on',
    'admin',
    named(`'add ssl cert' expects a filename`, () => NO_CERTIFICATE),
  ),
  row(
    'del ssl jwt',
    '<certfile>',
    'tokens are not checked with it any more',
    'admin',
    named(`'del ssl cert' expects a filename`, () => NO_CERTIFICATE),
  ),
  row(
    'add ssl crt-list',
    '<list> <cert> [opts]*',
    'adds a line to a crt-list',
    'admin',
    ({ args, payload }) =>
      fail(
        args.at(3) === '' || (args.at(4) === '' && payload === undefined)
          ? `'add ssl crtlist' expects a filename and a certificate name`
          : `Can't edit the crt-list: crt-list '${args.at(3)}' does not exist!`,
      ),
  ),
  row('del ssl crt-list', '<list> <cert[:line]>', 'removes a line of a crt-list', 'admin', ({ args }) =>
    fail(
      args.at(3) === '' || args.at(4) === ''
        ? `'del ssl crtlist' expects a filename and a certificate name`
        : `Can't delete the entry: crt-list '${args.at(3)}' does not exist!`,
    ),
  ),
  row('set ssl tls-key', '[id|file] <key>', 'changes a key of session tickets', 'admin', ({ args }) =>
    fail(
      args.at(4) === ''
        ? `'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.`
        : `'set ssl tls-key' unable to locate referenced filename`,
    ),
  ),
];

const OCSP: readonly Command[] = [
  row('show ssl ocsp-response', '[[text|base64] id]', 'OCSP responses', 'admin', ({ args }) => {
    if (args.at(3) === '') return dump(['# Certificate IDs\n']);
    const hasFormat = args.at(3) === 'text' || args.at(3) === 'base64';
    const id = args.at(hasFormat ? 4 : 3);
    if (id === '') return fail(`'show ssl ocsp-response [text|base64]' expects a valid certid.`);
    return fail(
      /^(?:[0-9a-f]{2})+$/i.test(id)
        ? 'Certificate ID or path does not match any certificate.'
        : `'show ssl ocsp-response' expects a valid certid or certificate path.`,
    );
  }),
  row('show ssl ocsp-updates', '', 'when OCSP responses are refreshed', 'admin', () =>
    dump([
      'OCSP Certid | Path | Next Update | Last Update | Successes | Failures | Last Update Status | Last Update Status (str)\n',
    ]),
  ),
  row('set ssl ocsp-response', '<resp|payload>', 'replaces an OCSP response', 'admin', ({ args, payload }) =>
    fail(
      args.at(3) === '' && payload === undefined
        ? `'set ssl ocsp-response' expects response in base64 encoding.`
        : 'OCSP single response: Certificate ID does not match any certificate or issuer.',
    ),
  ),
  row(
    'update ssl ocsp-response',
    '<certfile>',
    'refreshes an OCSP response',
    'admin',
    named(
      `'update ssl ocsp-response' expects a filename`,
      file =>
        `Unknown certificate! 'update ssl ocsp-response' expects an already known certificate file name.\nCan't send ocsp request for ${file}!`,
    ),
  ),
];

export const CERTIFICATE_COMMANDS: readonly Command[] = [
  ...LISTS,
  ...[CERTIFICATE, AUTHORITIES, REVOCATIONS].flatMap(exchangesOf),
  ...OTHERS,
  ...OCSP,
];
