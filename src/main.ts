/** The command line: decides between checking and serving. The only place that ends the process. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { hasFatal, renderDiagnostics } from './config-parser/diagnostic.ts';
import { parseConfig } from './config-parser/parse.ts';
import { Control } from './worker/control.ts';

const args = process.argv.slice(2);
const file = args[args.indexOf('-f') + 1] as string;

function readText(path: string): { text: string } | { error: string } {
  try {
    return { text: readFileSync(path, 'latin1') };
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).message };
  }
}

const result = parseConfig([{ path: file, text: readFileSync(file, 'latin1') }], {
  environment: process.env,
  readFile: readText,
});
process.stderr.write(renderDiagnostics(result.diagnostics, { pid: process.pid }));
if (result.config === undefined || hasFatal(result.diagnostics)) process.exit(1);
if (args.includes('-c')) {
  process.stdout.write('Configuration file is valid\n');
  process.exit(0);
}
const control = Control.start({
  config: result.config,
  nbthread: result.config.global.nbthread ?? availableParallelism(),
  notice: (level, text) => process.stderr.write(`[${level.toUpperCase()}] (${process.pid}) : ${text}\n`),
  onStopped: () => process.exit(0),
});
if (control === undefined) process.exit(1);
process.on('SIGTERM', () => control.stop());
process.on('SIGINT', () => control.stop());
process.on('SIGUSR1', () => control.softStop());
