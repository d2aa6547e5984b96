/** Diagnostics into the lines HAProxy prints, so that scripts that read those keep working. */
import type { Diagnostic, Severity } from '../model/diagnostic.ts';

interface RenderOptions {
  readonly pid: number;
  /** Printed once above everything, as soon as there is something to print. */
  readonly program?: { readonly version: string; readonly path: string };
  /** Show `diag` lines too (-dD). */
  readonly showDiag?: boolean;
}

const LABELS: Readonly<Record<Severity, string>> = {
  alert: '[ALERT]   ',
  warning: '[WARNING] ',
  notice: '[NOTICE]  ',
  diag: '[DIAG]    ',
};

/** A line about the process rather than its configuration. */
export function renderNotice(level: 'notice' | 'warning' | 'alert', text: string, pid: number): string {
  return `${LABELS[level]} (${pid}) : ${text}\n`;
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message.replace(/\.$/, '')}; ${hint}`;
}

/** Without the label: `parsing [file:line] : message`. */
export function renderMessage({ position, message, hint }: Diagnostic): string {
  const text = withHint(message, hint);
  return position.line > 0 ? `parsing [${position.file}:${position.line}] : ${text}` : text;
}

function renderDiagnostic(diagnostic: Diagnostic, pid: number): string {
  return `${LABELS[diagnostic.severity]} (${pid}) : config : ${renderMessage(diagnostic)}\n`;
}

/** All of them, ready for standard error. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  const shown = diagnostics.filter(({ severity }) => severity !== 'diag' || options.showDiag === true);
  if (shown.length === 0) return '';
  const { program, pid } = options;
  const head =
    program === undefined
      ? ''
      : `${LABELS.notice} (${pid}) : lb version is ${program.version}\n` +
        `${LABELS.notice} (${pid}) : path to executable is ${program.path}\n`;
  return head + shown.map(diagnostic => renderDiagnostic(diagnostic, pid)).join('');
}

/** True when the configuration must not be used. */
export function hasFatal(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity, harmless }) => severity === 'alert' && harmless !== true);
}
