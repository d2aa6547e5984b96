/**
 * Keys of session tickets and providers of OpenSSL. Tickets are sealed with keys that nobody gave (files of keys are not
 * read), so there is none to show or to change.
 */
import { dump, fail, type Command } from '../../command.ts';
import { row } from './row.ts';

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
];
