/** OCSP responses: shown, and replaced (management manual, `show ssl ocsp-response`, `set ssl ocsp-response`). */
import { dump, fail, type Call, type Command } from '../../command.ts';
import { idText, responseText } from './ocsp-text.ts';
import { carryOut, row } from './row.ts';

const show: Command['run'] = call => {
  const { args, runtime } = call;
  const word = args.at(3);
  if (word === '') return dump(list(call));
  const hasFormat = word === 'text' || word === 'base64';
  const id = args.at(hasFormat ? 4 : 3);
  if (id === '') return fail(`'show ssl ocsp-response [text|base64]' expects a valid certid.`);
  const entry = runtime.tls.ocsp.find(id);
  if (entry === 'malformed')
    return fail(`'show ssl ocsp-response' expects a valid certid or certificate path.`);
  if (entry === undefined) return fail('Certificate ID or path does not match any certificate.');
  const response = entry.certificate.ocsp;
  if (response === undefined || response.length === 0) return undefined;
  if (word === 'base64') return dump([`${Buffer.from(response).toString('base64')}\n`]);
  return dump([responseText(response)]);
};

function* list({ runtime }: Call): Generator<string> {
  yield '# Certificate IDs\n';
  for (const { key, id, certificate } of runtime.tls.ocsp.entries())
    yield `Certificate ID key : ${key}\nCertificate path : ${certificate.name}\n${idText(id, 1)}`;
}

const set: Command['run'] = call => {
  const text = call.payload ?? call.args.at(3);
  if (text === '') return fail(`'set ssl ocsp-response' expects response in base64 encoding.`);
  return carryOut(call, call.runtime.tls.ocsp.set(text, Date.now()));
};

const UPDATES_HEAD =
  'OCSP Certid | Path | Next Update | Last Update | Successes | Failures | Last Update Status | Last Update Status (str)\n';

export const OCSP_COMMANDS: readonly Command[] = [
  row('show ssl ocsp-updates', '', 'when OCSP responses are refreshed', 'admin', () => dump([UPDATES_HEAD])),
  row('update ssl ocsp-response', '<certfile>', 'refreshes an OCSP response', 'admin', ({ args }) =>
    fail(
      args.at(3) === ''
        ? `'update ssl ocsp-response' expects a filename`
        : `Unknown certificate! 'update ssl ocsp-response' expects an already known certificate file name.\nCan't send ocsp request for ${args.at(3)}!`,
    ),
  ),
  row('show ssl ocsp-response', '[[text|base64] id]', 'OCSP responses', 'admin', show),
  row('set ssl ocsp-response', '<resp|payload>', 'replaces an OCSP response', 'admin', set),
];
