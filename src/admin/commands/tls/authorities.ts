/** Files of authorities and of revocation lists: what they hold, and exchanging them in two steps. */
import type { AuthorityExchange } from '../../../certificates/authority-exchange.ts';
import type { AuthorityFile } from '../../../model/tls-material.ts';
import { dump, fail, type Call, type Command } from '../../command.ts';
import { certificateDetail, revocationDetail } from './certificate-detail.ts';
import { asked, carryOut, inOrder, named, row } from './row.ts';

/** What differs between the two. */
interface Kind {
  readonly words: 'ca-file' | 'crl-file';
  readonly placeholder: string;
  readonly what: 'CA' | 'CRL';
  readonly content: string;
  readonly one: string;
  readonly exchange: (call: Call) => AuthorityExchange;
  /** A file, or a place in it, that holds nothing is shown as nothing. */
  readonly isNothingWhenEmpty: boolean;
  readonly size: (file: AuthorityFile | undefined) => string;
  /** One text for each thing it holds, in its order. */
  readonly details: (file: AuthorityFile) => readonly (() => string)[];
}

const AUTHORITIES: Kind = {
  words: 'ca-file',
  placeholder: '<cafile>',
  what: 'CA',
  content: 'CAs',
  one: 'file of authorities',
  exchange: ({ runtime }) => runtime.tls.authorities,
  isNothingWhenEmpty: true,
  size: file => ` - ${(file?.certificates.length ?? 0) + (file?.revocations.length ?? 0)} certificate(s)`,
  details: ({ certificates }) =>
    certificates.map((pem, index) => () => ` \nCertificate #${index + 1}:\n${certificateDetail(pem)}`),
};

const REVOCATIONS: Kind = {
  words: 'crl-file',
  placeholder: '<crlfile>',
  what: 'CRL',
  content: 'CRLs',
  one: 'revocation list',
  exchange: ({ runtime }) => runtime.tls.revocations,
  isNothingWhenEmpty: false,
  size: () => '',
  details: ({ certificates, revocations }) =>
    revocations.map(
      (pem, index) => () =>
        ` \nCertificate Revocation List #${certificates.length + index + 1}:\n${revocationDetail(pem)}`,
    ),
};

function show(kind: Kind): Command['run'] {
  return call => {
    const word = call.args.at(3);
    if (word === '') return dump(list(kind, call));
    const [file = '', index] = word.split(/:(.*)/s);
    if (index !== undefined && !(/^\d+$/.test(index) && Number(index) > 0))
      return fail(`wrong ${kind.what} index after colons in '${word}'!`);
    const { isPending, name } = asked(file);
    const { pending } = kind.exchange(call);
    const known = isPending ? pending : call.runtime.tls.store.authorities.get(name);
    const isKnown = isPending
      ? pending?.name === name
      : call.runtime.tls.store.authorities.get(name)?.kind === kind.exchange(call).kind;
    if (known === undefined || !isKnown) return fail(`Can't display the ${kind.what} file : Not found!`);
    return dump(detail(kind, call, { name, isPending, file: known.file }, index));
  };
}

function* list(kind: Kind, call: Call): Generator<string> {
  const { pending, kind: stored } = kind.exchange(call);
  if (pending !== undefined) yield `# transaction\n*${pending.name}${kind.size(pending.file)}\n`;
  yield '# filename\n';
  const { authorities } = call.runtime.tls.store;
  for (const name of inOrder(authorities.keys())) {
    const known = authorities.get(name);
    if (known?.kind === stored) yield `${name}${kind.size(known.file)}\n`;
  }
}

interface Shown {
  readonly name: string;
  readonly isPending: boolean;
  readonly file: AuthorityFile | undefined;
}

function* detail(
  kind: Kind,
  call: Call,
  { name, isPending, file }: Shown,
  index: string | undefined,
): Generator<string> {
  const details = file === undefined ? [] : kind.details(file);
  const wanted = index === undefined ? details : details.slice(Number(index) - 1, Number(index));
  if (kind.isNothingWhenEmpty && wanted.length === 0) return;
  const isUsed = kind.exchange(call).uses(name) > 0;
  const status = file === undefined ? 'Empty' : isPending ? 'Uncommitted' : isUsed ? 'Used' : 'Unused';
  yield `Filename: ${isPending ? '*' : ''}${name}\nStatus: ${status}\n`;
  for (const describe of wanted) yield describe();
}

function set(kind: Kind, adds: boolean): Command['run'] {
  return call => {
    const { args, payload } = call;
    if (args.at(3) === '' || payload === undefined)
      return fail(`'set ssl ${kind.words}' expects a filename and ${kind.content} as a payload`);
    return carryOut(call, kind.exchange(call).set(args.at(3), payload, adds));
  };
}

function commandsOf(kind: Kind): readonly Command[] {
  const { words, placeholder, what, one } = kind;
  const expects = (command: string): string => `'${command} ssl ${words}' expects a`;
  return [
    row(
      `show ssl ${words}`,
      `[${placeholder}[:<index>]]`,
      `each ${one}, or one in detail`,
      'operator',
      show(kind),
    ),
    row(
      `new ssl ${words}`,
      placeholder,
      `makes room for a ${one}`,
      'admin',
      named(`${expects('new')} filename`, (call, name) => kind.exchange(call).create(name)),
    ),
    row(`set ssl ${words}`, `${placeholder} <payload>`, `stages a ${one}`, 'admin', set(kind, false)),
    row(
      `commit ssl ${words}`,
      placeholder,
      `puts a staged ${one} into use`,
      'admin',
      named(`${expects('commit')} filename`, (call, name) => kind.exchange(call).commit(name)),
    ),
    row(
      `abort ssl ${words}`,
      placeholder,
      `drops a staged ${one}`,
      'admin',
      named(`${expects('abort')} filename`, (call, name) => kind.exchange(call).abort(name)),
    ),
    row(
      `del ssl ${words}`,
      placeholder,
      `removes a ${one}`,
      'admin',
      named(`${expects('del')} ${what} file name`, (call, name) => kind.exchange(call).remove(name)),
    ),
  ];
}

export const AUTHORITY_COMMANDS: readonly Command[] = [
  ...commandsOf(AUTHORITIES),
  row('add ssl ca-file', '<cafile> <payload>', 'adds authorities to a file', 'admin', set(AUTHORITIES, true)),
  ...commandsOf(REVOCATIONS),
];
