/**
 * Commands about things this process never has: peers, certificates that are exchanged at run
 * time. They answer as HAProxy does where nothing of the kind is configured.
 */
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { Level } from '../level.ts';

function row(words: string, args: string, summary: string, level: Level, run: Command['run']): Command {
  return { words, summary, level, run, ...(args !== '' && { args }) };
}

/** A list without entries, or `wrong` when one of them is asked for. */
function emptyList(head: string, word: number, wrong: string): Command['run'] {
  return ({ args }) => (args.at(word) === '' ? dump([head]) : fail(wrong));
}

function refuse(text: string | ((call: Call) => string)): (call: Call) => Answer {
  return call => fail(typeof text === 'string' ? text : text(call));
}

const NO_TRANSACTION = 'No ongoing transaction!';

const TABLES: readonly Command[] = [
  row('show peers', '[dict|-] [section]', 'sessions with peers', 'user', emptyList('', 2, 'No such peers')),
];

function missingTransaction({ args }: Call): string {
  return `${NO_TRANSACTION} !\nCan't commit ${args.at(3)}!`;
}

function notReferenced(what: string): (call: Call) => string {
  return ({ args }) =>
    `Can't replace a ${what} which is not referenced by the configuration!\nCan't update ${args.at(3)}!`;
}

/** A staged update needs a name and a payload. */
function stage(command: string, what: string): (call: Call) => Answer {
  return call =>
    call.args.at(3) === '' || call.payload === undefined
      ? fail(`'${command} expects a filename and a ${what} as a payload`)
      : fail(notReferenced(what)(call));
}

const CERTIFICATES: readonly Command[] = [
  row(
    'show ssl cert',
    '[<certfile>]',
    'certificates',
    'operator',
    emptyList('# filename\n', 3, `Can't display the certificate: Not found or the certificate is a bundle!`),
  ),
  row(
    'set ssl cert',
    '<certfile> <payload>',
    'stages a certificate',
    'admin',
    stage('set ssl cert', 'certificate'),
  ),
  row(
    'commit ssl cert',
    '<certfile>',
    'puts a staged certificate into use',
    'admin',
    refuse(missingTransaction),
  ),
  row('abort ssl cert', '<certfile>', 'drops a staged certificate', 'admin', refuse(NO_TRANSACTION)),
  row(
    'new ssl cert',
    '<certfile>',
    'makes room for a certificate',
    'admin',
    refuse('Certificates cannot be changed at run time.'),
  ),
  row(
    'del ssl cert',
    '<certfile>',
    'removes a certificate',
    'admin',
    refuse(({ args }) => `Can't remove the certificate: certificate '${args.at(3)}' doesn't exist!`),
  ),
  row(
    'dump ssl cert',
    '<certfile>',
    'shows a certificate and its key',
    'admin',
    refuse(`Can't dump the certificate: Not found or the certificate is a bundle!`),
  ),
  row(
    'show ssl ca-file',
    '[<cafile>[:<index>]]',
    'files of authorities',
    'operator',
    emptyList('# filename\n', 3, `Can't display the CA file : Not found!`),
  ),
  row(
    'set ssl ca-file',
    '<cafile> <payload>',
    'stages a file of authorities',
    'admin',
    stage('set ssl ca-file', 'CAs'),
  ),
  row(
    'commit ssl ca-file',
    '<cafile>',
    'puts a staged file of authorities into use',
    'admin',
    refuse(missingTransaction),
  ),
  row('abort ssl ca-file', '<cafile>', 'drops a staged file of authorities', 'admin', refuse(NO_TRANSACTION)),
  row(
    'show ssl crl-file',
    '[<crlfile[:<index>]>]',
    'revocation lists',
    'operator',
    emptyList('# filename\n', 3, `Can't display the CRL file : Not found!`),
  ),
  row(
    'show ssl crt-list',
    '[-n] [<list>]',
    'crt-lists, or lines of one',
    'admin',
    emptyList('', 3, `Didn't find the specified filename`),
  ),
  row(
    'show ssl ocsp-response',
    '[[text|base64] id]',
    'OCSP responses',
    'admin',
    emptyList('# Certificate IDs\n', 3, 'Certificate ID not found.'),
  ),
  row('show ssl ocsp-updates', '', 'when OCSP responses are refreshed', 'admin', () =>
    dump([
      'OCSP Certid | Path | Next Update | Last Update | Successes | Failures | Last Update Status | Last Update Status (str)\n',
    ]),
  ),
  row(
    'set ssl ocsp-response',
    '<resp|payload>',
    'replaces an OCSP response',
    'admin',
    refuse(({ args, payload }) =>
      args.at(3) === '' && payload === undefined
        ? `'set ssl ocsp-response' expects response in base64 encoding.`
        : 'OCSP single response: Certificate ID does not match any certificate or issuer.',
    ),
  ),
  row(
    'set ssl tls-key',
    '[id|file] <key>',
    'changes a key of session tickets',
    'admin',
    refuse(({ args }) =>
      args.at(4) === ''
        ? `'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.`
        : `'set ssl tls-key' unable to locate referenced filename`,
    ),
  ),
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

/** Staging, adding and removing of what is not exchanged at run time either. */
const EXCHANGES: readonly Command[] = [
  ['new ssl ca-file', '<cafile>', 'makes room for a file of authorities'],
  ['add ssl ca-file', '<cafile> <payload>', 'adds authorities to a file'],
  ['del ssl ca-file', '<cafile>', 'removes a file of authorities'],
  ['new ssl crl-file', '<crlfile>', 'makes room for a revocation list'],
  ['set ssl crl-file', '<crlfile> <payload>', 'stages a revocation list'],
  ['del ssl crl-file', '<crlfile>', 'removes a revocation list'],
  ['add ssl crt-list', '<list> <cert> [opts]*', 'adds a line to a crt-list'],
  ['del ssl crt-list', '<list> <cert[:line]>', 'removes a line of a crt-list'],
  ['update ssl ocsp-response', '<certfile>', 'refreshes an OCSP response'],
].map(([words = '', args = '', summary = '']) =>
  row(words, args, summary, 'admin', refuse('Certificates cannot be changed at run time.')),
);

const REVOCATIONS: readonly Command[] = [
  row(
    'commit ssl crl-file',
    '<crlfile>',
    'puts a staged revocation list into use',
    'admin',
    refuse(missingTransaction),
  ),
  row('abort ssl crl-file', '<crlfile>', 'drops a staged revocation list', 'admin', refuse(NO_TRANSACTION)),
];

export const NOT_CONFIGURED_COMMANDS: readonly Command[] = [
  ...TABLES,
  ...CERTIFICATES,
  ...REVOCATIONS,
  ...EXCHANGES,
];
