/**
 * Keys of session tickets and providers of OpenSSL. Tickets are sealed with keys that nobody gave (files of keys are not
 * read), so there is none to show or to change.
 */
import { dump, fail, type Command } from '../../command.ts';
import { row } from './row.ts';

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
  row('update ssl ocsp-response', '<certfile>', 'refreshes an OCSP response', 'admin', ({ args }) =>
    fail(
      args.at(3) === ''
        ? `'update ssl ocsp-response' expects a filename`
        : `Unknown certificate! 'update ssl ocsp-response' expects an already known certificate file name.\nCan't send ocsp request for ${args.at(3)}!`,
    ),
  ),
];

export const KEY_COMMANDS: readonly Command[] = [
  row('show tls-keys', '[id|*]', 'keys of session tickets', 'admin', ({ args }) =>
    args.at(2) === ''
      ? dump(['# id (file)\n'])
      : fail(`'show tls-keys' unable to locate referenced filename`),
  ),
  row('set ssl tls-key', '[id|file] <key>', 'changes a key of session tickets', 'admin', ({ args }) =>
    fail(
      args.at(4) === ''
        ? `'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.`
        : `'set ssl tls-key' unable to locate referenced filename`,
    ),
  ),
  row('show ssl providers', '', 'providers of OpenSSL', 'user', () =>
    dump(['Loaded providers : \n\t- default\n']),
  ),
  ...OCSP,
];
