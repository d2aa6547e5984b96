/** Options of a program of the benchmark; `--help`, and what it does not know, are answered with its usage. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** Their values; ends the process, with code 0 for `--help` and 1 for a mistake, where there is nothing to run. */
export function commandLine<T extends Options>(usage: string, options: T): Values<T> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(1);
  }
}
