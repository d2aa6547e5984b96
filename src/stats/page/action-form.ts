/**
 * What an administrator sends from the page: `s=<server>` once or more, `action=<word>`, `b=<backend>` or `b=#<id>`
 * (manual of management, section 9.1).
 */
export const SERVER_ACTIONS = [
  ['ready', 'Set state to READY'],
  ['drain', 'Set state to DRAIN'],
  ['maint', 'Set state to MAINT'],
  ['dhlth', 'Health: disable checks'],
  ['ehlth', 'Health: enable checks'],
  ['hrunn', 'Health: force UP'],
  ['hnolb', 'Health: force NOLB'],
  ['hdown', 'Health: force DOWN'],
  ['dagent', 'Agent: disable checks'],
  ['eagent', 'Agent: enable checks'],
  ['arunn', 'Agent: force UP'],
  ['adown', 'Agent: force DOWN'],
  ['shutdown', 'Kill Sessions'],
] as const;

/** Names of earlier versions. */
const OLD_ACTIONS = ['disable', 'enable', 'stop', 'start'] as const;

export type ServerAction = (typeof SERVER_ACTIONS)[number][0] | (typeof OLD_ACTIONS)[number];

const KNOWN: readonly string[] = [...SERVER_ACTIONS.map(([word]) => word), ...OLD_ACTIONS];

export interface ActionForm {
  readonly backend: string;
  readonly action: ServerAction;
  readonly servers: readonly string[];
}

/** `invalid`: an unknown action, or a name that cannot be decoded. Undefined: nothing is asked for. */
export function parseActionForm(body: string): ActionForm | 'invalid' | undefined {
  const fields = body.split('&').map(decodeField);
  if (fields.includes(undefined)) return 'invalid';
  const last = (name: string): string | undefined => fields.findLast(field => field?.[0] === name)?.[1];
  const action = last('action') ?? '';
  const backend = last('b') ?? '';
  const servers = fields.flatMap(field => (field?.[0] === 's' ? [field[1]] : []));
  if (action !== '' && !isKnown(action)) return 'invalid';
  if (action === '' || backend === '' || servers.length === 0) return undefined;
  return { backend, action, servers };
}

function isKnown(word: string): word is ServerAction {
  return KNOWN.includes(word);
}

function decodeField(text: string): readonly [name: string, value: string] | undefined {
  const equals = text.indexOf('=');
  const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  try {
    return [decode(name), decode(value)];
  } catch {
    return undefined;
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
