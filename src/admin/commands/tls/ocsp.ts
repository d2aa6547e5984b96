/** OCSP responses: shown, replaced and fetched (management manual, `show ssl ocsp-response` and those around it). */
import { UPDATE_STATUS } from '../../../certificates/ask-responder.ts';
import { statusText, updateDate } from '../../../certificates/ocsp-log.ts';
import { dump, fail, type Answer, type Call, type Command } from '../../command.ts';
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

function* updates({ runtime }: Call): Generator<string> {
  yield UPDATES_HEAD;
  const dateOf = (ms: number | undefined): string => (ms === undefined ? '-' : updateDate(ms));
  for (const record of runtime.tls.updates.scheduled) {
    const { key, name, nextMs, lastMs, successes, failures, status, reason } = record;
    const columns = [key, name, dateOf(nextMs), dateOf(lastMs), successes, failures, status];
    yield `${columns.join(' | ')} | ${statusText(status, reason)}\n`;
  }
}

/** Answers when the responder has. */
const update: Command['run'] = async ({ args, runtime }) => {
  const name = args.at(3);
  if (name === '') return fail(`'update ssl ocsp-response' expects a filename`);
  const cannot = (why: string): Answer => fail(`${why}\nCan't send ocsp request for ${name}!`);
  const { store, ocsp, updates: updater } = runtime.tls;
  const stored = store.certificates.get(name);
  if (stored === undefined)
    return cannot(
      `Unknown certificate! 'update ssl ocsp-response' expects an already known certificate file name.`,
    );
  const why = updater.refusalOf(stored);
  const entry = ocsp.entryOf(stored);
  if (why !== undefined || entry === undefined) return cannot(why ?? 'Its issuer is not known.');
  const { status, reason, response } = await updater.fetch(entry);
  if (status === UPDATE_STATUS.SUCCESSFUL && response !== undefined) return dump([responseText(response)]);
  const text = statusText(status, reason);
  return fail(`OCSP update failed: ${text}${status === UPDATE_STATUS.HTTP_ERROR ? ` (${reason})` : ''}`);
};

export const OCSP_COMMANDS: readonly Command[] = [
  row('show ssl ocsp-updates', '', 'when OCSP responses are refreshed', 'admin', call => dump(updates(call))),
  row('update ssl ocsp-response', '<certfile>', 'refreshes an OCSP response', 'admin', update),
  row('show ssl ocsp-response', '[[text|base64] id]', 'OCSP responses', 'admin', show),
  row('set ssl ocsp-response', '<resp|payload>', 'replaces an OCSP response', 'admin', set),
];
