/** Variables of the process (`proc.`). */
import { castSample } from '../../acl/cast.ts';
import { typeName } from '../../acl/plain-sample.ts';
import { fail, say, type Answer, type Call, type Command } from '../command.ts';

function getVariable({ args, runtime }: Call): Answer {
  const name = args.at(2);
  if (name === '') return fail('Missing process-wide variable identifier.');
  const value = name.startsWith('proc.') ? runtime.variables.get(name) : undefined;
  if (value === undefined) return fail('Variable not found.');
  const text = castSample(value, 'str');
  const shown = typeof text === 'string' ? `<${text.replace(/[^\x20-\x7e]/g, '.')}>` : '(undisplayable)';
  return say(`${name}: type=${typeName(value)} value=${shown}`);
}

/** `set var <name> [fmt|expr] {<fmt>|<expr>}` */
async function setVariable({ args, runtime }: Call): Promise<Answer> {
  const name = args.at(2);
  if (name === '') return fail('Missing process-wide variable identifier.');
  if (args.at(3) === '') return fail(`Missing either 'expr', 'fmt' or expression.`);
  const isLong = args.at(4) !== '';
  const kind = isLong ? args.at(3) : 'expr';
  if (kind !== 'fmt' && kind !== 'expr')
    return fail(`'set var': arg type must be either 'expr' or 'fmt' but got '${kind}'.`);
  if (!name.startsWith('proc.'))
    return fail(`'set var': cannot set variable '${name}', only scope 'proc' is permitted here.`);
  const evaluated = runtime.evaluate(name, isLong ? args.at(4) : args.at(3), kind === 'fmt');
  if (typeof evaluated === 'string') return fail(evaluated);
  if (evaluated !== undefined) await runtime.variables.set(name, evaluated.value);
  return undefined;
}

export const VARIABLE_COMMANDS: readonly Command[] = [
  {
    words: 'get var',
    args: '<name>',
    summary: 'a variable of the process',
    level: 'operator',
    run: getVariable,
  },
  {
    words: 'set var',
    args: '<name> [fmt|expr] {<fmt>|<expr>}',
    summary: 'sets a variable of the process',
    level: 'admin',
    mode: 'experimental',
    run: setVariable,
  },
];
