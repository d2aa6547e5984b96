/** Certificates: what is there, and exchanging them in two steps (management manual, `set ssl cert`). */
import { NOT_FOUND } from '../../../certificates/certificate-exchange.ts';
import type { StoredCertificate } from '../../../certificates/certificate-store.ts';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { dump, fail, type Call, type Command } from '../../command.ts';
import { certificateDetail } from './certificate-detail.ts';
import { responseText } from './ocsp-text.ts';
import { asked, carryOut, inOrder, named, row } from './row.ts';

function find({ runtime }: Call, word: string): StoredCertificate | undefined {
  const { isPending, name } = asked(word);
  const { store, certificates } = runtime.tls;
  if (!isPending) return store.certificates.get(name);
  return certificates.pending?.name === name ? certificates.pending : undefined;
}

const show: Command['run'] = call => {
  const word = call.args.at(3);
  if (word === '') return dump(list(call));
  const isOcsp = word.endsWith('.ocsp');
  const found = find(call, isOcsp ? word.slice(0, -'.ocsp'.length) : word);
  if (found === undefined) return fail(NOT_FOUND);
  return dump([isOcsp ? ocspDetail(found) : detail(call, found)]);
};

function* list({ runtime }: Call): Generator<string> {
  const { store, certificates } = runtime.tls;
  if (certificates.pending !== undefined) yield `# transaction\n*${certificates.pending.name}\n`;
  yield '# filename\n';
  for (const name of inOrder(store.certificates.keys())) yield `${name}\n`;
}

function ocspDetail({ loaded }: StoredCertificate): string {
  const response = loaded?.ocsp;
  return response === undefined || response.length === 0 ? '' : responseText(response);
}

function detail({ runtime }: Call, certificate: StoredCertificate): string {
  const { certificates } = runtime.tls;
  const { name, loaded, load } = certificate;
  const isPending = certificate === certificates.pending;
  const head = [
    `Filename: ${isPending ? '*' : ''}${name}`,
    ...fileLines(certificate),
    `Option: ocsp-update ${load.ocspUpdate === 'on' ? 'on' : 'off'}`,
    `Option: jwt ${load.jwt === 'on' ? 'on' : 'off'}`,
    `Status: ${statusOf(certificate, isPending, certificates.isUsed(name))}`,
  ].join('\n');
  if (loaded === undefined) return `${head}\nOCSP Response Key: \n`;
  const issuers = runtime.tls.store.chains.chainOf(new X509Certificate(loaded.certPem));
  const from = issuers?.pem === loaded.chainPem ? issuers : undefined;
  const entry = isPending ? undefined : runtime.tls.ocsp.entryOf(certificate);
  const shown = certificateDetail(loaded.certPem, { pem: loaded.chainPem, from });
  return `${head}\n${shown}OCSP Response Key: ${entry?.key ?? ''}\n`;
}

function fileLines({ files }: StoredCertificate): readonly string[] {
  const titles = {
    crt: 'Crt filename',
    key: 'Key filename',
    ocsp: 'OCSP filename',
    issuer: 'OCSP Issuer filename',
    sctl: 'SCTL filename',
  };
  return (['crt', 'key', 'ocsp', 'issuer', 'sctl'] as const).flatMap(name =>
    files[name] === undefined ? [] : [`${titles[name]}: ${files[name]}`],
  );
}

function statusOf({ loaded, load }: StoredCertificate, isPending: boolean, isUsed: boolean): string {
  if (loaded === undefined) return 'Empty';
  if (isPending) return 'Uncommitted';
  if (load.jwt === 'on') return 'Used for JWT verification';
  return isUsed ? 'Used' : 'Unused';
}

/** With its key: who may do this may do everything. */
const dumpPem: Command['run'] = call => {
  const found = call.args.at(3) === '' ? undefined : find(call, call.args.at(3));
  if (found?.loaded === undefined) return fail(NOT_FOUND);
  const { certPem, keyPem, chainPem } = found.loaded;
  const key = keyPem === '' ? '' : createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'pem' });
  return dump([String(key), certPem, chainPem]);
};

const set: Command['run'] = call => {
  const { args, payload, runtime } = call;
  if (args.at(3) === '' || payload === undefined)
    return fail(`'set ssl cert' expects a filename and a certificate as a payload`);
  return carryOut(call, runtime.tls.certificates.set(args.at(3), payload));
};

const expects = (command: string, what = 'filename'): string => `'${command} ssl cert' expects a ${what}`;

function forTokens(command: 'add' | 'del'): Command['run'] {
  return named(expects(command), ({ runtime }, name) =>
    runtime.tls.certificates.useForTokens(name, command === 'add'),
  );
}

export const CERTIFICATE_COMMANDS: readonly Command[] = [
  row('show ssl cert', '[<certfile>]', 'certificates, or one in detail', 'operator', show),
  row('dump ssl cert', '<certfile>', 'shows a certificate and its key', 'admin', dumpPem),
  row(
    'new ssl cert',
    '<certfile>',
    'makes room for a certificate',
    'admin',
    named(expects('new'), ({ runtime }, name) => runtime.tls.certificates.create(name)),
  ),
  row('set ssl cert', '<certfile> <payload>', 'stages a certificate', 'admin', set),
  row(
    'commit ssl cert',
    '<certfile>',
    'puts a staged certificate into use',
    'admin',
    named(expects('commit'), ({ runtime }, name) => runtime.tls.certificates.commit(name)),
  ),
  row(
    'abort ssl cert',
    '<certfile>',
    'drops a staged certificate',
    'admin',
    named(expects('abort'), ({ runtime }, name) => runtime.tls.certificates.abort(name)),
  ),
  row(
    'del ssl cert',
    '<certfile>',
    'removes a certificate',
    'admin',
    named(expects('del', 'certificate name'), ({ runtime }, name) => runtime.tls.certificates.remove(name)),
  ),
  row('show ssl jwt', '', 'certificates that tokens are checked with', 'operator', ({ runtime }) => {
    const names = inOrder(runtime.tls.store.forTokens());
    return dump(['# filename\n', ...names.map(name => `${name}\n`)]);
  }),
  row('add ssl jwt', '<certfile>', 'tokens are checked with it from now on', 'admin', forTokens('add')),
  row('del ssl jwt', '<certfile>', 'tokens are not checked with it any more', 'admin', forTokens('del')),
];
