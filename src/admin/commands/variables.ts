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

export const VARIABLE_COMMANDS: readonly Command[] = [
  {
    words: 'get var',
    args: '<name>',
    summary: 'a variable of the process',
    level: 'operator',
    run: getVariable,
  },
];
