/** crt-lists and folders of certificates: their lines, and changing them (management manual, `add ssl crt-list`). */
import type { CrtList, CrtListEntry, StoredCertificate } from '../../../certificates/certificate-store.ts';
import type { TlsLineOptions } from '../../../model/bind.ts';
import { dump, fail, type Command } from '../../command.ts';
import { carryOut, inOrder, row } from './row.ts';

const show: Command['run'] = ({ args, runtime }) => {
  const isNumbered = args.at(3) === '-n';
  const word = args.at(isNumbered ? 4 : 3);
  if (isNumbered && word === '') return fail(`'show ssl crt-list -n' expects a filename or a directory`);
  const { crtLists, certificates } = runtime.tls.store;
  if (word === '') return dump(inOrder(crtLists.keys()).map(name => `${name}\n`));
  const list = crtLists.get(word.replace(/\/+$/, ''));
  if (list === undefined) return fail(`didn't find the specified filename`);
  return dump(lines(list, certificates, isNumbered));
};

function* lines(
  { name, entries }: CrtList,
  certificates: ReadonlyMap<string, StoredCertificate>,
  isNumbered: boolean,
): Generator<string> {
  yield `# ${name}\n`;
  for (const entry of entries) yield lineOf(entry, certificates.get(entry.certificate), isNumbered);
}

function lineOf(
  { certificate, line, options, filters }: CrtListEntry,
  stored: StoredCertificate | undefined,
  isNumbered: boolean,
): string {
  const words = optionWords(options);
  const update = stored?.load.ocspUpdate;
  if (update !== undefined && stored?.origin !== 'plain') words.push(`ocsp-update ${update}`);
  const shown = words.length === 0 ? '' : ` [${words.join(' ')}]`;
  return `${certificate}${isNumbered ? `:${line}` : ''}${shown}${filters.map(filter => ` ${filter}`).join('')}\n`;
}

/** In HAProxy's order. */
function optionWords(options: TlsLineOptions): string[] {
  const { alpn, npn, verify } = options;
  const words: (string | undefined)[] = [
    npn && `npn ${npn}`,
    alpn && (alpn.length === 0 ? 'no-alpn' : `alpn ${alpn.join(',')}`),
    verify && `verify ${verify}`,
    options.noCaNames === true ? 'no-ca-names' : undefined,
    options.earlyData === true ? 'allow-0rtt' : undefined,
    ...TEXTS.map(([name, word]) => options[name] && `${word} ${options[name]}`),
  ];
  return words.filter(word => word !== undefined);
}

const TEXTS = [
  ['caFile', 'ca-file'],
  ['caVerifyFile', 'ca-verify-file'],
  ['crlFile', 'crl-file'],
  ['ciphers', 'ciphers'],
  ['ciphersuites', 'ciphersuites'],
  ['curves', 'curves'],
  ['ecdhe', 'ecdhe'],
  ['clientSigalgs', 'client-sigalgs'],
  ['sigalgs', 'sigalgs'],
  ['minVersion', 'ssl-min-ver'],
  ['maxVersion', 'ssl-max-ver'],
] as const;

const add: Command['run'] = call => {
  const { args, payload, runtime } = call;
  if (args.at(3) === '' || (args.at(4) === '' && payload === undefined))
    return fail(`'add ssl crtlist' expects a filename and a certificate name`);
  return carryOut(call, runtime.tls.lists.add(args.at(3), payload ?? args.at(4)));
};

const remove: Command['run'] = call => {
  const { args, runtime } = call;
  if (args.at(3) === '' || args.at(4) === '')
    return fail(`'del ssl crtlist' expects a filename and a certificate name`);
  return carryOut(call, runtime.tls.lists.remove(args.at(3), args.at(4)));
};

export const CRT_LIST_COMMANDS: readonly Command[] = [
  row('show ssl crt-list', '[-n] [<list>]', 'crt-lists, or lines of one', 'admin', show),
  row('add ssl crt-list', '<list> <cert> [opts]*', 'adds a line to a crt-list', 'admin', add),
  row('del ssl crt-list', '<list> <cert[:line]>', 'removes a line of a crt-list', 'admin', remove),
];
