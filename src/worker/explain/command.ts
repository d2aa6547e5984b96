/** `lb explain`: from its words to what it prints and the code it ends with. Called by main.ts. */
import { renderDiagnostics } from '../../config-parser/diagnostic.ts';
import { EXPLAIN_USAGE, parseExplainCommand } from '../../config-parser/explain-command.ts';
import { loadConfiguration } from '../start/load-configuration.ts';
import { explainRequest } from './explain.ts';
import { renderExplanation } from './render.ts';

interface CommandResult {
  readonly status: 0 | 1;
  readonly output: string;
  readonly errors: string;
}

export async function runExplain(argv: readonly string[], coloured: boolean): Promise<CommandResult> {
  if (argv[0] === '-h' || argv[0] === '--help') return { status: 0, output: EXPLAIN_USAGE, errors: '' };
  const command = parseExplainCommand(argv);
  if (command.error !== undefined) return failed(`lb explain: ${command.error}\n${EXPLAIN_USAGE}`);
  const options = command.value;
  const { config, diagnostics } = await loadConfiguration(options.files);
  const errors = renderDiagnostics(diagnostics, { pid: process.pid, showDiag: false });
  if (config === undefined) return failed(errors);
  const explanation = explainRequest(config, options);
  if (typeof explanation === 'string') return failed(`${errors}lb explain: ${explanation}\n`);
  const output = options.json
    ? `${JSON.stringify(explanation, undefined, 2)}\n`
    : renderExplanation(explanation, coloured);
  return { status: 0, output, errors };
}

function failed(errors: string): CommandResult {
  return { status: 1, output: '', errors };
}
