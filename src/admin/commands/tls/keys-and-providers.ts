/** Keys of session tickets (`tls-ticket-keys`) and providers of OpenSSL. */
import type { TicketKeyFile } from '../../../certificates/ticket-key-files.ts';
import { loadedProviders } from '../../../net/tls/providers.ts';
import { dump, fail, type Command } from '../../command.ts';
import { carryOut, row } from './row.ts';

export const KEY_COMMANDS: readonly Command[] = [
  row('show tls-keys', '[id|*]', 'keys of session tickets', 'admin', ({ args, runtime }) => {
    const { ticketKeys } = runtime.tls;
    const asked = args.at(2);
    if (asked === '') return dump(['# id (file)\n', ...ticketKeys.list().map(titleOf)]);
    if (asked === '*') return dump(['# id secret\n', ...ticketKeys.list().flatMap(secretsOf)]);
    const file = ticketKeys.find(asked);
    if (file === undefined) return fail(`'show tls-keys' unable to locate referenced filename`);
    return dump(['# id secret\n', ...secretsOf(file)]);
  }),
  row('set ssl tls-key', '[id|file] <key>', 'changes a key of session tickets', 'admin', call => {
    const [name, key] = [call.args.at(3), call.args.at(4)];
    if (key === '')
      return fail(`'set ssl tls-key' expects a filename and the new TLS key in base64 encoding.`);
    const { ticketKeys } = call.runtime.tls;
    const file = ticketKeys.find(name);
    if (file === undefined) return fail(`'set ssl tls-key' unable to locate referenced filename`);
    return carryOut(call, ticketKeys.add(file.name, key));
  }),
  row('show ssl providers', '', 'providers of OpenSSL', 'user', () => {
    const providers = loadedProviders();
    if (providers === undefined)
      return fail('This Node does not tell which providers its OpenSSL has loaded.');
    return dump(['Loaded providers : \n', ...providers.map(name => `\t- ${name}\n`)]);
  }),
];

const titleOf = ({ id, name }: TicketKeyFile): string => `${id} (${name})\n`;

function secretsOf(file: TicketKeyFile): readonly string[] {
  return [`# ${titleOf(file)}`, ...file.keys.map((key, index) => `${file.id}.${index} ${key}\n`)];
}
